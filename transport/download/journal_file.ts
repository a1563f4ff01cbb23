import { closeSync, writeSync } from "node:fs";
import { wrapDiskError } from "./disk.ts";
import { type Journal, writeJournal } from "./journal.ts";
import { type JournalSpan, recordLine } from "./journal_record.ts";

/** What a {@linkcode JournalFile} has to know of the account of the bytes. */
export interface SpanSource {
  /** Every span, sorted, neighbours joined. */
  entries(): JournalSpan[];
  /** Spans that are new, or longer, since the last time; undefined when the others do not all stand any more. */
  takeChanged(): JournalSpan[] | undefined;
}

/** Settings of a {@linkcode JournalFile}. */
export interface JournalFileOptions {
  /** How much may be added to a journal, in bytes, before it is written anew however small it is. Default 64 KiB. */
  spareBytes?: number;
}

/**
 * How many times what a journal begins with may be added to it. Each new beginning then is a good deal larger than the one
 * before, so that all of them together cost as much as the last ones: the same for a byte of the file, whatever its size.
 */
const mostGrowth = 4;

/**
 * The journal of a download under way. It begins with the whole account, which took its name in one step; what comes to it
 * is added line by line, each with a checksum, and now and then it is written anew. Nothing is synced: every span is read
 * back and proven before anybody relies on it.
 */
export class JournalFile {
  readonly #path: string;
  readonly #spareBytes: number;
  /** Open for lines to be added to what `#head` was written with; undefined when it has to be written anew. */
  #file: number | undefined;
  #head: Journal | undefined;
  #mayAddBytes = 0;
  #addedBytes = 0;

  /** Touches nothing yet. */
  constructor(path: string, { spareBytes = 64 * 1024 }: JournalFileOptions = {}) {
    this.#path = path;
    this.#spareBytes = spareBytes;
  }

  /**
   * Brings the journal up to date.
   *
   * @param head What it says besides the spans; another object means that something in it is another.
   * @param updated Milliseconds since the epoch.
   * @throws {DiskError} When the disk refuses; what was in the journal still stands.
   */
  update(head: Journal, account: SpanSource, updated: number): void {
    const changed = account.takeChanged();
    if (this.#file === undefined || head !== this.#head || changed === undefined) {
      return this.#writeWhole(head, account, updated);
    }
    if (changed.length === 0) return;
    const line = recordLine(changed, updated);
    if (this.#addedBytes + line.length > this.#mayAddBytes) return this.#writeWhole(head, account, updated);
    try {
      this.#add(this.#file, line);
    } catch (error) {
      // after half a line no other can follow
      this.close();
      throw wrapDiskError(error, this.#path, "writing the journal");
    }
  }

  /** Writes it anew where lines were added: what is left for another run is one text. @throws {DiskError} As `update`. */
  settle(head: Journal, account: SpanSource, updated: number): void {
    if (this.#file !== undefined && this.#addedBytes > 0) this.#writeWhole(head, account, updated);
  }

  /** Lets go of the file; the next `update` writes it anew. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #writeWhole(head: Journal, account: SpanSource, updated: number): void {
    this.close();
    const { file, length } = writeJournal(this.#path, { ...head, spans: account.entries(), updated });
    this.#file = file;
    this.#head = head;
    this.#addedBytes = 0;
    this.#mayAddBytes = this.#spareBytes + mostGrowth * length;
    account.takeChanged();
  }

  #add(file: number, line: string): void {
    const written = writeSync(file, line);
    if (written < line.length) throw new Error(`only ${written} of ${line.length} bytes were taken`);
    this.#addedBytes += line.length;
  }
}
