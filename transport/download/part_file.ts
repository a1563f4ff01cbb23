import { Buffer } from "node:buffer";
import { DiskError } from "../errors/errors.ts";
import type { Validator } from "../body/part.ts";
import type { Span } from "../body/spans.ts";
import { redactUrl } from "../http/redact.ts";
import { type DigestFollower, followDigest, type HashName } from "./digest.ts";
import { readAt, wrapDiskError, writeAll } from "./disk.ts";
import { belongs, type Journal, moveAside, newJournal, readJournal, urlDigest } from "./journal.ts";
import { JournalFile } from "./journal_file.ts";
import { checkPlace, lockPart, type PartLock, removeEmpty } from "./lock.ts";
import type { PartFileOptions } from "./part_options.ts";
import { removeIfThere } from "./plain_file.ts";
import { renameTogether } from "./rename.ts";
import { proveSpans, SpanRecorder } from "./span_recorder.ts";
import { Due, SyncBehind } from "./sync_behind.ts";

const bufferBytes = 1024 * 1024;
/** A file up to here is brought to the disk in one go. */
const smallBytes = 256 * 1024;
/** A journal is written at least this often while bytes come. */
const flushMs = 1000;

/**
 * The unfinished file and its journal: owns the bytes on disk, the lock, the account of what has been written and the
 * hash that follows. Whoever opened it closes it; closing writes the journal.
 */
export class PartFile {
  readonly #options: PartFileOptions;
  readonly #journalPath: string;
  #lock: PartLock;
  #recorder: SpanRecorder = new SpanRecorder();
  /** What the journal says besides the spans; never changed, only replaced. */
  #journal: Journal;
  readonly #journalFile: JournalFile;
  #digest: DigestFollower;
  #sync: SyncBehind;
  readonly #flushDue: Due;
  #isClosed = false;
  #restored: readonly Span[] = [];
  /** How much of what an earlier run left still has its checksum, as `41 of 43 spans`; undefined where there was nothing. */
  proof: string | undefined;

