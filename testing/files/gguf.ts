/**
 * Real, valid GGUF files of any size, made from a seed (GGUF specification, version 3: header, metadata, tensor infos,
 * padding, then the data, computed on the fly).
 *
 * @module
 */
import { type Content, fixed, joined, seeded } from "../origin/content.ts";

/** What {@linkcode gguf} takes. */
export interface GgufOptions {
  /** Seed of the tensor data. */
  readonly seed: number;
  /** Bytes of all tensors together; a multiple of 4. */
  readonly dataBytes: number;
  /** `general.architecture` (default `flux`). */
  readonly architecture?: string;
  /** Names of the tensors (default: one, `weight`), all F32; the data is shared out among them. */
  readonly tensors?: readonly string[];
  /** Further metadata, all of type string. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Where tensors start: `general.alignment` unless a file says otherwise. */
const alignment = 32;
const stringType = 8;
const f32 = 0;
const utf8 = new TextEncoder();

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function text(value: string): Uint8Array[] {
  const bytes = utf8.encode(value);
  return [u64(bytes.length), bytes];
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/**
 * The GGUF file these options describe.
 *
 * @throws {RangeError} When `dataBytes` is not a multiple of 4.
 * @example
 * ```ts
 * import { gguf } from "@civikit/civikit/testing";
 *
 * const file = gguf({ seed: 1, dataBytes: 4096 });
 * console.log(new TextDecoder().decode(file.read(0, 4))); // GGUF
 * ```
 */
export function gguf(
  { seed, dataBytes, architecture = "flux", tensors = ["weight"], metadata = {} }: GgufOptions,
): Content {
  if (!Number.isInteger(dataBytes / 4) || dataBytes < 0) {
    throw new RangeError(`option dataBytes: ${dataBytes} is not a multiple of 4`);
  }
  const pairs = Object.entries({ "general.architecture": architecture, ...metadata });
  const each = Math.floor(dataBytes / tensors.length / alignment) * alignment;
  const parts: Uint8Array[] = [utf8.encode("GGUF"), u32(3), u64(tensors.length), u64(pairs.length)];
  for (const [key, value] of pairs) parts.push(...text(key), u32(stringType), ...text(value));
  tensors.forEach((name, i) => {
    const length = i === tensors.length - 1 ? dataBytes - i * each : each;
    parts.push(...text(name), u32(1), u64(length / 4), u32(f32), u64(i * each));
  });
  const used = parts.reduce((sum, part) => sum + part.length, 0);
  parts.push(new Uint8Array(aligned(used) - used));
  return joined(...parts.map(fixed), seeded(seed, dataBytes));
}
