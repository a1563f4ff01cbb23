import { wrapDiskError } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { ByteReader } from "../library/byte_reader.ts";
import { Damaged } from "./damaged.ts";

/** What the head of a GGUF file says. */
export interface Gguf {
  /** Version of the format. */
  version: number;
  /** How many tensors there are. */
  tensorCount: number;
  /** What its maker wrote into it, such as `general.architecture`; of lists only their length, as `[N]`. */
  metadata: Record<string, string | number | boolean>;
  /** Whether not everything was read: the head is larger than any honest one. */
  isCut: boolean;
}

const mark = 0x46554747;
/** No more of a head is read, whatever it says of itself. */
const mostBytes = 64 * 1024 ** 2;
const mostValues = 10_000;
const mostText = 64 * 1024;
const mostDepth = 8;
const widths: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 },
};

class Cut extends Error {}

function check(reader: ByteReader): void {
  if (reader.at > mostBytes) throw new Cut();
}

function text(reader: ByteReader): string {
  const length = reader.u64();
  if (length > mostText) {
    reader.skip(length);
    return `(${length} bytes)`;
  }
  const { buffer, byteOffset, byteLength } = reader.take(length);
  return new TextDecoder().decode(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

function number(reader: ByteReader, type: number): number | boolean {
  const view = reader.take(widths[type]!);
  switch (type) {
    case 0:
      return view.getUint8(0);
    case 1:
      return view.getInt8(0);
    case 2:
      return view.getUint16(0, true);
    case 3:
      return view.getInt16(0, true);
    case 4:
      return view.getUint32(0, true);
    case 5:
      return view.getInt32(0, true);
    case 6:
      return view.getFloat32(0, true);
    case 7:
      return view.getUint8(0) !== 0;
    case 10:
      return Number(view.getBigUint64(0, true));
    case 11:
      return Number(view.getBigInt64(0, true));
    default:
      return view.getFloat64(0, true);
  }
}

function list(reader: ByteReader, depth = 0): string {
  if (depth >= mostDepth) throw new Damaged("not a GGUF file: lists within lists within lists");
  const inner = reader.u32();
  const count = reader.u64();
  const width = widths[inner];
  if (width !== undefined) reader.skip(count * width);
  else {
    for (let index = 0; index < count; index++) {
      if (inner === 9) list(reader, depth + 1);
      else if (inner === 8) reader.skip(reader.u64());
      else throw new Damaged(`not a GGUF file: a value is of the unknown type ${inner}`);
      check(reader);
    }
  }
  return `[${count}]`;
}

/**
 * Reads what a GGUF file says of itself, and nothing but its head: never more than 64 MiB and 10,000 values, whatever the
 * head claims.
 *
 * @param path The file.
 * @throws {InputError} `invalid_file` when it is no such file, or ends inside the head.
 * @throws {DiskError} When it cannot be read.
 * @example
 * ```ts
 * import { readGguf } from "@civikit/civikit/api";
 *
 * const path = Deno.makeTempFileSync({ suffix: ".gguf" });
 * const head = new DataView(new ArrayBuffer(24));
 * for (const [at, value] of [[0, 0x46554747], [4, 3], [8, 7]] as const) head.setUint32(at, value, true);
 * Deno.writeFileSync(path, new Uint8Array(head.buffer));
 * console.log(readGguf(path).tensorCount); // 7
 * Deno.removeSync(path);
 * ```
 */
export function readGguf(path: string): Gguf {
  try {
    using reader = new ByteReader(path);
    if (reader.u32() !== mark) throw new Damaged("not a GGUF file: it does not begin as one");
    const version = reader.u32();
    if (version !== 2 && version !== 3) return { version, tensorCount: 0, metadata: {}, isCut: true };
    const tensorCount = reader.u64();
    const count = reader.u64();
    const values: [string, string | number | boolean][] = [];
    let isCut = count > mostValues;
    try {
      for (let index = 0; index < Math.min(count, mostValues); index++) {
        check(reader);
        const key = text(reader);
        const type = reader.u32();
        if (type === 8) values.push([key, text(reader)]);
        else if (type === 9) values.push([key, list(reader)]);
        else if (widths[type] !== undefined) values.push([key, number(reader, type)]);
        else throw new Damaged(`not a GGUF file: a value is of the unknown type ${type}`);
      }
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
      isCut = true;
    }
    return { version, tensorCount, metadata: Object.fromEntries(values), isCut };
  } catch (error) {
    if (!(error instanceof Damaged)) throw wrapDiskError(error, path, "reading");
    throw new InputError(`reading ${JSON.stringify(path)}: ${error.message}`, {
      code: "invalid_file",
      reason: "model_damaged",
      input: path,
      cause: error,
    });
  }
}
