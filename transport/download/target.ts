import { lstatSync, rmSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Clock } from "../clock.ts";
import { DiskError } from "../errors/errors.ts";
import { discard } from "../http/http_status.ts";
import { digestFile } from "./digest_file.ts";
import { wrapDiskError } from "./disk.ts";
import type { DownloadOptions, DownloadResult } from "./download_options.ts";
import type { Expected } from "./expected.ts";
import { guardHead } from "./guard.ts";
import type { PartFile } from "./part_file.ts";
import { checkPlain, isAbandonedClaim, isSameFile } from "./plain_file.ts";
import { contentDispositionName, resolveInside, safeFileName } from "./safe_name.ts";
import { compareDigests } from "./verify.ts";

/** The name a download is for, and what lies there already. */
export class Target {
  readonly #request: Request;
  readonly #options: DownloadOptions;
  readonly #expected: Expected;
  readonly #clock: Clock;
  readonly #started: number;
  readonly #partPath: string;
  #path: string;
  #isNamed: boolean;

  /** @throws {DiskError} `invalid_path` when `path` names no file, or none in the folder it has to lie in. */
  constructor(path: string, request: Request, options: DownloadOptions, expected: Expected, clock: Clock) {
    if (basename(path) === "" || /[\\/]$/.test(path)) {
      throw new DiskError(`downloading to ${JSON.stringify(path)}: it names no file`, { code: "invalid_path", path });
    }
    this.#request = request;
    this.#options = options;
    this.#expected = expected;
    this.#clock = clock;
    this.#started = clock.now();
    this.#path = options.root === undefined ? resolve(path) : resolveInside(options.root, path);
    this.#partPath = `${this.#path}.part`;
    this.#isNamed = options.chooseName === undefined;
  }

  /** Where the file goes: as asked for, until it has another name. */
  get path(): string {
    return this.#path;
  }

  /** Whether the file is called so for good. */
  get isNamed(): boolean {
    return this.#isNamed;
  }

  /** Milliseconds since the download began. */
  get elapsedMs(): number {
    return this.#clock.now() - this.#started;
  }

  /** Gives the file the name that was found for it, unless it has one; what is there already under that name comes back. */
  async take(name: string | undefined, part: PartFile): Promise<DownloadResult | undefined> {
    if (this.#isNamed || name === undefined) return undefined;
    this.#isNamed = true;
    part.keepName(name);
    this.#path = join(dirname(this.#path), name);
    return await this.existing();
  }

  /** Names the file by the first answer that may be one. */
  async nameBy(response: Response, part: PartFile): Promise<DownloadResult | undefined> {
    const { chooseName } = this.#options;
    if (this.#isNamed || chooseName === undefined) return undefined;
    try {
      const name = safeFileName(chooseName(contentDispositionName(response.headers.get("content-disposition"))));
      guardHead(response.headers, name, this.#request.url);
      const existing = await this.take(name, part);
      if (existing !== undefined) discard(response);
      return existing;
    } catch (error) {
      discard(response);
      throw error;
    }
  }

  /** What to do about a target that exists: nothing when it is the promised file, refuse otherwise. */
  async existing(): Promise<DownloadResult | undefined> {
    const found = this.#look();
    if (found === undefined || this.#options.replace && found.isFile()) return undefined;
    const path = this.#path;
    checkPlain(path);
    if (isAbandonedClaim(path, this.#partPath)) {
      rmSync(path, { force: true });
      return undefined;
    }
    const { hashes, names } = this.#expected;
    const isPromised = Object.keys(hashes).length > 0;
    // two names for one file: a run died between its last two steps, after all its checks
    const isJustPublished = isSameFile(found, lstatSync(this.#partPath, { throwIfNoEntry: false }));
    if (this.#expected.isPossible(found.size) && (isPromised || isJustPublished)) {
      const digests = await digestFile(path, names, { signal: this.#request.signal });
      const { agreed, differing } = compareDigests(hashes, digests);
      if ((agreed.length > 0 || !isPromised) && differing.length === 0) {
        if (isJustPublished) rmSync(this.#partPath, { force: true });
        rmSync(`${this.#partPath}.json`, { force: true });
        const { elapsedMs } = this;
        const verified = agreed.length > 0;
        return { path, bytes: found.size, digests, verified, skipped: true, resumedBytes: 0, elapsedMs };
      }
    }
    throw this.#taken(isPromised ? "another file has that name" : "a file has that name");
  }

  /** What is there; a link to nowhere, refused before a byte is fetched that could not have the name, is not. */
  #look(): Stats | undefined {
    let found: Stats | undefined;
    let isLink: boolean | undefined;
    try {
      found = lstatSync(this.#path, { throwIfNoEntry: false });
      isLink = found?.isSymbolicLink();
      if (isLink) found = statSync(this.#path, { throwIfNoEntry: false });
    } catch (error) {
      throw wrapDiskError(error, this.#path, "looking at");
    }
    if (isLink && found === undefined && !this.#options.replace) throw this.#taken("a link to nowhere has that name");
    return found;
  }

  #taken(state: string): DiskError {
    const path = this.#path;
    return new DiskError(`downloading to ${JSON.stringify(path)}: ${state}`, { code: "target_exists", path });
  }
}
