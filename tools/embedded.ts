/** What `deno compile` put behind the runtime of a program. */
export interface Embedded {
  /** The module that starts it. */
  readonly entry: string;
  /** Rights by their name in the runtime's words: an empty list is all of it, null none. */
  readonly permissions: Readonly<Record<string, unknown>>;
  /** What V8 is told at the start. */
  readonly v8Flags: readonly string[];
  /** Files by path, as the program sees them below its own folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

interface Folder {
  readonly n: string;
  readonly e: readonly Entry[];
}

type Entry = { readonly Dir: Folder } | {
  readonly File: { readonly n: string; readonly o: readonly [number, number] };
};

const magic = new TextEncoder().encode("d3n0l4nd");
const treeStart = new TextEncoder().encode('[{"');

/** Where `part` begins in `bytes`, looked for from `from` on; -1 where it does not. */
function indexOf(bytes: Uint8Array, part: Uint8Array, from = 0): number {
  for (let at = bytes.indexOf(part[0]!, from); at >= 0; at = bytes.indexOf(part[0]!, at + 1)) {
    if (part.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/**
 * Reads a program that `deno compile` made, of any system: the runtime's own first bytes do not matter.
 *
 * @throws {Error} When the file holds nothing that was compiled, or is laid out in another way than Deno 2.9 does.
 * @see https://github.com/denoland/deno/blob/main/cli/standalone/binary.rs
 */
export function readEmbedded(bytes: Uint8Array): Embedded {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = (at: number) => Number(view.getBigUint64(at, true));
  const json = (at: number) => JSON.parse(new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + length(at))));
  // the same word names the part of the file on some systems, and ends it
  let start = indexOf(bytes, magic);
  while (start >= 0 && bytes[start + magic.length + 8] !== 0x7b) start = indexOf(bytes, magic, start + 1);
  if (start < 0) throw new Error("reading a compiled program: nothing is embedded");
  const aboutAt = start + magic.length;
  const about = json(aboutAt) as {
    entrypoint_key: string;
    permissions: Record<string, unknown>;
    v8_flags: string[];
  };
  const treeAt = indexOf(bytes, treeStart, aboutAt + 8 + length(aboutAt)) - 8;
  if (treeAt < 0) throw new Error("reading a compiled program: it holds no files");
  const tree = json(treeAt) as readonly Entry[];
  const dataAt = treeAt + 8 + length(treeAt) + 8;
  const files = new Map<string, Uint8Array>();
  const walk = (entries: readonly Entry[], below: string): void => {
    for (const entry of entries) {
      if ("Dir" in entry) walk(entry.Dir.e, `${below}${entry.Dir.n}/`);
      else if ("File" in entry) {
        const [offset, size] = entry.File.o;
        files.set(below + entry.File.n, bytes.subarray(dataAt + offset, dataAt + offset + size));
      }
    }
  };
  walk(tree, "");
  return { entry: about.entrypoint_key, permissions: about.permissions, v8Flags: about.v8_flags, files };
}
