/** XML as S3 writes it: an element for each entry, lists as repeated elements. */
export interface Elements {
  readonly [name: string]: string | number | undefined | Elements | readonly Elements[];
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => entities[sign]!);

function inner(elements: Elements): string {
  return Object.entries(elements).map(([name, value]) => {
    if (value === undefined) return "";
    const list = Array.isArray(value) ? value : [value];
    return list.map((one) => `<${name}>${typeof one === "object" ? inner(one) : escaped(String(one))}</${name}>`).join(
      "",
    );
  }).join("");
}

/** A document with `root` as its only element at the top. */
export function xml(root: string, elements: Elements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${inner(elements)}</${root}>`;
}
