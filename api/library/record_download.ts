import { type Stats, statSync } from "node:fs";
import type { DownloadResult } from "../../transport/mod.ts";
import type { HashCache } from "./hash_cache.ts";

/**
 * Writes down the hash a download has just proved, so that neither {@linkcode scan} nor an install reads the file again.
 * Does nothing where no SHA-256 was made, or where the file is no longer what was downloaded.
 *
 * @param cache Where hashes are kept.
 * @param result What `download` resolved with.
 * @example
 * ```ts
 * import { hashCache, recordDownload } from "@civikit/civikit/api";
 *
 * const path = Deno.makeTempFileSync();
 * Deno.writeTextFileSync(path, "abc");
 * using cache = hashCache(":memory:");
 * recordDownload(cache, { path, bytes: 3, digests: { SHA256: "BA78".padEnd(64, "0") } });
 * console.log(cache.recorded(path)?.bytes); // 3
 * Deno.removeSync(path);
 * ```
 */
export function recordDownload(
  cache: HashCache,
  { path, bytes, digests: { SHA256: sha256 } }: Pick<DownloadResult, "path" | "bytes" | "digests">,
): void {
  if (sha256 === undefined) return;
  let found: Stats;
  try {
    found = statSync(path);
  } catch {
    return; // it is gone, or out of reach: there is nothing to write down
  }
  if (found.size === bytes) cache.keep({ path, bytes, mtimeMs: found.mtime.getTime(), sha256: sha256.toUpperCase() });
}
