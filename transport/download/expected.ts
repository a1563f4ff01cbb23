import { VerificationError } from "../errors/errors.ts";
import { type Digests, type HashName, hashNames } from "./digest_engine.ts";
import type { DownloadOptions, Promised } from "./download_options.ts";
import { guardStart } from "./guard.ts";

/** What the file should be, as far as somebody promised. */
export class Expected {
  readonly #url: string;
  readonly #options: DownloadOptions;
  #promised: Promised;

  /** Takes what is promised of the file behind `url`. */
  constructor(url: string, options: DownloadOptions) {
    this.#url = url;
    this.#options = options;
    this.#promised = { hashes: options.hashes, sizeBytes: options.sizeBytes };
  }

  /** The hashes promised. */
  get hashes(): Digests {
    return this.#promised.hashes ?? {};
  }

  /** The hashes to compute. */
  get names(): HashName[] {
    const wanted = new Set<HashName>(this.#options.digests ?? ["SHA256"]);
    for (const name of hashNames) if (this.hashes[name] !== undefined) wanted.add(name);
    return [...wanted];
  }

  /** Asks what is promised now; tells whether it is the same file by its hash. */
  async refresh(): Promise<boolean> {
    const before = this.hashes.SHA256?.toLowerCase();
    if (this.#options.refresh !== undefined) this.#promised = await this.#options.refresh();
    return before !== undefined && before === this.hashes.SHA256?.toLowerCase();
  }

  /** Tells whether a file of `size` bytes can be the one promised: the API rounds some sizes to whole KiB. */
  isPossible(size: number): boolean {
    const { sizeBytes } = this.#promised;
    if (sizeBytes === undefined || size === sizeBytes) return true;
    return sizeBytes % 1024 === 0 && Math.abs(size - sizeBytes) < 1024;
  }

  /** Refuses a file whose size is not the promised one; `path` is where its bytes are. */
  checkTotal(total: number | undefined, path: string): void {
    if (total === undefined || this.#options.verify === false || this.isPossible(total)) return;
    const { sizeBytes } = this.#promised;
    throw new VerificationError(`downloading "${this.#url}": it has ${total} bytes and should have ${sizeBytes}`, {
      code: "size_mismatch",
      algorithm: "size",
      expected: String(sizeBytes),
      actual: String(total),
      path,
    });
  }

  /** Refuses the first bytes of what is no file; `size` is that of the whole, where known. */
  guard(bytes: Uint8Array, path: string, url: string, size: number | undefined): void {
    const isHashed = this.#options.verify === false || Object.keys(this.hashes).some((name) => name !== "AutoV1");
    guardStart(bytes, { path, url, size, isHashed });
  }
}
