/** Decoded text of one picture, in bytes; honest ones hold some kilobytes, large workflows a few megabytes. */
const mostBytes = 16 * 1024 * 1024;
/** Bytes that may be unpacked in vain, out of chunks that are broken or too large. */
const mostWastedBytes = 4 * mostBytes;
const mostTexts = 64;
/** EXIF has two folders with texts, GPS and thumbnail one each. */
const mostFolders = 32;
/** What one byte of deflate can become at most. */
const mostInflation = 1032;

/**
 * The texts of one picture, and what may still be decoded from it: whoever made the picture decides how often it names a
 * text, and how large a compressed one becomes. Every text and every try is counted here, whatever format it lies in.
 */
export class FoundTexts {
  readonly #texts = new Map<string, string>();
  #left = mostBytes;
  #wasted = 0;
  #folders = 0;

  /** Bytes that a text of this name may have; 0 when the name has its text: the first one wins. */
  room(name: string): number {
    return this.#texts.size >= mostTexts || this.#texts.has(name) ? 0 : Math.max(0, this.#left - name.length);
  }

  /** Keeps the text in `bytes`, where there is room for it. */
  keep(name: string, bytes: Uint8Array, decode: (bytes: Uint8Array) => string): void {
    const room = this.room(name);
    if (room === 0 || bytes.length > room) return;
    this.#left -= bytes.length + name.length;
    this.#texts.set(name, decode(bytes));
  }

  /** Keeps a compressed text; `inflate` gives at most as many bytes as it is told, and undefined when there are more. */
  keepInflated(
    name: string,
    packed: Uint8Array,
    inflate: (packed: Uint8Array, mostBytes: number) => Uint8Array | undefined,
    decode: (bytes: Uint8Array) => string,
  ): void {
    const most = Math.min(this.room(name), mostWastedBytes - this.#wasted);
    if (most <= 0) return;
    const bytes = inflate(packed, most);
    if (bytes !== undefined) this.keep(name, bytes, decode);
    else this.#wasted += Math.min(most, packed.length * mostInflation);
  }

  /** Tells whether one more folder of an EXIF block may be looked at, and counts it. */
  opensFolder(): boolean {
    return this.#folders++ < mostFolders;
  }

  /** The texts by name. */
  get texts(): Record<string, string> {
    return Object.fromEntries(this.#texts);
  }
}
