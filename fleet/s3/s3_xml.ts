const signs: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return signs[name.toLowerCase()] ?? whole;
    const point = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

/** What stands within each element of that name, as it is written; elements of one name do not lie in each other. */
export function elements(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, inner]) => inner!);
}

/** The text of the first element of that name; undefined where there is none. */
export function textOf(text: string, name: string): string | undefined {
  const [inner] = elements(text, name);
  return inner === undefined ? undefined : decoded(inner);
}

/** Text for an element. */
export function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;" })[sign] ?? "&gt;");
}
