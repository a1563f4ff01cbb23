import { Damaged } from "../disk/damaged.ts";
import type { ByteReader } from "./byte_reader.ts";

/** `GGUF`. */
export const ggufMark = 0x46554747;

/** Numbers in a block and bytes for each block, by the format's number (ggml.h, `enum ggml_type`). */
const blocks: Readonly<Record<number, readonly [numbers: number, bytes: number]>> = {
  0: [1, 4], // F32
  1: [1, 2], // F16
  2: [32, 18], // Q4_0
  3: [32, 20], // Q4_1
  6: [32, 22], // Q5_0
  7: [32, 24], // Q5_1
  8: [32, 34], // Q8_0
  9: [32, 36], // Q8_1
  10: [256, 84], // Q2_K
  11: [256, 110], // Q3_K
  12: [256, 144], // Q4_K
  13: [256, 176], // Q5_K
  14: [256, 210], // Q6_K
  15: [256, 292], // Q8_K
  16: [256, 66], // IQ2_XXS
  17: [256, 74], // IQ2_XS
  18: [256, 98], // IQ3_XXS
  19: [256, 50], // IQ1_S
  20: [32, 18], // IQ4_NL
  21: [256, 110], // IQ3_S
  22: [256, 82], // IQ2_S
  23: [256, 136], // IQ4_XS
  24: [1, 1], // I8
  25: [1, 2], // I16
  26: [1, 4], // I32
  27: [1, 8], // I64
  28: [1, 8], // F64
  29: [256, 56], // IQ1_M
  30: [1, 2], // BF16
  34: [256, 54], // TQ1_0
  35: [256, 66], // TQ2_0
  39: [32, 17], // MXFP4
};

/** Bytes of a value by its type; texts and lists are not among them. */
const widths: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 },
};
/** The type of texts. */
export const textType = 8;
const listType = 9;
const mostDimensions = 8;
const mostDepth = 8;

/** A text; one too long to be a key or a name is passed by. */
export function ggufText(reader: ByteReader): string {
  const length = reader.u64();
  if (length > 1024) return reader.skip(length), "";
  const { buffer, byteOffset, byteLength } = reader.take(length);
  return new TextDecoder().decode(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

/** Passes a value by. @throws {Damaged} When it can be none. */
export function skipValue(reader: ByteReader, type: number, depth = 0): void {
  if (type === textType) return reader.skip(reader.u64());
  if (type !== listType) {
    if (widths[type] === undefined) throw new Damaged(`not a GGUF file: a value is of the unknown type ${type}`);
    return reader.skip(widths[type]);
  }
  const inner = reader.u32();
  const count = reader.u64();
  const width = widths[inner];
  if (width !== undefined) return reader.skip(count * width);
  if (depth >= mostDepth) throw new Damaged("not a GGUF file: lists within lists within lists");
  for (let index = 0; index < count; index++) skipValue(reader, inner, depth + 1);
}

/**
 * What is wrong with a GGUF file, by its header; undefined when nothing is, or when it is of a version this does not know.
 *
 * @throws {Damaged} When the header cannot be one, or ends too early.
 */
export function ggufDamage(reader: ByteReader): string | undefined {
  if (reader.u32() !== ggufMark) return "not a GGUF file: it does not begin as one";
  const version = reader.u32();
  if (version !== 2 && version !== 3) return undefined;
  const tensorCount = reader.u64();
  const valueCount = reader.u64();
  let alignment = 32;
  let end = 0;
  for (let index = 0; index < valueCount; index++) {
    const key = ggufText(reader);
    const type = reader.u32();
    if (key === "general.alignment" && type === 4) alignment = reader.u32() || alignment;
    else skipValue(reader, type);
  }
  for (let index = 0; index < tensorCount; index++) {
    reader.skip(reader.u64());
    const dimensions = reader.u32();
    if (dimensions > mostDimensions) throw new Damaged(`not a GGUF file: a tensor has ${dimensions} dimensions`);
    let numbers = 1;
    for (let dimension = 0; dimension < dimensions; dimension++) numbers *= reader.u64();
    const [perBlock, bytes] = blocks[reader.u32()] ?? [1, 0];
    const offset = reader.u64();
    end = Math.max(end, offset + Math.ceil(numbers / perBlock) * bytes);
  }
  const due = Math.ceil(reader.at / alignment) * alignment + end;
  return due > reader.size ? `cut off: ${due - reader.size} of ${due} bytes are missing` : undefined;
}