  private constructor(options: PartFileOptions, lock: PartLock) {
    this.#options = options;
    this.#lock = lock;
    this.#journalPath = `${lock.path}.json`;
    this.#journalFile = new JournalFile(this.#journalPath);
    this.#journal = newJournal({ url: options.url, digests: options.hashes, clock: options.clock });
    this.#digest = followDigest(lock.path, options.names);
    this.#sync = new SyncBehind(lock.file, options.clock);
    this.#flushDue = new Due(options.clock, options.flushBytes, flushMs);
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
    const { url, hashes, replace } = this.#options;
    const found = readJournal(this.#journalPath);
    if (found === undefined || "damaged" in found) return;
    if (!belongs(found, url, hashes)) {
      if (replace) return this.setAside();
      const { path } = this.#lock;
      const message = `resuming ${JSON.stringify(path)}: it belongs to "${found.url}"`;
      throw new DiskError(message, { code: "part_mismatch", path });
    }
    if (!this.#options.resume) return this.restart();
    const spans = await proveSpans(this.#lock.path, found.spans, this.#options);
    this.#journal = { ...found, url: redactUrl(url), urlDigest: urlDigest(url), digests: { ...hashes }, spans: [] };
    this.#recorder = new SpanRecorder({ spans });
    this.#restored = spans;
    this.proof = `${spans.length} of ${found.spans.length} spans`;
    this.#digest.advance(this.#recorder.covered.prefix);
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

  /** Where the bytes of earlier runs lie; they are the first suspects when the hash is wrong. */
  get restored(): readonly Span[] {
    return this.#restored;
  }

  /** How many they are. */
  get resumedBytes(): number {
    return this.#restored.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Bytes of the disk the unfinished file takes already. */
  get allocatedBytes(): number {
    const { blocks, size } = this.#lock.file.statSync();
    return blocks === null ? size : blocks * 512;
  }

  /** What is missing. */
  holes(): Span[] {
    return this.#recorder.covered.holes(this.total ?? Infinity);
  }

  /** Notes what the first answer told about the file. */
  identify(total: number | undefined, proof: Validator | undefined): void {
    const known = this.#journal;
    this.#journal = { ...known, total: total ?? known.total, validator: proof?.value, validatorHost: proof?.host };
  }

  /** Writes bytes at an offset of the file, takes note of them, and lets the hash follow. */
  write(bytes: Uint8Array, at: number): void {
    writeAll(this.#lock.file, bytes, at, this.#lock.path);
    this.#recorder.record(bytes, at);
    this.#digest.feed(bytes, at, this.total);
    this.#digest.advance(this.#recorder.covered.prefix);
    if (this.#flushDue.add(bytes.byteLength)) this.flush();
    this.#sync.count(bytes.byteLength);
  }

  /** The first bytes of the file, as far as they are there. */
  start(length: number): Uint8Array {
    return this.#read(0, Math.min(length, this.#recorder.covered.prefix));
  }

  /** Tells whether these bytes are what lies at an offset of the file. */
  isSame(bytes: Uint8Array, at: number): boolean {
    return Buffer.compare(this.#read(at, bytes.byteLength), bytes) === 0;
  }

  #read(at: number, length: number): Uint8Array {
    return readAt(this.#lock.file, at, length, this.#lock.path);
  }

  /** Writes the journal: what it names was written before, and carries a checksum. */
  flush(): void {
    this.#flushDue.reset();
    this.#journalFile.update(this.#journal, this.#recorder, this.#options.clock.date());
  }

  /** The hashes of the whole file; waits until the follower has caught up. */
  async digests(): Promise<Partial<Record<HashName, string>>> {
    // beside the last of the hashing, so that little is left for the seal; of a small file the seal takes it all
    if (this.covered > smallBytes) this.#sync.begin();
    return await this.#digest.finish(this.total ?? this.covered);
  }

  /** Forgets the bytes of spans that no longer have the checksum they were written with; tells how many that were. */
  async dropDamaged(): Promise<number> {
    const before = this.covered;
    checkPlace(this.#lock);
    const { signal } = this.#options;
    const entries = this.#recorder.entries();
    const share = this.#digest.share;
    const spans = await proveSpans(this.#lock.path, entries, { file: this.#lock.file, signal, share });
    if (spans.length < entries.length) this.#recorder = new SpanRecorder({ spans });
    return before - this.covered;
  }

  /** Puts other bytes in place of those that were there. */
  overwrite(bytes: Uint8Array, at: number): void {
    writeAll(this.#lock.file, bytes, at, this.#lock.path);
    // a checksum cannot be mended in the middle: the spans around are counted anew
    for (const { start, end } of this.#recorder.forget(at, at + bytes.byteLength)) {
      for (let from = start; from < end; from += bufferBytes) {
        this.#recorder.record(this.#read(from, Math.min(bufferBytes, end - from)), from);
      }
    }
  }

  /** Marks all bytes that are there as the first to be fetched again when the hash is wrong. */
  suspect(): void {
    this.#restored = this.#recorder.entries();
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
    this.#restored = [];
    this.#digest.reset();
    this.flush();
  }

  /** Keeps what was written under another name and begins again with an empty part file. */
  setAside(): void {
    const { path } = this.#lock;
    this.#digest.close();
    this.#journalFile.close();
    try {
      moveAside(path, this.#journalPath);
    } finally {
      this.#lock.release();
    }
    this.#lock = lockPart(path, this.#options.path);
    this.#sync = new SyncBehind(this.#lock.file, this.#options.clock);
    this.#digest = followDigest(path, this.#options.names);
    this.restart();
  }

  /** Cuts the file to its size and brings it to the disk. */
  async seal(): Promise<void> {
    try {
      await this.#sync.finish(this.total ?? this.covered);
    } catch (error) {
      throw wrapDiskError(error, this.#lock.path, "syncing");
    }
  }

  /**
   * Gives the sealed file its name, which is on the disk when this resolves, and removes the journal. When that fails,
   * `close` keeps the account of the bytes.
   */
  async publish(name: string, replace: boolean): Promise<void> {
    this.#digest.close();
    checkPlace(this.#lock);
    this.#journalFile.close();
    // where a file in use cannot be renamed, the lock is given up just before
    if (Deno.build.os === "windows") this.#lock.release();
    await renameTogether(this.#lock.path, name, { replace });
    this.#isClosed = true;
    this.#lock.release();
    try {
      removeIfThere(this.#journalPath);
    } catch {
      // the file is there and right; a journal nobody needs takes nothing from that
    }
  }

  /** Writes the journal and lets go; what was written stays for the next run. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#sync.settled;
    try {
      if (this.#flushDue.bytes > 0) this.flush();
      this.#journalFile.settle(this.#journal, this.#recorder, this.#options.clock.date());
    } finally {
      this.#journalFile.close();
      if (this.covered === 0) {
        // nothing was won: nothing needs to stay
        removeIfThere(this.#journalPath);
        removeEmpty(this.#lock);
      }
      this.abandon();
    }
  }

  /** Lets go without another word. */
  abandon(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#digest.close();
    this.#journalFile.close();
    this.#lock.release();
  }
}
