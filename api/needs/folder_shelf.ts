import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CallOptions } from "../client/call.ts";
import type { HashCache } from "../library/hash_cache.ts";
import { type DiskFile, walkInSteps } from "../library/walk.ts";
import { plainName, type UsedModel } from "../pictures/model_list.ts";
import { hashOf } from "../project/disk_state.ts";
import type { LockedFile } from "../project/lock.ts";
import type { Held } from "./need.ts";

/** Settings of {@linkcode folderShelf}. */
export interface FolderShelfOptions extends CallOptions {
  /** Hashes of earlier runs, and what the site said of them. */
  readonly cache: HashCache;
  /** Files of a project that has this root: it knows their versions. Default: none. */
  readonly locked?: readonly LockedFile[] | undefined;
}

interface Known extends DiskFile {
  readonly sha256: string | undefined;
}

const ofSha256 = new Set([10, 64]);

/**
 * What lies in a folder, for {@linkcode needsOf}: by SHA-256 (its first ten digits will do), by version where that is known,
 * and by name. No file is read but one that has the wanted name, a SHA-256 to be held against, and none that was kept.
 *
 * @param root The folder; where there is none, nothing lies in it.
 * @param options See {@linkcode FolderShelfOptions}.
 * @returns What {@linkcode needsOf} takes as its `find`.
 * @throws {DiskError} When the folder cannot be read.
 * @example
 * ```ts
 * import { folderShelf, hashCache } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${root}/paper.safetensors`, "x");
 * using cache = hashCache(":memory:");
 * const find = folderShelf(root, { cache });
 * console.log((await find({ name: "loras/Paper" }))?.path.endsWith("paper.safetensors")); // true
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function folderShelf(
  root: string,
  { cache, locked = [], signal }: FolderShelfOptions,
): (model: UsedModel) => Promise<Held | undefined> {
  const byName = new Map<string, Known[]>();
  const bySha = new Map<string, Held>();
  const byVersion = new Map<number, Held>();

  function know(sha256: string, path: string): void {
    const identity = cache.asked(sha256)?.identity;
    const title = identity && [identity.modelName, identity.versionName].filter(Boolean).join(" · ");
    const held: Held = { path, ...(identity && { versionId: identity.versionId, title }) };
    for (const key of [sha256, sha256.slice(0, 10)]) if (!bySha.has(key)) bySha.set(key, held);
    if (identity && !byVersion.has(identity.versionId)) byVersion.set(identity.versionId, held);
  }

  for (const file of existsSync(root) ? walkInSteps(root) : []) {
    signal?.throwIfAborted();
    if (file === undefined) continue;
    const sha256 = cache.find(file)?.sha256;
    const plain = plainName(file.name);
    byName.set(plain, [...byName.get(plain) ?? [], { ...file, sha256 }]);
    if (sha256 !== undefined) know(sha256, file.path);
  }
  for (const { versionId, path, model, version } of locked) {
    const full = join(root, path);
    if (versionId === null || byVersion.has(versionId) || !existsSync(full)) continue;
    byVersion.set(versionId, { path: full, versionId, title: [model, version].filter(Boolean).join(" · ") });
  }

  /** A file of that name; its SHA-256 has to be the wanted one, where that was said. */
  async function named(name: string, hash: string | undefined): Promise<Held | undefined> {
    for (const { path, sha256 } of byName.get(plainName(name)) ?? []) {
      if (hash === undefined || !ofSha256.has(hash.length)) return { path };
      const own = sha256 ?? (await hashOf(path, cache, { signal }))?.sha256;
      if (own?.startsWith(hash.toUpperCase())) return { path };
    }
    return undefined;
  }

  return async function find({ name, hash, versionId }) {
    const known = (versionId !== undefined && byVersion.get(versionId)) ||
      (hash !== undefined && bySha.get(hash.toUpperCase()));
    return known || await named(name, hash);
  };
}
