import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers";
import { crc32 } from "node:zlib";
import { wrapDiskError } from "./disk.ts";
import { crc32Combine } from "./crc32_combine.ts";
import type { JournalSpan } from "./journal.ts";
import { type SharedLook, takePart } from "./shared_look.ts";
import { SpanSet } from "../body/spans.ts";

/** Settings of a {@linkcode SpanRecorder}. */
export interface SpanRecorderOptions {
  /** What is known to be there already. */
  spans?: Iterable<JournalSpan>;
  /** Longest span in bytes: what one bad byte costs. Default 16 MiB. */
  maxSpanBytes?: number;
}

/**
 * Keeps account of what has been written, with a checksum for every span. Several connections may write in any order;
 * each goes on where it stopped, so its span grows with its checksum, and neighbours are joined without another look
 * at their bytes. The number of spans stays near total / `maxSpanBytes`.
 */
export class SpanRecorder {
  readonly #maxSpanBytes: number;
  readonly #byEnd: Map<number, JournalSpan> = new Map();
  #covered = new SpanSet();
  /** Spans nobody was told of yet; undefined when everything has to be told anew. */
  #changed: Set<JournalSpan> | undefined;

  /** Starts with what a journal proved. @throws {RangeError} when `maxSpanBytes` is not a positive whole number. */
  constructor({ spans = [], maxSpanBytes = 16 * 1024 * 1024 }: SpanRecorderOptions = {}) {
    if (!Number.isSafeInteger(maxSpanBytes) || maxSpanBytes < 1) {
      throw new RangeError(`building SpanRecorder: maxSpanBytes "${maxSpanBytes}": not a positive whole number`);
    }
    this.#maxSpanBytes = maxSpanBytes;
    for (const { start, end, crc32 } of spans) {
      const [hole] = this.#covered.holes(end, start);
      // a byte in two spans would be lost from the account when one of them is forgotten
      if (hole?.start !== start || hole.end !== end) continue;
      this.#byEnd.set(end, { start, end, crc32 });
      this.#covered.add(start, end);
    }
  }

  /** The bytes that are there. A live view: do not change it. */
  get covered(): SpanSet {
    return this.#covered;
  }

  /** Takes note of `bytes`, which have been written at `at`. Bytes noted before are not counted again. */
  record(bytes: Uint8Array, at: number): void {
    for (const { start, end } of this.#covered.holes(at + bytes.length, at)) {
      this.#append(start === at && end - at === bytes.length ? bytes : bytes.subarray(start - at, end - at), start);
    }
  }

  /**
   * Takes back every span that has a byte between `start` and `end` (a checksum cannot be cut in two).
   *
   * @returns What is no longer proven and has to be fetched again.
   */
  forget(start: number, end: number): SpanSet {
    const gone = new SpanSet();
    this.#changed = undefined;
    for (const span of this.#byEnd.values()) {
      if (span.start >= end || span.end <= start) continue;
      this.#byEnd.delete(span.end);
      this.#covered.remove(span.start, span.end);
      gone.add(span.start, span.end);
    }
    return gone;
  }

