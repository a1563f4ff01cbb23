import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type Clock, systemClock } from "../clock.ts";
import { type JournalSpan, lastOf, readRecords } from "./journal_record.ts";
import { openFresh, openPlain, removeIfThere } from "./plain_file.ts";
import { redactUrl } from "../http/redact.ts";
import { wrapDiskError } from "./disk.ts";
import { safeFileName } from "./safe_name.ts";

/** What `NAME.part.json` says about `NAME.part`, what was added to it included. It holds no credentials and no signed query string. */
export interface Journal {
  /** Of this format. */
  readonly version: 1;
  /** What was asked for, redacted: for people. */
  readonly url: string;
  /** What was asked for, as {@linkcode urlDigest} gives it: for comparing. */
  readonly urlDigest: string;
  /** The name the file will get, where it is not that of the part file. */
  readonly name?: string | undefined;
  /** The strong ETag, else the Last-Modified, the bytes belong to. */
  readonly validator?: string | undefined;
  /** The host that gave the validator: storage hosts number their copies independently. */
  readonly validatorHost?: string | undefined;
  /** Size of the whole file in bytes, where known. */
  readonly total?: number | undefined;
  /** The hashes wanted, by name. */
  readonly digests: Readonly<Record<string, string>>;
  /** What has been written. */
  readonly spans: readonly JournalSpan[];
  /** When the download began, in milliseconds since the epoch. */
  readonly created: number;
  /** When this journal was written, in milliseconds since the epoch. */
  readonly updated: number;
}

/** A journal that cannot be believed; it was set aside, and the bytes of the part file are unproven. */
export interface DamagedJournal {
  /** What is wrong with it. */
  readonly damaged: string;
  /** Where it was put. */
  readonly keptAs: string;
}

/** SHA-256 of a URL without user info, fragment and `token`, so that a new key still finds its old part file. */
export function urlDigest(url: string | URL): string {
  const plain = new URL(url);
  // each of these has the URL parsed anew, and most have none
  if (plain.username || plain.password || plain.hash) plain.username = plain.password = plain.hash = "";
  if (plain.search) plain.searchParams.delete("token");
  return createHash("sha256").update(plain.href).digest("hex");
}

/** A journal without spans, for a download that begins. */
export function newJournal(
  { url, validator, total, digests = {}, clock = systemClock }: {
    url: string | URL;
    validator?: string | undefined;
    total?: number | undefined;
    digests?: Readonly<Record<string, string>>;
    clock?: Clock;
  },
): Journal {
  const now = clock.date();
  const shown = redactUrl(url);
  return {
    version: 1,
    url: shown,
    urlDigest: urlDigest(url),
    validator,
    total,
    digests,
    spans: [],
    created: now,
    updated: now,
  };
}

const largestBytes = 64 * 1024 * 1024;

/**
 * Reads the journal at `path`. One that is truncated, zero-filled, of another version or otherwise senseless is renamed
 * to `path.bad` (faults row 26), so that it is neither trusted nor lost.
 *
 * @returns Undefined when there is none.
 * @throws {DiskError} when the disk refuses.
 */
export function readJournal(path: string): Journal | DamagedJournal | undefined {
  removeFresh(`${path}.tmp`);
  const found = peekJournal(path);
  return typeof found === "string" ? setAside(path, found) : found;
}

/** Removes what a process left that was killed while it wrote its journal. */
function removeFresh(fresh: string): void {
  try {
    removeIfThere(fresh);
  } catch (error) {
    throw wrapDiskError(error, fresh, "removing");
  }
}

/** The same without touching it: one that cannot be believed is told by what is wrong with it. */
export function peekJournal(path: string): Journal | string | undefined {
  if (!existsSync(path)) return undefined;
  let text: string | undefined;
  try {
    text = readText(path);
  } catch (error) {
    const wrapped = wrapDiskError(error, path, "reading the journal");
    if (wrapped.code === "folder_missing") return undefined;
    throw wrapped;
  }
  if (text === undefined) return "not a plain file of a believable size";
  // the first line is the account as it was when the journal was last written whole
  const headEnd = text.indexOf("\n");
  let value: unknown;
  try {
    value = JSON.parse(headEnd < 0 ? text : text.slice(0, headEnd));
  } catch {
    return "not JSON";
  }
  const fault = findFault(value);
  if (fault !== undefined) return fault;
  const journal = value as Journal;
  const records = headEnd < 0 ? [] : readRecords(text.slice(headEnd + 1));
  if (records.length === 0) return journal;
  const spans = lastOf([...journal.spans, ...records.flatMap(({ spans }) => spans)]);
  return { ...journal, spans, updated: records.at(-1)!.updated };
}

