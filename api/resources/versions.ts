import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { readId } from "../client/input.ts";
import type { OrNull } from "../client/or_null.ts";
import { badQuery } from "../client/query.ts";
import { versionSchema } from "./schema.ts";
import { type MiniVersion, miniVersionSchema } from "./mini_version.ts";
import type { ModelFile, Version } from "./types.ts";

/** Which version a file belongs to. */
export interface VersionIds {
  /** The version. */
  modelVersionId: number;
  /** Its model. */
  modelId: number;
  /** SHA-256 of the file, upper or lower case as the site has it. */
  hash: string;
}

/** Model versions. */
export interface Versions {
  /**
   * The version with this id.
   *
   * @throws {HttpError} `not_found` when it does not exist, is not published, or is not rated yet.
   * @throws {InputError} `invalid_argument` when `id` can be no id.
   */
  get(id: number, options?: CallOptions): Promise<Version>;
  /** As `get`, but null after a failure, which is told to `onError`. */
  getOrNull(id: number, options?: CallOptions): Promise<Version | null>;
  /**
   * The earliest published version with a file of this hash (any kind of the site, either case). The site remembers
   * «not found» for an hour and a half, so a new upload may look unknown.
   *
   * @throws {HttpError} `not_found` when no version has such a file.
   * @throws {InputError} `invalid_argument` when `hash` is not 8 to 64 hexadecimal digits.
   */
  byHash(hash: string, options?: CallOptions): Promise<Version>;
  /** As `byHash`, but null after a failure, which is told to `onError`. */
  byHashOrNull(hash: string, options?: CallOptions): Promise<Version | null>;
  /**
   * The versions with files of these SHA-256 hashes, 100 a call; the map's keys are the hashes in upper case, unknown ones
   * are missing. Download URLs whose origin the site got wrong are mended.
   *
   * @throws {InputError} `invalid_argument` when a hash is not 64 hexadecimal digits.
   */
  byHashes(hashes: Iterable<string>, options?: CallOptions): Promise<Map<string, Version>>;
  /**
   * Only the ids of the versions with files of these SHA-256 hashes, 10,000 a call; keys as with `byHashes`.
   *
   * @throws {InputError} `invalid_argument` when a hash is not 64 hexadecimal digits.
   */
  idsByHashes(hashes: Iterable<string>, options?: CallOptions): Promise<Map<string, VersionIds>>;
  /**
   * What a program that generates with a version needs to know: name, size, whether a key is needed.
   *
   * @param options `fileId`: about that file, not the main one.
   * @throws {HttpError} `not_found` when version or file does not exist.
   */
  mini(id: number, options?: CallOptions & { fileId?: number | undefined }): Promise<MiniVersion>;
}

const mostHashes = 100;
const mostIdHashes = 10_000;
const atOnce = 4;

const foundSchema: v.GenericSchema<unknown, (Version | null)[]> = v.array(v.nullable(versionSchema));
const idsSchema: v.GenericSchema<unknown, VersionIds[]> = v.array(
  v.looseObject({ modelVersionId: v.number(), modelId: v.number(), hash: v.string() }),
);

function checkedHashes(hashes: Iterable<string>): string[] {
  const all = new Set<string>();
  for (const hash of hashes) {
    if (!/^[0-9a-f]{64}$/i.test(hash)) {
      throw badQuery("asking for hashes", "hash", hash, "64 hexadecimal digits of a SHA-256 are due");
    }
    all.add(hash.toUpperCase());
  }
  return [...all];
}

