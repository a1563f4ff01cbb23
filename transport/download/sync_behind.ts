import type { Clock } from "../clock.ts";
import { isUnsupported } from "./errno.ts";

/** Counts bytes, and knows when so many came, or so much time went by, since it was reset. */
export class Due {
  readonly #clock: Clock;
  readonly #mostBytes: number;
  readonly #mostMs: number;
  #since: number;
  /** Bytes that were counted. */
  bytes = 0;

  /** Begins with none. */
  constructor(clock: Clock, mostBytes: number, mostMs: number) {
    this.#clock = clock;
    this.#mostBytes = mostBytes;
    this.#mostMs = mostMs;
    this.#since = clock.now();
  }

  /** Counts; tells whether it is time. */
  add(bytes: number): boolean {
    this.bytes += bytes;
    return this.bytes >= this.#mostBytes || this.#clock.now() - this.#since >= this.#mostMs;
  }

  /** Begins anew. */
  reset(): void {
    this.bytes = 0;
    this.#since = this.#clock.now();
  }
}

/** How often, and after how many bytes, what was written is brought to the disk while more comes. */
const syncMs = 2000;
const syncBytes = 128 * 1024 * 1024;

/** Brings bytes to the disk beside the transfer, so that little is left to sync at the end. */
export class SyncBehind {
  readonly #file: Deno.FsFile;
  readonly #due: Due;
  #failure: unknown;
  /** Settles, and never rejects, when what is under way is done. */
  settled: Promise<void> | undefined;

  /** Begins with nothing to do. */
  constructor(file: Deno.FsFile, clock: Clock) {
    this.#file = file;
    this.#due = new Due(clock, syncBytes, syncMs);
  }

  /** So many bytes more were written. */
  count(bytes: number): void {
    if (this.#due.add(bytes)) this.begin();
  }

  /** Brings to the disk what was written, unless it is at it. */
  begin(): void {
    this.#due.reset();
    this.settled ??= this.#file.syncData().catch((error) => {
      // the system tells of each failure once: the seal would hear nothing of it
      if (!isUnsupported(error)) this.#failure ??= error;
    }).finally(() => this.settled = undefined);
  }

  /** Cuts the file to its size and brings all of it to the disk. */
  async finish(size: number): Promise<void> {
    await this.settled;
    if (this.#failure !== undefined) throw this.#failure;
    this.#file.truncateSync(size);
    await this.#file.sync().catch((error) => {
      if (!isUnsupported(error)) throw error;
    });
  }
}