/** Undefined for a link, a folder, or more than any journal holds. */
function readText(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() || found?.isDirectory()) return undefined;
  const file = openPlain(path, { follow: false });
  try {
    return fstatSync(file).size > largestBytes ? undefined : readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function setAside(path: string, damaged: string): DamagedJournal {
  const keptAs = `${path}.bad`;
  try {
    renameSync(path, keptAs);
  } catch (error) {
    throw wrapDiskError(error, path, "setting aside the damaged journal");
  }
  return { damaged, keptAs };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Says what makes `value` no journal of ours; undefined when it is one. */
function findFault(value: unknown): string | undefined {
  if (!isObject(value)) return "not an object";
  if (value.version !== 1) return "of another version";
  const { url, urlDigest, name, validator, validatorHost, total, digests, spans, created, updated } = value;
  if (typeof url !== "string" || typeof urlDigest !== "string") return "without a URL";
  if (name !== undefined && (typeof name !== "string" || safeFileName(name) !== name)) return "with a senseless name";
  if (typeof (validator ?? "") !== "string" || typeof (validatorHost ?? "") !== "string") {
    return "with a senseless validator";
  }
  if (total !== undefined && !isCount(total)) return "with a senseless total";
  if (!isObject(digests) || !Object.values(digests).every((digest) => typeof digest === "string")) {
    return "with senseless digests";
  }
  if (!isCount(created) || !isCount(updated)) return "with senseless times";
  if (!Array.isArray(spans) || !spans.every((span) => isSpan(span, total ?? Infinity))) return "with senseless spans";
  return undefined;
}

function isSpan(value: unknown, total: number): boolean {
  if (!isObject(value)) return false;
  const { start, end, crc32 } = value;
  return isCount(start) && isCount(end) && isCount(crc32) && start < end && end <= total && crc32 <= 0xffffffff;
}

/**
 * Tells whether a journal is about the same file: the same URL, the same hash, or the same address with another query
 * (signatures come and go). Whether the file behind it changed is for the validator and the final hash to say.
 */
export function belongs(journal: Journal, url: string, hashes: Readonly<Record<string, string | undefined>>): boolean {
  if (journal.urlDigest === urlDigest(url)) return true;
  const known = Object.entries(hashes).filter(([name]) => name in journal.digests);
  if (known.length > 0) {
    return known.every(([name, digest]) => journal.digests[name]!.toLowerCase() === digest!.toLowerCase());
  }
  const bare = (text: string) => text.replace(/[?#].*$/s, "");
  return bare(journal.url) === bare(redactUrl(url));
}

export type { JournalSpan };

/** A journal that was just written, as one line. */
export interface WrittenJournal {
  /** The open file, to be added to; whoever asked closes it. */
  readonly file: number;
  /** How long it is, in characters. */
  readonly length: number;
}

/**
 * Puts `journal` at `path` in one step: readers see the old one or the new one, also after a failure. Nothing is synced:
 * what a power cut leaves is proven, span by span, before it is believed.
 *
 * @throws {DiskError} when the disk refuses; the old journal is then still in place.
 */
export function writeJournal(path: string, journal: Journal): WrittenJournal {
  const fresh = `${path}.tmp`;
  let file: number | undefined;
  try {
    const text = `${JSON.stringify(journal)}\n`;
    file = openFresh(fresh, 0o600);
    writeFileSync(file, text);
    renameSync(fresh, path);
    return { file, length: text.length };
  } catch (error) {
    try {
      if (file !== undefined) closeSync(file);
      rmSync(fresh, { force: true });
    } catch {
      // the first failure says more
    }
    throw wrapDiskError(error, path, "writing the journal");
  }
}

/** Renames a part file to the first name ending in `.old` that is free, and removes its journal. */
export function moveAside(path: string, journalPath: string): void {
  try {
    renameSync(path, freeName(`${path}.old`));
    rmSync(journalPath, { force: true });
  } catch (error) {
    throw wrapDiskError(error, path, "setting aside");
  }
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
