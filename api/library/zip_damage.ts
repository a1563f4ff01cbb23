import type { ByteReader } from "./byte_reader.ts";

const fileMark = 0x04034b50;
const endMark = 0x06054b50;
const end64Mark = 0x06064b50;
const locatorMark = 0x07064b50;
const entryMark = 0x02014b50;
const endBytes = 22;
const locatorBytes = 20;
const mostCommentBytes = 65_535;

/** Where the record stands that ends an archive; undefined when there is none. */
function findEnd(reader: ByteReader): number | undefined {
  const from = Math.max(0, reader.size - endBytes - mostCommentBytes);
  reader.at = from;
  const tail = reader.take(reader.size - from);
  for (let at = tail.byteLength - endBytes; at >= 0; at--) {
    if (tail.getUint32(at, true) === endMark) return from + at;
  }
  return undefined;
}

/**
 * What is wrong with a zip archive (as PyTorch writes), by the list of contents at its end; undefined when nothing is, or
 * when it is no such archive.
 *
 * @throws {Damaged} When it ends too early.
 */
export function zipDamage(reader: ByteReader): string | undefined {
  if (reader.size < 4 || reader.u32() !== fileMark) return undefined;
  const missing = "cut off: the list of contents at its end is missing";
  const end = reader.size < endBytes ? undefined : findEnd(reader);
  if (end === undefined) return missing;
  reader.at = end + 10;
  let count = reader.take(2).getUint16(0, true);
  let length = reader.u32();
  let start = reader.u32();
  let limit = end;
  if (end >= locatorBytes) {
    reader.at = end - locatorBytes;
    if (reader.u32() === locatorMark) {
      reader.skip(4);
      limit = reader.u64();
      if (!(limit + 56 <= end)) return missing;
      reader.at = limit;
      if (reader.u32() !== end64Mark) return missing;
      reader.skip(28);
      [count, length, start] = [reader.u64(), reader.u64(), reader.u64()];
    }
  }
  if (start + length > limit) return `cut off: ${start + length - limit} bytes are missing before its list of contents`;
  if (count === 0) return undefined;
  reader.at = start;
  return reader.u32() === entryMark ? undefined : "bytes are missing or too many before its list of contents";
}
