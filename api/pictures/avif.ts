import { byteText } from "./byte_text.ts";

/** Boxes, items and pieces of items that are looked at; pictures have a dozen. */
const mostLooks = 4096;

interface Box {
  readonly kind: string;
  readonly body: Uint8Array;
}

/** The boxes that lie in `bytes` one after another (ISO/IEC 14496-12, section 4.2). */
function* boxes(bytes: Uint8Array): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let looks = 0; at + 8 <= bytes.length && looks < mostLooks; looks++) {
    const short = view.getUint32(at);
    const kind = byteText(bytes.subarray(at + 4, at + 8));
    const head = short === 1 ? 16 : 8;
    if (at + head > bytes.length) return;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? bytes.length - at : short;
    if (size < head) return;
    yield { kind, body: bytes.subarray(at + head, at + size) };
    at += size;
  }
}

/** Reads numbers of 0 to 8 bytes in a row; what lies behind the end is 0. */
function reader(bytes: Uint8Array) {
  let at = 0;
  return function take(size: number): number {
    let value = 0;
    for (let left = size; left > 0; left--) value = value * 256 + (bytes[at++] ?? 0);
    return value;
  };
}

/** The ids of the items that hold EXIF (section 8.11.6). */
function exifItems(iinf: Uint8Array): Set<number> {
  const ids = new Set<number>();
  for (const { kind, body } of boxes(iinf.subarray(iinf[0] === 0 ? 6 : 8))) {
    const wide = body[0] === 3 ? 4 : 2;
    if (kind !== "infe" || body.length < 10 + wide || (body[0] !== 2 && body[0] !== 3)) continue;
    const take = reader(body.subarray(4));
    const id = take(wide);
    if (byteText(body.subarray(4 + wide + 2, 4 + wide + 6)) === "Exif") ids.add(id);
  }
  return ids;
}

/**
 * The EXIF blocks of an AVIF file: items of the kind `Exif`, found by the table of where items lie (ISO/IEC 14496-12,
 * section 8.11.3; ISO/IEC 23008-12, annex A.2.1). What points outside the file is passed over.
 */
export function exifOfAvif(bytes: Uint8Array): Uint8Array[] {
  const meta = boxes(bytes).find(({ kind }) => kind === "meta")?.body.subarray(4);
  if (meta === undefined) return [];
  const parts = new Map([...boxes(meta)].map(({ kind, body }) => [kind, body]));
  const [iinf, iloc] = [parts.get("iinf"), parts.get("iloc")];
  if (iinf === undefined || iloc === undefined || iloc.length < 8) return [];
  const wanted = exifItems(iinf);
  const take = reader(iloc);
  const version = take(4) >>> 24;
  const sizes = take(2);
  const [offsetSize, lengthSize, baseSize, indexSize] = [12, 8, 4, 0].map((by) => (sizes >> by) & 15) as [
    number,
    number,
    number,
    number,
  ];
  const wide = version === 2 ? 4 : 2;
  const blocks: Uint8Array[] = [];
  let looks = 0;
  for (let left = take(wide); left > 0 && looks < mostLooks; left--) {
    const id = take(wide);
    const isInFile = version === 0 || (take(2) & 15) === 0;
    take(2);
    const base = take(baseSize);
    const pieces = take(2);
    for (let piece = 0; piece < pieces && looks++ < mostLooks; piece++) {
      if (version > 0) take(indexSize);
      const from = base + take(offsetSize);
      const to = from + take(lengthSize);
      // in one piece as every program writes it: four bytes say how far behind them the block begins
      if (!wanted.has(id) || !isInFile || pieces !== 1 || to > bytes.length || to - from < 4) continue;
      const block = bytes.subarray(from, to);
      blocks.push(block.subarray(4 + reader(block)(4)));
    }
  }
  return blocks;
}
