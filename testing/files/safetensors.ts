/**
 * Real, valid .safetensors files of any size, made from a seed: eight bytes of header length, a JSON header with
 * `__metadata__` and tensors whose `data_offsets` cover the data exactly, then the data, computed on the fly.
 *
 * @module
 */
import { type Content, fixed, joined, seeded } from "../origin/content.ts";

/** What {@linkcode safetensors} takes. */
export interface SafetensorsOptions {
  /** Seed of the tensor data. */
  readonly seed: number;
  /** Bytes of all tensors together; a multiple of 4. */
  readonly dataBytes: number;
  /** Type of the tensors (default `F16`). */
  readonly dtype?: "F16" | "F32";
  /** Names of the tensors (default: one, `weight`); the data is shared out among them. */
  readonly tensors?: readonly string[];
  /** What `__metadata__` says, besides `format`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A made file, and where its header ends. */
export interface Safetensors extends Content {
  /** Bytes before the tensor data. */
  readonly headerBytes: number;
}

const made = new Map<string, Safetensors>();

/**
 * The safetensors file these options describe; the same object for the same options.
 *
 * @example
 * ```ts
 * import { safetensors } from "@civikit/civikit/testing";
 *
 * const file = safetensors({ seed: 1, dataBytes: 4096, metadata: { ss_network_dim: "16" } });
 * await Deno.writeFile("/dev/null", file.read(0, file.size));
 * ```
 */
export function safetensors(options: SafetensorsOptions): Safetensors {
  const key = JSON.stringify(options);
  const file = made.get(key) ?? make(options);
  made.set(key, file);
  return file;
}

function make(
  { seed, dataBytes, dtype = "F16", tensors = ["weight"], metadata = {} }: SafetensorsOptions,
): Safetensors {
  const width = dtype === "F16" ? 2 : 4;
  const each = Math.floor(dataBytes / tensors.length / 4) * 4;
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  tensors.forEach((name, i) => {
    const start = i * each;
    const end = i === tensors.length - 1 ? dataBytes : start + each;
    const count = (end - start) / width;
    const shape = count % 64 === 0 ? [count / 64, 64] : [count];
    header[name] = { dtype, shape, data_offsets: [start, end] };
  });
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, 8);
  return { ...joined(fixed(head), seeded(seed, dataBytes)), headerBytes: head.length };
}

/** Names of LoRA tensors for `blocks` attention blocks. */
export function loraTensors(blocks: number): string[] {
  return Array.from({ length: blocks }, (_, i) => [
    `lora_unet_blocks_${i}_attn_qkv.alpha_weight`,
    `lora_unet_blocks_${i}_attn_qkv.lora_down.weight`,
    `lora_unet_blocks_${i}_attn_qkv.lora_up.weight`,
  ]).flat();
}
