import type { JournalSpan } from "./journal.ts";

/** What reading and checking a file needs from outside, so that the same code runs here and in a worker. */
export interface ReadTools {
  /** Of `node:zlib`. */
  crc32(bytes: Uint8Array, start: number): number;
  /** Of `node:fs`. */
  openSync(path: string, flags: "r"): number;
  /** Of `node:fs`. */
  readSync(file: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** Of `node:fs`. */
  closeSync(file: number): void;
}

/** Spans of a file that two threads look at, each the next one that nobody took. */
export interface SharedLook {
  /** Start, end and CRC-32 of span after span. */
  readonly spans: Float64Array;
  /** How many were taken, and then for each of them: 0 not known, 1 as it should be, 2 not. */
  readonly found: Int32Array;
}

/** A look at `spans` that nobody began. */
export function newLook(spans: readonly JournalSpan[]): SharedLook {
  const look = {
    spans: new Float64Array(new SharedArrayBuffer(spans.length * 24)),
    found: new Int32Array(new SharedArrayBuffer(4 + spans.length * 4)),
  };
  look.spans.set(spans.flatMap(({ start, end, crc32 }) => [start, end, crc32]));
  return look;
}

/**
 * Takes its share of a look, span by span, until none is left. Sent to the worker as source text: complete in itself, as
 * what is in digest_engine.ts.
 *
 * @param isLast Whether it takes what others took and have no answer for.
 * @param rest Asked after each slice: lets others run, or throws.
 */
export async function takePart(
  { spans, found }: SharedLook,
  path: string,
  isLast: boolean,
  { openSync, readSync, closeSync, crc32 }: ReadTools,
  rest: () => Promise<void> | void,
): Promise<void> {
  const next = () => isLast ? found.indexOf(0, 1) - 1 : Atomics.add(found, 0, 1);
  // stays in the processor's cache between read and checksum
  const buffer = new Uint8Array(256 * 1024);
  const file = openSync(path, "r");
  try {
    for (let index = next(); index >= 0 && index < found.length - 1; index = next()) {
      let at = spans[index * 3]!;
      const end = spans[index * 3 + 1]!;
      let crc = 0;
      while (at < end) {
        const count = readSync(file, buffer, 0, Math.min(buffer.length, end - at), at);
        if (count === 0) break;
        crc = crc32(buffer.subarray(0, count), crc);
        at += count;
        const pause = rest();
        if (pause) await pause;
      }
      Atomics.store(found, index + 1, at === end && crc === spans[index * 3 + 2] ? 1 : 2);
    }
  } finally {
    closeSync(file);
  }
}
