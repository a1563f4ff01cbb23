import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { readId } from "../client/input.ts";
import type { OrNull } from "../client/or_null.ts";
import { callsAtOnce, inChunks } from "../client/at_once.ts";
import { badQuery } from "../client/query.ts";
import {
  flag,
  freeForm,
  id,
  kind,
  maybe,
  mended,
  name,
  number,
  optional,
  rows,
  text,
  texts,
} from "../client/schema_parts.ts";
import { miniVersion, type MiniVersionCall } from "./mini_version.ts";
import type { ModelMode, ModelType, UsageControl } from "./enums.ts";
import { type ModelFile, modelFile, modelImage, paidAccess, stats, type VersionCore } from "./version_parts.ts";

/** A version as it stands inside a {@linkcode Model}. */
export interface ListVersion extends VersionCore {
  /** Place in the site's order, newest first, from 0; missing in old data. */
  index?: number | null;
  /** A VAE that belongs to it, as a version id. */
  vaeId?: number | null;
  /** Until when it is in early access, ISO 8601. */
  earlyAccessDeadline?: string | null;
  /** Tells whether the site can generate with it. */
  supportsGeneration?: boolean | null;
}

/** A version with its files, as `GET /model-versions/:id` and by-hash send it. Keys not named here are kept. */
export interface Version extends VersionCore {
  /** The model it belongs to. */
  modelId?: number | null;
  /** State of training on the site. */
  trainingStatus?: string | null;
  /** How it was trained on the site. */
  trainingDetails?: Record<string, unknown> | null;
  /** `Created` or `Trained`. */
  uploadType?: string | null;
  /** Only here, not on models: anything but `Download` can never be downloaded, whatever `downloadUrl` says. */
  usageControl?: UsageControl | null;
  /** Fee for commercial generation. */
  licensingFee?: number | null;
  /** Until 2025, ISO 8601. */
  earlyAccessEndsAt?: string | null;
  /** Until 2025. */
  earlyAccessConfig?: Record<string, unknown> | null;
  /** Its URN, without a file. */
  air?: string | null;
  /** The model it belongs to, in short. */
  model: {
    /** The creator's name for it. */
    name: string;
    /** What it is. */
    type: ModelType;
    /** Marked as mature. */
    nsfw?: boolean | null;
    /** Marked as showing a real person. */
    poi?: boolean | null;
    /** Missing on an ordinary model. */
    mode?: ModelMode | null;
  };
}

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
  /** A version in short: what a program that generates with it needs to know. */
  mini: MiniVersionCall;
}

const mostHashes = 100;
/** What `byHashes` asks about in one go; whoever has more holds no more versions in memory if it asks for so many. */
export const hashesInOneGo: number = mostHashes * callsAtOnce;
const mostIdHashes = 10_000;

/** What a version has wherever it comes from. */
const versionCore = {
  id,
  name,
  baseModel: text,
  baseModelType: text,
  publishedAt: text,
  createdAt: text,
  updatedAt: text,
  status: text,
  availability: text,
  nsfwLevel: number,
  description: text,
  trainedWords: texts,
  earlyAccessTimeFrame: number,
  paidAccess,
  stats,
  files: optional(v.array(modelFile)),
  images: rows(modelImage),
  downloadUrl: text,
};

/** Checks a {@linkcode ListVersion}. */
export const listVersionSchema: v.GenericSchema<unknown, ListVersion> = v.looseObject({
  ...versionCore,
  index: number,
  vaeId: number,
  earlyAccessDeadline: text,
  supportsGeneration: flag,
});

/** Checks a {@linkcode Version}. */
export const versionSchema: v.GenericSchema<unknown, Version> = v.looseObject({
  ...versionCore,
  modelId: maybe(id),
  trainingStatus: text,
  trainingDetails: freeForm,
  uploadType: text,
  usageControl: text,
  licensingFee: number,
  earlyAccessEndsAt: text,
  earlyAccessConfig: freeForm,
  air: text,
  model: mended(
    v.looseObject({ name, type: kind, nsfw: flag, poi: flag, mode: text }),
    () => ({ name: "", type: "Other" }),
  ),
});

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

/** A model's versions as its page shows them, the newest first: by the place the creator gave them, else as they came. */
export function inSiteOrder(versions: readonly ListVersion[]): ListVersion[] {
  return versions.map((version, place) => ({ version, place: version.index ?? place }))
    .sort((a, b) => a.place - b.place)
    .map(({ version }) => version);
}

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

  return {
    get,
    getOrNull: (id, options) => orNull(get(id, options)),
    byHash,
    byHashOrNull: (hash, options) => orNull(byHash(hash, options)),
    byHashes,
    idsByHashes,
    mini: miniVersion(call),
  };
}
