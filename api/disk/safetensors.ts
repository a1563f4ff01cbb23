import { closeSync, readSync, statSync } from "node:fs";
import { isRecord, openPlain, wrapDiskError } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { Damaged } from "./damaged.ts";

/** One tensor of a file. */
export interface TensorInfo {
  /** Number format, such as `F16` or `F8_E4M3`. Open. */
  dtype: string;
  /** Length of each dimension. */
  shape: number[];
  /** Where its bytes begin and end, counted from the end of the header. */
  data_offsets: [number, number];
}

/** What the head of a .safetensors file says, and whether the rest can be true. */
export interface Safetensors {
  /** Size of the whole file in bytes. */
  fileBytes: number;
  /** Bytes before the tensor data. */
  headerBytes: number;
  /** What the file's maker wrote into it, such as `modelspec.title` or `ss_base_model_version`. */
  metadata: Record<string, string>;
  /** The tensors by name. */
  tensors: Record<string, TensorInfo>;
  /** How many tensors there are. */
  tensorCount: number;
  /** How many numbers they hold together. */
  parameterCount: number;
  /** Tensors for each number format. */
  dtypes: Record<string, number>;
  /** What cannot be right: missing bytes, overlaps, gaps. Empty for a sane file. */
  problems: string[];
}

/** The format's own limit (safetensors, `MAX_HEADER_SIZE`). */
const mostHeaderBytes = 100_000_000;
const mostProblems = 20;

const bits: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
  C64: 64,
  F4: 4,
};

function isTensor(value: unknown): value is TensorInfo {
  if (!isRecord(value) || typeof value.dtype !== "string") return false;
  const { shape, data_offsets: offsets } = value;
  const isSize = (one: unknown) => Number.isSafeInteger(one) && (one as number) >= 0;
  return Array.isArray(shape) && shape.every(isSize) && Array.isArray(offsets) && offsets.length === 2 &&
    offsets.every(isSize);
}

function problemsOf(tensors: Record<string, TensorInfo>, dataBytes: number): string[] {
  const problems: string[] = [];
  const spans = Object.entries(tensors).map(([name, { dtype, shape, data_offsets: [start, end] }]) => {
    const width = bits[dtype];
    const numbers = shape.reduce((product, length) => product * length, 1);
    if (width !== undefined && Math.ceil(numbers * width / 8) !== end - start) {
      problems.push(`tensor ${JSON.stringify(name)}: ${end - start} bytes do not hold ${numbers} of ${dtype}`);
    }
    return { name, start, end };
  }).sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  for (const { name, start, end } of spans) {
    if (start !== at) problems.push(`tensor ${JSON.stringify(name)}: begins at ${start}, due at ${at}`);
    at = Math.max(at, end);
  }
  if (at > dataBytes) problems.push(`cut off: ${at - dataBytes} of ${at} bytes of data are missing`);
  if (at < dataBytes) problems.push(`${dataBytes - at} bytes follow the last tensor`);
  return problems.slice(0, mostProblems);
}

function readHead(path: string): { text: string; headerBytes: number; fileBytes: number } {
  let file: number | undefined;
  try {
    file = openPlain(path);
    const fileBytes = statSync(path).size;
    const start = new Uint8Array(8);
    const read = (into: Uint8Array, at: number) => {
      let done = 0;
      while (done < into.length) {
        const count = readSync(file!, into, done, into.length - done, at + done);
        if (count === 0) throw new Damaged(`cut off inside the header, after ${at + done} bytes`);
        done += count;
      }
    };
    if (fileBytes < 10) throw new Damaged(`not a .safetensors file: it has only ${fileBytes} bytes`);
    read(start, 0);
    const length = Number(new DataView(start.buffer).getBigUint64(0, true));
    if (length < 2 || length > mostHeaderBytes) throw new Damaged("not a .safetensors file: no header begins it");
    if (length > fileBytes - 8) throw new Damaged(`cut off inside the header, after ${fileBytes} bytes`);
    const header = new Uint8Array(length);
    read(header, 8);
    return { text: new TextDecoder().decode(header), headerBytes: 8 + length, fileBytes };
  } catch (error) {
    throw error instanceof Damaged ? error : wrapDiskError(error, path, "reading");
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Reads the header of a .safetensors file, and nothing else of it: metadata, tensors, and whether the file can be whole.
 *
 * @param path The file.
 * @throws {InputError} `invalid_file` when it is no such file or ends inside the header.
 * @throws {DiskError} When it cannot be read.
 * @example
 * ```ts
 * import { readSafetensors } from "@civikit/civikit/api";
 *
 * const header = new TextEncoder().encode(`{"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`);
 * const path = Deno.makeTempFileSync({ suffix: ".safetensors" });
 * const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
 * Deno.writeFileSync(path, new Uint8Array([...length, ...header, 1, 2, 3]));
 * const { tensorCount, problems } = readSafetensors(path);
 * console.log(tensorCount, problems); // 1 [ "cut off: 1 of 4 bytes of data are missing" ]
 * Deno.removeSync(path);
 * ```
 */
export function readSafetensors(path: string): Safetensors {
  try {
    return read(path);
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    throw new InputError(`reading ${JSON.stringify(path)}: ${error.message}`, {
      code: "invalid_file",
      reason: "model_damaged",
      input: path,
      cause: error.cause,
    });
  }
}

/**
 * The first thing that cannot be right about a .safetensors file; undefined for a sane one.
 *
 * @throws {Damaged} When it is no such file or ends inside the header.
 * @throws {DiskError} When it cannot be read.
 */
export function safetensorsProblem(path: string): string | undefined {
  return read(path).problems[0];
}

function read(path: string): Safetensors {
  const { text, headerBytes, fileBytes } = readHead(path);
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw new Damaged("the header is not JSON", { cause });
  }
  if (!isRecord(header)) throw new Damaged("the header is not an object");
  const { __metadata__: notes = {}, ...rest } = header;
  const entries: [string, TensorInfo][] = [];
  const dtypes: Record<string, number> = {};
  let parameterCount = 0;
  for (const [name, tensor] of Object.entries(rest)) {
    if (!isTensor(tensor)) throw new Damaged(`the header's entry ${JSON.stringify(name)} is no tensor`);
    entries.push([name, tensor]);
    dtypes[tensor.dtype] = (dtypes[tensor.dtype] ?? 0) + 1;
    parameterCount += tensor.shape.reduce((product, length) => product * length, 1);
  }
  const metadata = Object.fromEntries(
    Object.entries(isRecord(notes) ? notes : {}).map((
      [name, value],
    ) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const tensors = Object.fromEntries(entries);
  const tensorCount = entries.length;
  const problems = problemsOf(tensors, fileBytes - headerBytes);
  return { fileBytes, headerBytes, metadata, tensors, tensorCount, parameterCount, dtypes, problems };
}
