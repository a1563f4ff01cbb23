import { type Clock, systemClock } from "../clock.ts";
import type { Sink } from "../transport.ts";

/** What is read at once in this size goes on as it is; over TLS every read brings one record of 16 KiB. */
const largeBytes = 64 * 1024;
const bufferBytes = 256 * 1024;
/** The buffer of one that has ended, for the next: most bodies are small, and come in a few pieces. */
let spareBuffer: Uint8Array | undefined;
/** How long bytes are held back at most: so much is lost of a killed process, and so late is a display. */
const longestMs = 50;

/**
 * Puts the small pieces of a body together, so that a write, its checksum and its account are paid once for many. Bytes
 * are copied as they come and belong to this object until they are written: a body that breaks off, or falls silent,
 * takes none of them with it. (A read with `min` would gather without a copy, but in a buffer that the platform owns
 * until it is full: what lies there when a body breaks off is gone, and nobody sees it come.)
 *
 * Whoever made it calls {@linkcode end}, however the body ended.
 */
export class Gather {
  readonly #write: Sink["write"];
  readonly #broken: (error: unknown) => void;
  readonly #clock: Clock;
  #buffer: Uint8Array | undefined;
  /** Where the first held byte belongs, and how many are held. */
  #start = 0;
  #held = 0;
  #disarm: (() => void) | undefined;
  /** A write under way that took its time. */
  #writing: Promise<void> | undefined;
  #failure: { readonly reason: unknown } | undefined;

  /**
   * Holds nothing yet.
   *
   * @param write Where the bytes go: one call at a time.
   * @param broken Told when `write` fails while nobody calls: the next call throws the same.
   */
  constructor(write: Sink["write"], broken: (error: unknown) => void, clock: Clock = systemClock) {
    this.#write = write;
    this.#broken = broken;
    this.#clock = clock;
  }

  /** Takes bytes that follow those before; the buffer may be used again once it returns or, if it must wait, resolves. */
  add(bytes: Uint8Array, at: number): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (this.#writing !== undefined) return this.#writing.then(() => this.add(bytes, at));
    if (bytes.byteLength >= largeBytes || this.#held + bytes.byteLength > bufferBytes) {
      const writing = this.#flush();
      if (writing !== undefined) return writing.then(() => this.add(bytes, at));
      if (bytes.byteLength >= largeBytes) return this.#put(bytes, at);
    }
    if (this.#held === 0) this.#start = at;
    if (this.#buffer === undefined) {
      this.#buffer = spareBuffer ?? new Uint8Array(bufferBytes);
      spareBuffer = undefined;
    }
    this.#buffer.set(bytes, this.#held);
    this.#held += bytes.byteLength;
    if (this.#held === bufferBytes) return this.#flush();
    this.#disarm ??= this.#clock.after(longestMs, () => this.#late());
  }

  /** Writes what is held. Afterwards nothing is written any more, until more is added. Rejects with the failure of any write. */
  async end(): Promise<void> {
    this.#disarm?.();
    this.#disarm = undefined;
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.reason;
    await this.#flush();
    if (this.#buffer === undefined || this.#held > 0) return;
    spareBuffer = this.#buffer;
    this.#buffer = undefined;
  }

  #late(): void {
    this.#disarm = undefined;
    try {
      this.#flush()?.catch(this.#broken);
    } catch (error) {
      this.#broken(error);
    }
  }

  #flush(): Promise<void> | undefined {
    if (this.#held === 0) return undefined;
    const bytes = this.#buffer!.subarray(0, this.#held);
    this.#held = 0;
    return this.#put(bytes, this.#start);
  }

  #put(bytes: Uint8Array, at: number): Promise<void> | undefined {
    const fail = (reason: unknown): never => {
      this.#failure = { reason };
      throw reason;
    };
    try {
      const writing = this.#write(bytes, at);
      if (writing === undefined) return undefined;
      return this.#writing = writing.catch(fail).finally(() => this.#writing = undefined);
    } catch (error) {
      return fail(error);
    }
  }
}
