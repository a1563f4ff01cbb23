import { Buffer } from "node:buffer";
import { lstatSync, renameSync, rmSync } from "node:fs";
import type { Clock } from "../clock.ts";
import { isUnsupported } from "./errno.ts";
import { DiskError } from "../errors/errors.ts";
import type { Validator } from "../body/part.ts";
import { isSameFile } from "./plain_file.ts";
import { redactUrl } from "../http/redact.ts";
import { type DigestFollower, followDigest, type HashName } from "./digest.ts";
import { renameDurably, wrapDiskError, writeAll } from "./disk.ts";
import { type Journal, newJournal, readJournal, urlDigest, writeJournal } from "./journal.ts";
import { lockPart, type PartLock } from "./lock.ts";
import { proveSpans, SpanRecorder } from "./span_recorder.ts";

/** What a {@linkcode PartFile} is opened with. */
export interface PartFileOptions {
  /** The final name. */
  readonly path: string;
  /** The URL asked for; the journal keeps a redacted one and a digest. */
  readonly url: string;
  /** The hashes wanted. */
  readonly hashes: Partial<Record<HashName, string>>;
  /** The hashes to compute while the bytes come. */
  readonly names: readonly HashName[];
  /** A part file of another download is set aside instead of refused. */
  readonly replace: boolean;
  /** The journal is written when this many bytes are not in it yet. */
  readonly flushBytes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

const bufferBytes = 1024 * 1024;
/** A journal is written at least this often while bytes come. */
const flushMs = 1000;
/** How often, and after how many bytes, what was written is brought to the disk while more comes. */
const syncMs = 2000;
const syncBytes = 128 * 1024 * 1024;

/**
 * The unfinished file and its journal: owns the bytes on disk, the lock, the account of what has been written and the
 * hash that follows. Whoever opened it closes it; closing writes the journal.
 */
export class PartFile {
  /** The final name. */
  readonly path: string;
  readonly #options: PartFileOptions;
  readonly #journalPath: string;
  #lock: PartLock;
  #recorder: SpanRecorder;
  #journal: Journal;
  #digest: DigestFollower;
  #unflushed = 0;
  #unsynced = 0;
  #flushed: number;
  #synced: number;
  #syncing: Promise<void> | undefined;
  #syncFailure: unknown;
  #isClosed = false;
  /** Bytes that were there from an earlier run. */
  resumedBytes = 0;
  /** Where the bytes of earlier runs lie; they are the first suspects when the hash is wrong. */
  restored: readonly { start: number; end: number }[] = [];

  private constructor(options: PartFileOptions, lock: PartLock) {
    this.#options = options;
    this.path = options.path;
    this.#lock = lock;
    this.#journalPath = `${lock.path}.json`;
    this.#recorder = new SpanRecorder();
    this.#journal = newJournal({ url: options.url, digests: options.hashes, clock: options.clock });
    this.#digest = followDigest(lock.path, options.names);
    this.#flushed = this.#synced = options.clock.now();
  }

  /**
   * Locks the part file and takes over what an earlier run proved to have written.
   *
   * @throws {DiskError} `target_locked`, `part_mismatch` when the part belongs to another download, and what the disk says.
   */
  static async open(options: PartFileOptions): Promise<PartFile> {
    const lock = lockPart(`${options.path}.part`, options.path);
    let part: PartFile | undefined;
    try {
      part = new PartFile(options, lock);
      await part.#restore();
      return part;
    } catch (error) {
      if (part === undefined) lock.release();
      else part.abandon();
      throw error;
    }
  }

  async #restore(): Promise<void> {
    const { url, hashes, replace, signal } = this.#options;
    this.#removeFresh();
    const found = readJournal(this.#journalPath);
    if (found === undefined || "damaged" in found) return;
    if (!belongs(found, url, hashes)) {
      if (replace) return this.setAside();
      const { path } = this.#lock;
      throw new DiskError(`resuming ${JSON.stringify(path)}: it belongs to "${found.url}"`, {
        code: "part_mismatch",
        path,
      });
    }
    const spans = await proveSpans(this.#lock.path, found.spans, { signal });
    this.#journal = { ...found, url: redactUrl(url), urlDigest: urlDigest(url), digests: { ...hashes }, spans };
    this.#recorder = new SpanRecorder({ spans });
    this.resumedBytes = this.covered;
    this.restored = spans;
    this.#digest.advance(this.#recorder.covered.prefix);
  }

  /** Removes what a process left that was killed while it wrote its journal. */
  #removeFresh(): void {
    const fresh = `${this.#journalPath}.tmp`;
    try {
      rmSync(fresh, { force: true });
    } catch (error) {
      throw wrapDiskError(error, fresh, "removing");
    }
  }

