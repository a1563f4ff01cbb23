import * as v from "valibot";
import { type Digests, isLoopback } from "../../transport/mod.ts";
import { idRule, isId } from "../input.ts";
import { prettyJson, readJsonObject, unreadable, writeWhole } from "../json_file.ts";
import { checkedFile } from "./checked_file.ts";

/** One file, exactly. Keys not named here are kept. */
export interface LockedFile {
  /** Where it is below the root, with `/` between folders. */
  path: string;
  /** Its SHA-256, upper case; null until the first install where the site names none. */
  sha256: string | null;
  /** Its size; null while it is not known exactly. */
  bytes: number | null;
  /** What the manifest wants it for: the entry's `air`, and what is special about the entry. */
  wanted: string;
  /** The very version and file. */
  air: string;
  /** The model. */
  modelId: number;
  /** The version. */
  versionId: number;
  /** The file. */
  fileId: number;
  /** The model's name, for people. */
  model: string;
  /** The version's name, for people. */
  version: string;
  /** Where it is from. */
  url: string;
  /** Other URLs of it, tried when `url` answers 404. */
  fallbackUrls?: string[] | undefined;
  /** Other hashes, where there is no SHA-256. */
  hashes?: Digests | undefined;
}

/** What is installed, exactly: `civikit.lock.json`. Keys not named here are kept. */
export interface Lock {
  /** The form of the file. */
  lockVersion: 1;
  /** The files, in the order of their paths. */
  files: LockedFile[];
}

/** Name of the lock file. */
export const lockName = "civikit.lock.json";

const text = v.pipe(v.string(), v.nonEmpty());
const id = v.pipe(v.number(), v.check(isId, idRule));
const url = v.pipe(v.string(), v.check(isDownloadUrl, "an https download URL"));
const schema = v.looseObject({
  lockVersion: v.pipe(v.number(), v.integer(), v.minValue(1)),
  files: v.array(v.looseObject({
    path: v.pipe(text, v.check(isInnerPath, "a path below the root")),
    sha256: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/i))),
    bytes: v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    wanted: text,
    air: text,
    modelId: id,
    versionId: id,
    fileId: id,
    model: v.string(),
    version: v.string(),
    url,
    fallbackUrls: v.exactOptional(v.array(url)),
    hashes: v.exactOptional(v.record(v.string(), v.string())),
  })),
});

function isDownloadUrl(text: string): boolean {
  const parsed = URL.parse(text);
  return parsed !== null && (parsed.protocol === "https:" || isLoopback(parsed.href)) && parsed.username === "" &&
    /\/api\/download\/models\/\d+$/.test(parsed.pathname);
}

function isInnerPath(path: string): boolean {
  // deno-lint-ignore no-control-regex
  return !/[\\\x00-\x1f]|^[a-z]:/i.test(path) &&
    path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** A lock that holds nothing yet. */
export function emptyLock(): Lock {
  return { lockVersion: 1, files: [] };
}

/**
 * Reads a lock file; undefined when there is none.
 *
 * @throws {InputError} `invalid_file` with the place, when it was edited into something that cannot be meant.
 * @throws {CivikitError} `newer_format` when a newer civikit wrote it.
 */
export function readLock(path: string): Lock | undefined {
  const value = readJsonObject(path);
  if (value === undefined) return undefined;
  const lock = checkedFile(path, value, schema, "lockVersion", 1) as unknown as Lock;
  const seen = new Map<string, string>();
  for (const file of lock.files) {
    const key = file.path.toLowerCase(), other = seen.get(key);
    if (other !== undefined) throw unreadable(path, `two files have the path ${JSON.stringify(file.path)}`);
    seen.set(key, file.path);
    if (file.sha256 !== null) file.sha256 = file.sha256.toUpperCase();
  }
  return lock;
}

/** The lock as text: always the same for the same files, so that version control shows what changed and nothing else. */
export function lockText(lock: Lock): string {
  return prettyJson({ ...lock, files: lock.files.toSorted((a, b) => a.path < b.path ? -1 : 1) });
}

/**
 * Writes a lock file in one step.
 *
 * @throws {DiskError} When the disk refuses; the old one is untouched then.
 */
export function writeLock(path: string, lock: Lock): void {
  writeWhole(path, lockText(lock));
}