/** Asks for `hashes`, `size` at a time, a few calls at once; the first failure gives the others up. */
async function inChunks<T>(
  hashes: readonly string[],
  size: number,
  signal: AbortSignal | undefined,
  ask: (hashes: readonly string[], signal: AbortSignal) => Promise<readonly T[]>,
): Promise<T[]> {
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const found: T[] = [];
  let at = 0;
  async function work(): Promise<void> {
    while (at < hashes.length) {
      const chunk = hashes.slice(at, at += size);
      found.push(...await ask(chunk, either));
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } catch (error) {
    stop.abort();
    throw error;
  }
  return found;
}

/** The bulk answer's URLs begin with `https://undefined/`. */
function mendOrigin<T extends { downloadUrl?: string | null }>(place: T, baseUrl: string): T {
  const broken = /^https?:\/\/undefined(?=\/)/;
  if (place.downloadUrl) place.downloadUrl = place.downloadUrl.replace(broken, () => baseUrl);
  return place;
}

/** The version's own name tells its model, too. */
function withModel(version: Version): Version {
  const { modelId, air } = version;
  const found = (modelId ?? null) === null ? /\bcivitai:(\d{1,10})@/.exec(air ?? "")?.[1] : undefined;
  const id = found === undefined ? undefined : readId(found);
  return id === undefined ? version : { ...version, modelId: id };
}

const sha256Of = ({ hashes }: ModelFile) => hashes?.SHA256?.toUpperCase();

/** Makes {@linkcode Versions} on top of `call`. */
export function versions(call: Call, orNull: OrNull, baseUrl: string): Versions {
  const get: Versions["get"] = async (id, { signal } = {}) =>
    withModel(
      await call({
        path: `/model-versions/${checkedId(id, "version")}`,
        route: "/model-versions/:id",
        schema: versionSchema,
        signal,
      }),
    );

  const byHash: Versions["byHash"] = async (hash, { signal } = {}) => {
    if (!/^[0-9a-f]{8,64}$/i.test(hash)) {
      throw badQuery("asking for a version", "hash", hash, "8 to 64 hexadecimal digits are due");
    }
    return withModel(
      await call({
        path: `/model-versions/by-hash/${hash}`,
        route: "/model-versions/by-hash/:hash",
        schema: versionSchema,
        signal,
      }),
    );
  };

  const byHashes: Versions["byHashes"] = async (hashes, { signal } = {}) => {
    const wanted = checkedHashes(hashes);
    const missing = new Set(wanted);
    const byHash = new Map<string, Version>();
    const path = "/model-versions/by-hash";
    const found = await inChunks(
      wanted,
      mostHashes,
      signal,
      (body, signal) => call({ path, route: path, method: "POST", body, schema: foundSchema, signal }),
    );
    for (const one of found) {
      if (one === null) continue;
      const version = withModel(one);
      for (const file of mendOrigin(version, baseUrl).files ?? []) {
        const hash = sha256Of(mendOrigin(file, baseUrl));
        if (hash !== undefined && missing.delete(hash)) byHash.set(hash, version);
      }
    }
    return byHash;
  };

  const idsByHashes: Versions["idsByHashes"] = async (hashes, { signal } = {}) => {
    const path = "/model-versions/by-hash/ids";
    const wanted = checkedHashes(hashes);
    const byHash = new Map<string, VersionIds>();
    const found = await inChunks(
      wanted,
      mostIdHashes,
      signal,
      (body, signal) => call({ path, route: path, method: "POST", body, schema: idsSchema, signal }),
    );
    const asked = new Set(wanted);
    for (const ids of found) {
      const hash = ids.hash.toUpperCase();
      if (asked.delete(hash)) byHash.set(hash, ids);
    }
    return byHash;
  };

  const mini: Versions["mini"] = async (id, { fileId, signal } = {}) =>
    await call({
      path: `/model-versions/mini/${checkedId(id, "version")}`,
      route: "/model-versions/mini/:id",
      query: { modelFileId: fileId === undefined ? undefined : checkedId(fileId, "file") },
      schema: miniVersionSchema,
      signal,
    });

  return {
    get,
    getOrNull: (id, options) => orNull(get(id, options)),
    byHash,
    byHashOrNull: (hash, options) => orNull(byHash(hash, options)),
    byHashes,
    idsByHashes,
    mini,
  };
}
