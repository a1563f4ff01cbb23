/**
 * Bytes that cost no memory: a seed and a size stand for a file of any length, and every byte of it can be computed on
 * its own. No two words of one seed are equal below 16 GiB, so a block written at a wrong place never goes unnoticed.
 *
 * ```ts
 * import { contentAt, sha256Of } from "@civikit/civikit/testing";
 *
 * contentAt(7, 1_000_000, 16); // bytes 1_000_000 … 1_000_015 of the file "seed 7"
 * sha256Of(7, 24 * 1024 ** 2); // hex, lower case, of its first 24 MiB
 * ```
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A file that can be read anywhere. */
export interface Content {
  /** Length in bytes. */
  readonly size: number;
  /**
   * Bytes `start` to `start + length - 1`; the caller stays inside the file. Where `scratch` (at least 8 bytes longer
   * than `length`) is given, they may lie in it: garbage of this size is collected far too late.
   */
  read(start: number, length: number, scratch?: ArrayBuffer): Uint8Array;
}

/** Bytes `offset` to `offset + length - 1` of the endless stream named by `seed`. */
export function contentAt(seed: number, offset: number, length: number, scratch?: ArrayBuffer): Uint8Array {
  const first = Math.floor(offset / 4);
  const last = Math.ceil((offset + length) / 4);
  const words = scratch ? new Uint32Array(scratch, 0, last - first) : new Uint32Array(last - first);
  const salt = Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < words.length; i++) {
    // the finisher of MurmurHash3 (public domain): a bijection of 32 bits, hence no equal words
    let x = (first + i + salt) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    words[i] = x ^ (x >>> 16);
  }
  const skip = offset - first * 4;
  return new Uint8Array(words.buffer, skip, length);
}

/** The file of `size` bytes named by `seed`. */
export function seeded(seed: number, size: number): Content {
  return { size, read: (start, length, scratch) => contentAt(seed, start, length, scratch) };
}

/** A file held in memory. */
export function fixed(bytes: Uint8Array): Content {
  return { size: bytes.length, read: (start, length) => bytes.subarray(start, start + length) };
}

/** Several files one after another. */
export function joined(...parts: readonly Content[]): Content {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const placed = parts.map((part, i) => ({ part, base: parts.slice(0, i).reduce((sum, { size }) => sum + size, 0) }));
  function read(start: number, length: number, scratch?: ArrayBuffer): Uint8Array {
    const whole = placed.find(({ part, base }) => start >= base && start + length <= base + part.size);
    if (whole) return whole.part.read(start - whole.base, length, scratch);
    const bytes = new Uint8Array(length);
    for (const { part, base } of placed) {
      const from = Math.max(start, base);
      const to = Math.min(start + length, base + part.size);
      if (from < to) bytes.set(part.read(from - base, to - from), from - start);
    }
    return bytes;
  }
  return { size, read };
}

/** A file that differs from another in the lowest bits of `length` bytes from `at`. */
export function flipped(content: Content, at: number, length: number = 1): Content {
  function read(start: number, size: number, scratch?: ArrayBuffer): Uint8Array {
    const bytes = content.read(start, size, scratch);
    const from = Math.max(at, start);
    const to = Math.min(at + length, start + size);
    if (from >= to) return bytes;
    const wrong = bytes.slice();
    for (let i = from; i < to; i++) wrong[i - start]! ^= 1;
    return wrong;
  }
  return { size: content.size, read };
}

/** Walks through a file in pieces of at most `pieceBytes` (default 1 MiB), each good until the next one is taken. */
export function* pieces(content: Content, pieceBytes: number = 1024 ** 2): Generator<Uint8Array> {
  const scratch = new ArrayBuffer(pieceBytes + 8);
  for (let at = 0; at < content.size; at += pieceBytes) {
    yield content.read(at, Math.min(pieceBytes, content.size - at), scratch);
  }
}

/** The digest of a whole file: hex, lower case. */
export function digestOf(content: Content, algorithm: string = "sha256"): string {
  const hash = createHash(algorithm);
  for (const piece of pieces(content)) hash.update(piece);
  return hash.digest("hex");
}

const known = new Map<string, string>();

/** The SHA-256 of the file of `size` bytes named by `seed`: hex, lower case, remembered. */
export function sha256Of(seed: number, size: number): string {
  const key = `${seed}/${size}`;
  const digest = known.get(key) ?? digestOf(seeded(seed, size));
  known.set(key, digest);
  return digest;
}

/** A generator of numbers in [0, 1), the same for the same seed (mulberry32, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
