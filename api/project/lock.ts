import * as v from "valibot";
import { isLoopback, redactUrl } from "../../transport/internal.ts";
import type { Digests } from "../../transport/mod.ts";
import { idRule, isId } from "../client/input.ts";
import { type JsonObject, prettyJson, readJsonObject, unreadable } from "../disk/json_file.ts";
import { checkedFile } from "./checked_file.ts";
import { isInnerPath } from "./names.ts";

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
  /** The very version and file; of a file elsewhere, the address that was asked for. */
  air: string;
  /** The model; null for a file elsewhere. */
  modelId: number | null;
  /** The version; null for a file elsewhere. */
  versionId: number | null;
  /** The file; null for one elsewhere. */
  fileId: number | null;
  /** The model's name, for people; of a file elsewhere its own. */
  model: string;
  /** The version's name, for people; of a file on huggingface.co the commit. */
  version: string;
  /** Where it is from; of a file on huggingface.co at that very commit. */
  url: string;
  /** What huggingface.co calls its content: the OID of Git LFS, which is its SHA-256, or of a Git blob. */
  oid?: string | undefined;
  /** Other URLs of it, tried when `url` answers 404. */
  fallbackUrls?: string[] | undefined;
  /** Other hashes, where there is no SHA-256. */
  hashes?: Digests | undefined;
  /** True while nobody has hashed the adopted file: its SHA-256 is what the site names for what it is taken for. */
  presumed?: boolean | undefined;
}

/** What is installed, exactly: `civikit.lock.json`. Keys not named here are kept. */
export interface Lock {
  /** The form of the file: 2 where a file from elsewhere is among them, which a reader of 1 would not understand. */
  lockVersion: 1 | 2;
  /** The files, in the order of their paths. */
  files: LockedFile[];
}

const text = v.pipe(v.string(), v.nonEmpty());
const id = v.nullable(v.pipe(v.number(), v.check(isId, idRule)));
const url = v.pipe(v.string(), v.check(isOpenUrl, "an https URL without a user name"));
const schema = v.looseObject({
  lockVersion: v.pipe(v.number(), v.integer(), v.minValue(1)),
  files: v.array(v.pipe(
    v.looseObject({
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
      presumed: v.exactOptional(v.boolean()),
      oid: v.exactOptional(v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i))),
    }),
    v.check(
      (file) => isWholeOrigin(file),
      "modelId, versionId, fileId and download URLs of Civitai, or none of the ids",
    ),
  )),
});

function isOpenUrl(text: string): boolean {
  const parsed = URL.parse(text);
  return parsed !== null && (parsed.protocol === "https:" || isLoopback(parsed.href)) && parsed.username === "";
}

/** Whether an address may be written down: with a key or a signature in it, it is nobody else's, and soon nobody's. */
export function isPlainUrl(url: string): boolean {
  const { href } = new URL(url);
  return redactUrl(href) === href;
}

/** What names a model of the site comes from its downloads, whoever wrote the file: keys go along there. */
function isWholeOrigin({ modelId, versionId, fileId, url, fallbackUrls = [] }: {
  readonly modelId: number | null;
  readonly versionId: number | null;
  readonly fileId: number | null;
  readonly url: string;
  readonly fallbackUrls?: readonly string[];
}): boolean {
  const ids = [modelId, versionId, fileId].filter((one) => one !== null).length;
  const isDownload = (text: string) => /\/api\/download\/models\/\d+$/.test(URL.parse(text)?.pathname ?? "");
  return ids === 0 ? isPlainUrl(url) : ids === 3 && [url, ...fallbackUrls].every(isDownload);
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
  const lock = checkedLock(path, value);
  for (const file of lock.files) if (file.sha256 !== null) file.sha256 = file.sha256.toUpperCase();
  return lock;
}

function checkedLock(path: string, value: JsonObject): Lock {
  const lock = checkedFile(path, value, schema, "lockVersion", 2) as unknown as Lock;
  const seen = new Set<string>();
  for (const { path: place } of lock.files) {
    const key = place.toLowerCase();
    if (seen.has(key)) throw unreadable(path, `two files have the path ${JSON.stringify(place)}`);
    seen.add(key);
  }
  return lock;
}

/**
 * The lock as text: always the same for the same files, so that version control shows what changed and nothing else.
 *
 * @throws {InputError} `invalid_file` when it could not be read back from `path`.
 */
export function lockText(path: string, lock: Lock): string {
  const lockVersion = lock.files.some(({ modelId }) => modelId === null) ? 2 : 1;
  const files = lock.files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const text = prettyJson({ ...lock, lockVersion, files });
  checkedLock(path, JSON.parse(text));
  return text;
}
