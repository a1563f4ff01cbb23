import type { WrittenReference } from "../../hub/run/mod.ts";
import { wrapDiskError } from "../../transport/internal.ts";
import { DiskError, InputError } from "../../transport/mod.ts";
import type { Io } from "../terminal/io.ts";
import { printable } from "../terminal/text.ts";

/** Byte order marks, and what they tell. */
const marks = [
  { mark: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { mark: [0xff, 0xfe], encoding: "utf-16le" },
  { mark: [0xfe, 0xff], encoding: "utf-16be" },
] as const;

/** What a text that is no UTF-8 may be, by the zeros of its plain letters. */
function guess(bytes: Uint8Array): string {
  let even = 0;
  let odd = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0) continue;
    if (at % 2 === 0) even++;
    else odd++;
  }
  const isWide = even + odd >= bytes.length / 4;
  return isWide ? `UTF-16${odd > even ? "LE" : "BE"} without a byte order mark` : "not UTF-8";
}

/**
 * The text of a list: UTF-8, or what its byte order mark says, which is UTF-16 where PowerShell 5 has written it.
 *
 * @throws {InputError} `invalid_file`, naming the encoding, when it is something else.
 */
function decode(bytes: Uint8Array, name: string): string {
  const found = marks.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte));
  const bad = (state: string, cause?: unknown) =>
    new InputError(`reading the list ${JSON.stringify(name)}: ${state}; save it as UTF-8`, {
      code: "invalid_file",
      input: name,
      cause,
    });
  if (found === undefined && bytes.includes(0)) throw bad(guess(bytes));
  try {
    return new TextDecoder(found?.encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw bad(
      found === undefined ? guess(bytes) : `its byte order mark says ${found.encoding}, its bytes do not`,
      cause,
    );
  }
}

/**
 * The references in a list: one a line, blank lines and lines that start with `#` left out.
 *
 * @param name The file, or `-`.
 * @throws {InputError} `invalid_file` when it is no text, with its encoding.
 */
export function listedReferences(bytes: Uint8Array, name: string): WrittenReference[] {
  return decode(bytes, name).split(/\r\n?|\n/).map((line, index) => ({
    text: line.trim(),
    place: `${printable(name)}, line ${index + 1}`,
  })).filter(({ text }) => text !== "" && !text.startsWith("#"));
}

/**
 * What was asked for: operands, and the lists behind `-` (the standard input) and `from` (a file).
 *
 * @throws {InputError} `invalid_file`, or `list_empty` when there is nothing at all.
 * @throws {DiskError} When the file cannot be read.
 */
export async function collectReferences(
  operands: readonly string[],
  from: string | undefined,
  io: Pick<Io, "stdin">,
): Promise<WrittenReference[]> {
  const sources = [...operands, ...(from === undefined || from === "-" ? [] : [{ path: from }])];
  if (from === "-") sources.push("-");
  const lists = sources.map(async (source) => {
    if (source === "-") return listedReferences(await io.stdin(), "-");
    if (typeof source === "string") return [{ text: source }];
    const bytes = await Deno.readFile(source.path).catch((error) => {
      const wrapped = wrapDiskError(error, source.path, "reading the list");
      if (wrapped.reason !== "file_missing") throw wrapped;
      const { code, message } = wrapped;
      throw new DiskError(message, { code, reason: "list_missing", path: source.path, cause: error });
    });
    return listedReferences(bytes, source.path);
  });
  const all = (await Promise.all(lists)).flat();
  if (all.length > 0) return all;
  throw new InputError("reading references: the list is empty", {
    code: "invalid_argument",
    reason: "list_empty",
    input: from ?? "-",
  });
}