  /** Size of the whole file in bytes, where known. */
  get total(): number | undefined {
    return this.#journal.total;
  }

  /** Proof that further bytes belong to those that are there. */
  get validator(): Validator | undefined {
    const { validator: value, validatorHost: host } = this.#journal;
    return value === undefined || host === undefined ? undefined : { value, host };
  }

  /** The name an earlier answer gave the file. */
  get name(): string | undefined {
    return this.#journal.name;
  }

  /** Notes the name the file will get: a later run finds it here. */
  keepName(name: string): void {
    this.#journal = { ...this.#journal, name };
  }

  /** Bytes that are there. */
  get covered(): number {
    return this.#recorder.covered.covered;
  }

  /** Where the unfinished file is. */
  get partPath(): string {
    return this.#lock.path;
  }

  /** Bytes of the disk the unfinished file takes already. */
  get allocatedBytes(): number {
    const { blocks, size } = this.#lock.file.statSync();
    return blocks === null ? size : blocks * 512;
  }

  /** What is missing. */
  holes(): { start: number; end: number }[] {
    return this.#recorder.covered.holes(this.total ?? Infinity);
  }

  /** Notes what the first answer told about the file. */
  identify(total: number | undefined, validator: Validator | undefined): void {
    this.#journal = {
      ...this.#journal,
      total: total ?? this.#journal.total,
      validator: validator?.value,
      validatorHost: validator?.host,
    };
  }

