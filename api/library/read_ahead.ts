import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { DigestFollower } from "../../transport/internal.ts";
import type { Throttle } from "../../transport/mod.ts";

const chunkBytes = 1024 * 1024;
/** With a limit of the rate: small enough that a low one still goes evenly. */
const limitedChunkBytes = 256 * 1024;
/** So much in one go, where those that read take turns: a head has moved for it. */
const turnBytes = 8 * chunkBytes;
/** What comes at this rate was in memory already: then the hashing reads as fast itself for a while. */
const warmBytesPerMs = 1024 * 1024;
const warmBytes = 32 * chunkBytes;
/** No further ahead of the hashing, or what was read would be gone from memory again. */
const mostAheadBytes = 128 * chunkBytes;

const waitMs = 5;
const mostWaits = 400;

/** Lets one at a time read from a disk whose head would have to move for each. */
export class Lane {
  #last: Promise<void> = Promise.resolve();

  /** Waits for its turn, which ends when what it gets is disposed of. */
  async take(): Promise<Disposable> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = promise;
    await before;
    return { [Symbol.dispose]: resolve };
  }
}

/** Settings of {@linkcode readAhead}. */
export interface ReadAheadOptions {
  /** Bounds how fast is read. */
  readonly throttle?: Throttle | undefined;
  /** Whose turn it is to read. */
  readonly lane?: Lane | undefined;
  /** Asked again and again: whether the hashing has a processor for itself, so that another one may read for it. */
  readonly isWorthIt: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a file ahead of those who hash it, into the page cache: one processor hashes while another waits for the disk and
 * copies. The hashing follows, and never reads what was not read here, so that a limit of the rate holds for all.
 *
 * @param size Bytes of the file.
 * @throws What the system says, and the signal's reason.
 */
export async function readAhead(
  path: string,
  size: number,
  follower: DigestFollower,
  { throttle, lane, isWorthIt, signal }: ReadAheadOptions,
): Promise<void> {
  const isLimited = throttle !== undefined;
  if (!isLimited && !isWorthIt()) return;
  using file = await Deno.open(path);
  const buffer = new Uint8Array(isLimited ? limitedChunkBytes : chunkBytes);
  let at = 0;

  /** One chunk; false at the end of the file. */
  async function readOn(): Promise<boolean> {
    await throttle?.take(Math.min(buffer.length, size - at), signal);
    const started = performance.now();
    const count = await file.read(buffer);
    if (count === null) return false;
    at += count;
    if (!isLimited && count / (performance.now() - started) > warmBytesPerMs) {
      at = Math.min(size, at + warmBytes);
      await file.seek(at, Deno.SeekMode.Start);
    }
    follower.advance(at);
    return at < size;
  }

  while (isLimited || isWorthIt()) {
    await untilNear(at, follower, signal);
    using _turn = await lane?.take();
    for (const end = Math.min(size, at + turnBytes); at < end;) {
      signal?.throwIfAborted();
      if (!await readOn()) return;
    }
  }
}

/** Waits while the hashing is far behind, unless it stands still: then it has something to say to whoever asks for its end. */
async function untilNear(at: number, follower: DigestFollower, signal: AbortSignal | undefined): Promise<void> {
  let before = follower.hashedBytes;
  for (let waits = 0; follower.engine === "worker" && at - follower.hashedBytes > mostAheadBytes; waits++) {
    if (waits === mostWaits) return;
    await pause(waitMs, undefined, signal && { signal });
    if (follower.hashedBytes > before) waits = 0;
    before = follower.hashedBytes;
  }
}

/**
 * Whether the disk a file is on has to move a head for every place it reads; false where the system does not tell.
 *
 * @param device Its number, as the system gives it for a file.
 * @param blocks Where Linux describes disks.
 */
export function isSpinning(device: number, blocks = "/sys/dev/block"): boolean {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  // a partition has no queue of its own
  for (const folder of ["queue", "../queue"]) {
    try {
      return readFileSync(`${blocks}/${major}:${minor}/${folder}/rotational`, "utf8").trim() === "1";
    } catch {
      // not here, or not to be read
    }
  }
  return false;
}
