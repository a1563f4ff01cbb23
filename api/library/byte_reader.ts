import { closeSync, fstatSync, readSync } from "node:fs";
import { openPlain } from "../../transport/internal.ts";
import { Damaged } from "../disk/damaged.ts";

const chunkBytes = 256 * 1024;

/**
 * Reads numbers out of a file, one after another, without holding it in memory. Where it ends although more is due, every
 * read throws {@linkcode Damaged}.
 */
export class ByteReader implements Disposable {
  readonly #file: number;
  #chunk: DataView = new DataView(new ArrayBuffer(0));
  #chunkAt = 0;
  /** Where the next read begins, in bytes. */
  at = 0;
  /** Size of the file in bytes. */
  readonly size: number;

  /** Opens the file. @throws What the system says, or a DiskError for what is no plain file. */
  constructor(path: string) {
    this.#file = openPlain(path);
    this.size = fstatSync(this.#file).size;
  }

  /** The next `length` bytes; at most a chunk's worth. */
  take(length: number): DataView {
    const end = this.#chunkAt + this.#chunk.byteLength;
    if (this.at < this.#chunkAt || this.at + length > end) this.#fill(length);
    const view = new DataView(this.#chunk.buffer, this.at - this.#chunkAt, length);
    this.at += length;
    return view;
  }

  #ended(): Damaged {
    return new Damaged(`cut off inside the header, after ${this.size} bytes`);
  }

  #fill(length: number): void {
    if (this.at + length > this.size) throw this.#ended();
    const bytes = new Uint8Array(Math.min(Math.max(length, chunkBytes), this.size - this.at));
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(this.#file, bytes, done, bytes.length - done, this.at + done);
      if (count === 0) throw this.#ended();
      done += count;
    }
    this.#chunk = new DataView(bytes.buffer);
    this.#chunkAt = this.at;
  }

  /** Passes `length` bytes by. */
  skip(length: number): void {
    if (!(this.at + length <= this.size)) throw this.#ended();
    this.at += length;
  }

  /** A little-endian whole number of 4 bytes. */
  u32(): number {
    return this.take(4).getUint32(0, true);
  }

  /** One of 8 bytes; beyond 2^53 only nearly right, and then larger than any file. */
  u64(): number {
    return Number(this.take(8).getBigUint64(0, true));
  }

  /** Lets go of the file. */
  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
