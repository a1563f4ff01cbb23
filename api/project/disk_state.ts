import { isAbandonedClaim, isSameHash, wrapDiskError } from "../../transport/internal.ts";
import { digestFile, type Digests, type HashName, hashNames } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { HashCache } from "../library/hash_cache.ts";
import type { LockedFile } from "./lock.ts";

/** What is at a locked file's place. */
export type DiskState =
  /** The file itself; its SHA-256 and size. */
  | { kind: "same"; sha256: string; bytes: number }
  /** Another file; its SHA-256. */
  | { kind: "other"; sha256: string }
  | { kind: "missing" };

/** The SHA-256 of the file at `path`, out of the cache where it was not changed since; undefined when there is none. */
export async function hashOf(
  path: string,
  cache: HashCache,
  { signal }: CallOptions = {},
): Promise<{ sha256: string; bytes: number } | undefined> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw wrapDiskError(error, path, "looking at");
  }
  if (info.size === 0 && isAbandonedClaim(path)) return undefined;
  const stamp = { path, bytes: info.size, mtimeMs: info.mtime?.getTime() ?? 0 };
  const record = cache.find(stamp);
  if (record !== undefined) return { sha256: record.sha256, bytes: info.size };
  const { SHA256: sha256 } = await digestFile(path, ["SHA256"], { signal });
  cache.keep({ ...stamp, sha256: sha256! });
  return { sha256: sha256!, bytes: info.size };
}

/** Looks at the place of a locked file. */
export async function diskState(
  path: string,
  { sha256: wanted, bytes, hashes = {} }: LockedFile,
  cache: HashCache,
  options: CallOptions = {},
): Promise<DiskState> {
  const found = await hashOf(path, cache, options);
  if (found === undefined) return { kind: "missing" };
  const isSame = wanted === null
    ? (bytes === null || bytes === found.bytes) && await agree(path, hashes, bytes, options)
    : wanted === found.sha256;
  return isSame ? { kind: "same", ...found } : { kind: "other", sha256: found.sha256 };
}

/** Without any hash, the exact size has to do: the downloader gives a name only to whole files. */
async function agree(
  path: string,
  wanted: Digests,
  bytes: number | null,
  { signal }: CallOptions,
): Promise<boolean> {
  const names = hashNames.filter((name) => wanted[name] !== undefined);
  if (names.length === 0) return bytes !== null;
  const found = await digestFile(path, names, { signal });
  const comparable = names.filter((name: HashName) => found[name] !== undefined);
  return comparable.length > 0 && comparable.every((name) => isSameHash(name, wanted[name]!, found[name]!));
}