  /** The spans as a journal takes them: sorted, and neighbours joined. A snapshot: later writes do not change it. */
  entries(): JournalSpan[] {
    const joined: JournalSpan[] = [];
    for (const span of [...this.#byEnd.values()].sort((a, b) => a.start - b.start)) {
      const last = joined.at(-1);
      if (last?.end === span.start && span.end - last.start <= this.#maxSpanBytes) {
        const crc = crc32Combine(last.crc32, span.crc32, span.end - span.start);
        joined[joined.length - 1] = { start: last.start, end: span.end, crc32: crc };
      } else joined.push(span);
    }
    this.#byEnd.clear();
    for (const span of joined) this.#byEnd.set(span.end, span);
    return joined;
  }

  /** Spans that are new, or longer, since the last time; undefined when those told before do not all stand any more. */
  takeChanged(): JournalSpan[] | undefined {
    const changed = this.#changed && [...this.#changed];
    this.#changed = new Set();
    return changed;
  }

  #append(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length;
    let open = this.#byEnd.get(at);
    if (open && end - open.start > this.#maxSpanBytes) open = undefined;
    if (open) {
      this.#byEnd.delete(at);
      this.#changed?.delete(open);
    }
    const span = { start: open?.start ?? at, end, crc32: crc32(bytes, open?.crc32 ?? 0) };
    this.#byEnd.set(end, span);
    this.#changed?.add(span);
    this.#covered.add(at, end);
  }
}

const readBytes = 1024 * 1024;
const longestSliceRunMs = 8;
const mostReaders = 4;
/** So much is read at once, here and now, sooner than a reader is started. */
const smallBytes = 1024 * 1024;
/** Used again for every small file; nobody waits while it is in use. */
let smallBuffer: Uint8Array<ArrayBuffer> | undefined;

/** Settings of {@linkcode proveSpans}. */
export interface ProveOptions {
  /** The part file, if it is open already. */
  file?: PositionalReader | undefined;
  /** Stops the reading. */
  signal?: AbortSignal | undefined;
  /** Asks another thread to take part; the look it takes part in, or undefined when it will not. */
  share?: ((spans: readonly JournalSpan[]) => SharedLook | undefined) | undefined;
}

/** What {@linkcode proveSpans} needs of an open file. */
export type PositionalReader = Pick<Deno.FsFile, "seekSync" | "readSync">;

/**
 * Reads each span back from the disk and says which ones have the checksum they should have; the file may be shorter
 * than they claim. Several readers at a time, or this thread and another one, beside whatever else this process does.
 *
 * @param path The part file.
 * @param options See {@linkcode ProveOptions}.
 * @returns What is proven, in order.
 * @throws {DiskError} when the disk refuses.
 */
export async function proveSpans(
  path: string,
  spans: readonly JournalSpan[],
  { file: open, signal, share }: ProveOptions = {},
): Promise<JournalSpan[]> {
  const isProven: boolean[] = [];
  const entries = spans.entries();
  async function reader(): Promise<void> {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(readBytes);
    for (const [index, span] of entries) isProven[index] = await isIntact(file, span, buffer, signal);
  }
  try {
    if (open !== undefined && spans.reduce((sum, { start, end }) => sum + end - start, 0) <= smallBytes) {
      return spans.filter((span) => isIntactNow(open, span));
    }
    const look = share?.(spans);
    if (look !== undefined) {
      const tools = { crc32, openSync, readSync, closeSync };
      for (const isLast of [false, true]) await takePart(look, path, isLast, tools, pauses(signal));
      return spans.filter((_, index) => look.found[index + 1] === 1);
    }
    await Promise.all(Array.from({ length: Math.min(mostReaders, spans.length) }, reader));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw wrapDiskError(error, path, "checking");
  }
  return spans.filter((_, index) => isProven[index]);
}

/** Lets others run every few milliseconds. */
function pauses(signal: AbortSignal | undefined): () => Promise<void> | void {
  let since = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - since < longestSliceRunMs) return;
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => void (since = performance.now()));
  };
}

function isIntactNow(file: PositionalReader, { start, end, crc32: expected }: JournalSpan): boolean {
  smallBuffer ??= new Uint8Array(256 * 1024);
  let crc = 0;
  file.seekSync(start, Deno.SeekMode.Start);
  for (let left = end - start; left > 0;) {
    const count = file.readSync(smallBuffer.subarray(0, Math.min(smallBuffer.length, left)));
    if (count === null) return false;
    crc = crc32(smallBuffer.subarray(0, count), crc);
    left -= count;
  }
  return crc === expected;
}

async function isIntact(
  file: Deno.FsFile,
  { start, end, crc32: expected }: JournalSpan,
  buffer: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let at = file.seekSync(start, Deno.SeekMode.Start);
  let crc = 0;
  while (at < end) {
    signal?.throwIfAborted();
    const count = await file.read(buffer.subarray(0, Math.min(buffer.length, end - at)));
    if (count === null) return false;
    crc = crc32(buffer.subarray(0, count), crc);
    at += count;
  }
  return crc === expected;
}
