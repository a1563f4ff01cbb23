/** What Python's parsers make of a text, because they are nobody's here: `plistlib` and `xml.etree`. */

const program = ["/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Whether there is a Python to parse with. */
export const hasPython: boolean = program !== undefined;

/** An element of XML. */
export interface Element {
  readonly name: string;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
}

async function python(script: string, text: string): Promise<unknown> {
  const child = new Deno.Command(program!, {
    args: ["-c", script],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Reads a property list. @throws {Error} With the parser's words where it is none. */
export async function parsePlist(text: string): Promise<Record<string, unknown>> {
  const script = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
  return await python(script, text) as Record<string, unknown>;
}

/** Reads XML. @throws {Error} With the parser's words where it is none. */
export async function parseXml(text: string): Promise<Element> {
  const script = `
import json, sys, xml.etree.ElementTree as e
def read(x): return {"name": x.tag, "text": (x.text or "").strip(), "attributes": x.attrib, "children": [read(y) for y in x]}
print(json.dumps(read(e.fromstring(sys.stdin.buffer.read()))))`;
  return await python(script, text) as Element;
}