  /** Writes bytes at an offset of the file, takes note of them, and lets the hash follow. */
  write(bytes: Uint8Array, at: number): void {
    writeAll(this.#lock.file, bytes, at, this.#lock.path);
    this.#recorder.record(bytes, at);
    this.#digest.advance(this.#recorder.covered.prefix);
    this.#unflushed += bytes.byteLength;
    const now = this.#options.clock.now();
    if (this.#unflushed >= this.#options.flushBytes || now - this.#flushed >= flushMs) this.flush();
    this.#unsynced += bytes.byteLength;
    if (this.#unsynced >= syncBytes || now - this.#synced >= syncMs) this.#sync();
  }

  /** The first bytes of the file. */
  start(length: number): Uint8Array {
    return this.#read(0, Math.min(length, this.covered));
  }

  /** Tells whether these bytes are what lies at an offset of the file. */
  isSame(bytes: Uint8Array, at: number): boolean {
    return Buffer.compare(this.#read(at, bytes.byteLength), bytes) === 0;
  }

  #read(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    try {
      this.#lock.file.seekSync(at, Deno.SeekMode.Start);
      let read = 0;
      while (read < length) {
        const count = this.#lock.file.readSync(bytes.subarray(read));
        if (count === null) break;
        read += count;
      }
      return bytes.subarray(0, read);
    } catch (error) {
      throw wrapDiskError(error, this.#lock.path, "reading");
    }
  }

  /** Brings bytes to the disk beside the transfer, so that little is left to sync at the end. */
  #sync(): void {
    this.#synced = this.#options.clock.now();
    this.#unsynced = 0;
    this.#syncing ??= this.#lock.file.syncData().catch((error) => {
      // the system tells of each failure once: the seal would hear nothing of it
      if (!isUnsupported(error)) this.#syncFailure ??= error;
    }).finally(() => this.#syncing = undefined);
  }

  /** Writes the journal: what it names was written before, and carries a checksum. */
  flush(): void {
    this.#flushed = this.#options.clock.now();
    this.#unflushed = 0;
    const updated = this.#options.clock.date();
    this.#journal = { ...this.#journal, spans: this.#recorder.entries(), updated };
    writeJournal(this.#journalPath, this.#journal, { sync: false });
  }

  /** The hashes of the whole file; waits until the follower has caught up. */
  async digests(): Promise<Partial<Record<HashName, string>>> {
    // beside the last of the hashing, so that little is left for the seal
    this.#sync();
    return await this.#digest.finish(this.total ?? this.covered);
  }

  /** Forgets the bytes of spans that no longer have the checksum they were written with; tells how many that were. */
  async dropDamaged(): Promise<number> {
    const { signal } = this.#options;
    const before = this.covered;
    this.#checkPlace();
    const spans = await proveSpans(this.#lock.path, this.#recorder.entries(), { signal });
    this.#recorder = new SpanRecorder({ spans });
    return before - this.covered;
  }

  /** Puts other bytes in place of those that were there. */
  overwrite(bytes: Uint8Array, at: number): void {
    writeAll(this.#lock.file, bytes, at, this.#lock.path);
    // a checksum cannot be mended in the middle: the spans around are counted anew
    for (const gone of this.#recorder.forget(at, at + bytes.byteLength)) {
      for (let from = gone.start; from < gone.end; from += bufferBytes) {
        this.#recorder.record(this.#read(from, Math.min(bufferBytes, gone.end - from)), from);
      }
    }
  }

  /** Marks all bytes that are there as the first to be fetched again when the hash is wrong. */
  suspect(): void {
    this.restored = this.#recorder.entries();
  }

  /** Lets the hash begin again from the first byte. */
  rehash(): void {
    this.#digest.reset();
    this.#digest.advance(this.#recorder.covered.prefix);
  }

  /** Forgets everything that was written: the file is another one now. */
  restart(): void {
    const { url, hashes, clock } = this.#options;
    this.#recorder = new SpanRecorder();
    this.#journal = { ...newJournal({ url, digests: hashes, clock }), name: this.name };
    this.resumedBytes = 0;
    this.restored = [];
    this.#digest.reset();
    this.flush();
  }

  /** Keeps what was written under another name and begins again with an empty part file. */
  setAside(): void {
    const { path } = this.#lock;
    this.#digest.close();
    try {
      renameSync(path, freeName(`${path}.old`));
      rmSync(this.#journalPath, { force: true });
    } catch (error) {
      throw wrapDiskError(error, path, "setting aside");
    } finally {
      this.#lock.release();
    }
    this.#lock = lockPart(path, this.path);
    this.#digest = followDigest(path, this.#options.names);
    this.restart();
  }

  /** Cuts the file to its size and brings it to the disk. */
  async seal(): Promise<void> {
    try {
      await this.#syncing;
      if (this.#syncFailure !== undefined) throw this.#syncFailure;
      this.#lock.file.truncateSync(this.total ?? this.covered);
      await this.#lock.file.sync().catch((error) => {
        if (!isUnsupported(error)) throw error;
      });
    } catch (error) {
      throw wrapDiskError(error, this.#lock.path, "syncing");
    }
  }

  /** Gives the sealed file its name, and removes the journal. When that fails, `close` keeps the account of the bytes. */
  publish(name: string, replace: boolean): void {
    this.#digest.close();
    this.#checkPlace();
    // where a file in use cannot be renamed, the lock is given up just before
    if (Deno.build.os === "windows") this.#lock.release();
    renameDurably(this.#lock.path, name, { replace });
    this.#isClosed = true;
    this.#lock.release();
    try {
      rmSync(this.#journalPath, { force: true });
    } catch {
      // the file is there and right; a journal nobody needs takes nothing from that
    }
  }

  /** Refuses what someone put in place of the file that was written. */
  #checkPlace(): void {
    if (this.#isInPlace()) return;
    const { path } = this.#lock;
    throw new DiskError(`publishing ${JSON.stringify(path)}: something else has taken its place`, {
      code: "part_mismatch",
      path,
    });
  }

  #isInPlace(): boolean {
    const { path, file } = this.#lock;
    return isSameFile(file.statSync(), lstatSync(path, { throwIfNoEntry: false }));
  }

  /** Writes the journal and lets go; what was written stays for the next run. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#syncing;
    try {
      if (this.#unflushed > 0) this.flush();
    } finally {
      if (this.covered === 0) this.#removeEmpty();
      this.abandon();
    }
  }

  /** Lets go without another word. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#digest.close();
    this.#lock.release();
  }

  #removeEmpty(): void {
    // nothing was won: nothing needs to stay
    rmSync(this.#journalPath, { force: true });
    if (!this.#isInPlace()) return;
    if (this.#lock.created || this.#lock.file.statSync().size === 0) rmSync(this.#lock.path, { force: true });
  }
}

/**
 * Tells whether a journal is about the same file: the same URL, the same hash, or the same address with another query
 * (signatures come and go). Whether the file behind it changed is for the validator and the final hash to say.
 */
export function belongs(journal: Journal, url: string, hashes: Partial<Record<HashName, string>>): boolean {
  if (journal.urlDigest === urlDigest(url)) return true;
  const known = Object.entries(hashes).filter(([name]) => name in journal.digests);
  if (known.length > 0) {
    return known.every(([name, digest]) => journal.digests[name]!.toLowerCase() === digest.toLowerCase());
  }
  const bare = (text: string) => text.replace(/[?#].*$/s, "");
  return bare(journal.url) === bare(redactUrl(url));
}

function freeName(path: string): string {
  for (let number = 0;; number++) {
    const name = number === 0 ? path : `${path}.${number}`;
    try {
      Deno.lstatSync(name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return name;
      throw error;
    }
  }
}
