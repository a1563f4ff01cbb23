import type { OwnOptions, WrittenReference } from "../../hub/run/mod.ts";
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

/** What a line that is indented says of the reference above it, in the manner of aria2. */
const ownLine = /^[ \t]+([a-z][a-z0-9-]*)=(.*)$/;

/** The same, where somebody wrote it beside the reference: no reference has a space in it. */
const besideReference = /^\S+[ \t]+(out|dir|sha256|checksum)=/;

function readOwn(key: string, text: string, at: string): OwnOptions {
  const bad = (state: string) =>
    new InputError(`reading the list ${at}: ${key}=${JSON.stringify(text)}: ${state}`, {
      code: "invalid_argument",
      input: text,
    });
  const value = text.trim();
  if (value === "") throw bad("a value is due");
  if (key === "out") return { output: value };
  if (key === "dir") return { dir: value };
  const digest = key === "checksum" ? /^sha-256=(.*)$/i.exec(value)?.[1] ?? "" : value;
  if (key !== "sha256" && key !== "checksum") throw bad("unknown; one of out, dir, sha256, checksum is due");
  if (/^[0-9a-f]{64}$/i.test(digest)) return { hashes: { SHA256: digest.toUpperCase() } };
  throw bad("not a SHA-256 of 64 hexadecimal digits");
}

/**
 * The references in a list: one a line, blank lines and lines that start with `#` left out. Indented lines below a
 * reference say what holds for it alone: `out=NAME`, `dir=FOLDER`, `sha256=HEX` (or `checksum=sha-256=HEX`).
 *
 * @param name The file, or `-`.
 * @throws {InputError} `invalid_file` when it is no text, with its encoding; `invalid_argument` for such a line that
 * cannot be meant, with its number.
 */
export function listedReferences(bytes: Uint8Array, name: string): WrittenReference[] {
  const found: WrittenReference[] = [];
  for (const [index, line] of decode(bytes, name).split(/\r\n?|\n/).entries()) {
    const text = line.trim();
    const place = `${printable(name)}, line ${index + 1}`;
    const [, key, value = ""] = ownLine.exec(line) ?? [];
    if (text === "" || text.startsWith("#")) continue;
    if (key === undefined) {
      const [, beside] = besideReference.exec(text) ?? [];
      if (beside !== undefined) {
        throw new InputError(`reading the list ${place}: ${beside}= stands in a line of its own below, indented`, {
          code: "invalid_argument",
          input: text,
        });
      }
      found.push({ text, place });
      continue;
    }
    const last = found.pop();
    if (last === undefined) {
      throw new InputError(`reading the list ${place}: ${key}= stands below no reference`, {
        code: "invalid_argument",
        input: text,
      });
    }
    found.push({ ...last, own: { ...last.own, ...readOwn(key, value, place) } });
  }
  return found;
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
