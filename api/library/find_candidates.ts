import { CivikitError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { atOnce, callsAtOnce } from "../client/at_once.ts";
import type { Model } from "../resources/models.ts";
import type { ModelFile } from "../resources/version_parts.ts";
import type { Version } from "../resources/versions.ts";
import { type Identity, identityOfFile } from "./identity.ts";
import { isGeneral } from "./is_general.ts";
import type { Presumption } from "./presumption.ts";
import type { HashLookup } from "./scan.ts";

/** What `presume` asks of the API. */
export interface PresumeLookup {
  /** Model versions. */
  readonly versions: HashLookup["versions"] & {
    /** The earliest version with a file of this hash, of any kind. */
    byHash(hash: string, options?: CallOptions): Promise<Version>;
  };
  /** Models. */
  readonly models: {
    /** Models by id, as far as the site lists them. */
    byIds(ids: Iterable<number>, options?: CallOptions): Promise<Map<number, Model>>;
  };
}

/** A file, and what could be told of it without reading it whole. */
export interface Sampled {
  /** Its size. */
  readonly bytes: number;
  /** See `autoV1()`; undefined where it has none. */
  readonly autoV1: string | undefined;
  /** SHA-256 of its tensors by its own account. */
  readonly tensorHashes: readonly string[];
  /** SHA-256 that what lies beside it names, upper case. */
  readonly named: readonly string[];
}

/** A file of the site that fits. */
interface Fit {
  readonly identity: Identity;
  readonly sha256: string | null;
  readonly by: NonNullable<Presumption["by"]>;
}

/** What was found for one file. */
export type Found = Pick<Presumption, "identity" | "sha256" | "by" | "candidates">;

type VersionLike = Parameters<typeof identityOfFile>[0] & Pick<Version, "files">;

/** A size in whole KiB may have been rounded. */
function fitsSize({ sizeKB }: ModelFile, bytes: number): boolean {
  if ((sizeKB ?? null) === null) return false;
  const due = sizeKB! * 1024;
  return Number.isInteger(sizeKB) ? Math.abs(due - bytes) < 1024 : Math.round(due) === bytes;
}

const upper = (hash: string | null | undefined) => hash?.toUpperCase();

/** Whether the tensors' hash in the head begins with the one the site shows, which is cut after 12 digits. */
function fitsTensors({ hashes }: ModelFile, { tensorHashes }: Sampled): boolean {
  const shown = upper(hashes?.AutoV3);
  return shown !== undefined && shown.length >= 10 && tensorHashes.some((hash) => hash.startsWith(shown));
}

/** By what a file of the site fits; undefined: it does not. Without its exact size nothing does. */
function fitOf(file: ModelFile, sampled: Sampled): Fit["by"] | undefined {
  if (!fitsSize(file, sampled.bytes)) return undefined;
  const shown = upper(file.hashes?.AutoV1);
  if (sampled.autoV1 !== undefined && shown !== undefined && shown !== sampled.autoV1) return undefined;
  const sha256 = upper(file.hashes?.SHA256);
  if (sha256 !== undefined && sampled.named.includes(sha256)) return "sidecar";
  if (shown !== undefined && shown === sampled.autoV1) return "AutoV1";
  return fitsTensors(file, sampled) ? "AutoV3" : undefined;
}

function fitsIn(version: VersionLike, sampled: Sampled): Fit[] {
  return (version.files ?? []).flatMap((file) => {
    const by = fitOf(file, sampled);
    if (by === undefined) return [];
    return [{ identity: identityOfFile(version, file), sha256: upper(file.hashes?.SHA256) ?? null, by }];
  });
}

/** One file of the site, or the several that nobody chooses between. Versions that share the very bytes are no doubt. */
function decide(fits: readonly Fit[]): Found {
  const [first] = fits;
  if (first === undefined) return { identity: null, sha256: null, by: null, candidates: [] };
  const kinds = new Map(fits.map((fit) => [fit.sha256 ?? `file ${fit.identity.fileId}`, fit]));
  if (kinds.size === 1) return { ...first, candidates: [] };
  return {
    identity: null,
    sha256: null,
    by: first.by,
    candidates: [...kinds.values()].map(({ identity }) => identity),
  };
}

/** What asking has brought, and what went wrong on the way. */
interface Asked {
  /** The version for each hash; null: the site has none. What was not answered is missing. */
  readonly versions: Map<string, Version | null>;
  readonly failures: CivikitError[];
}

/** Asks for each hash, a few at once; what fails for good ends it. */
async function askEach(api: PresumeLookup, hashes: readonly string[], signal: AbortSignal | undefined): Promise<Asked> {
  const asked: Asked = { versions: new Map(), failures: [] };
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const ask = async (hash: string) => {
    if (asked.failures.some(isGeneral)) return undefined;
    try {
      asked.versions.set(hash, await api.versions.byHash(hash, { signal: either }));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof CivikitError)) throw error;
      if (isCode(error, "not_found")) asked.versions.set(hash, null);
      else asked.failures.push(error);
    }
    return undefined;
  };
  for await (const _ of atOnce(new Set(hashes), callsAtOnce, stop, ask));
  return asked;
}

/** Everything the site has of these models, as versions that know their model. */
async function versionsOf(api: PresumeLookup, ids: ReadonlySet<number>, signal: AbortSignal | undefined) {
  const models = ids.size === 0 ? new Map<number, Model>() : await api.models.byIds(ids, { signal });
  return new Map([...models].map(([id, { name, type, modelVersions }]) => [
    id,
    modelVersions.map((version): VersionLike => ({ ...version, modelId: id, model: { name, type } })),
  ]));
}

/**
 * Asks the site which of its files these may be: by a SHA-256 that lies beside them, a hundred a question, then one by one
 * by the sample, then by the tensors' hash. Of every model that answers, all versions are held against the file, so that
 * two that share a sample are seen.
 *
 * @returns For each file what was found, undefined where the site could not be asked; and what went wrong.
 */
export async function findCandidates(
  api: PresumeLookup,
  files: readonly Sampled[],
  { signal }: CallOptions,
): Promise<{ found: (Found | undefined)[]; failures: CivikitError[] }> {
  const failures: CivikitError[] = [];
  const hits: VersionLike[][] = files.map(() => []);
  const isOpen = (at: number) => hits[at]!.every((version) => fitsIn(version, files[at]!).length === 0);
  const unasked = new Set<number>();

  /** Asks by one hash of each file that has found nothing yet. */
  async function by(hashOf: (file: Sampled) => string | undefined): Promise<void> {
    const open = files.flatMap((file, at) => {
      const hash = hashOf(file);
      return hash !== undefined && isOpen(at) ? [{ at, hash }] : [];
    });
    const asked = await askEach(api, open.map(({ hash }) => hash), signal);
    failures.push(...asked.failures);
    for (const { at, hash } of open) {
      const version = asked.versions.get(hash);
      if (version === undefined) unasked.add(at);
      else if (version !== null) hits[at]!.push(version);
    }
  }

  try {
    const named = new Set(files.flatMap(({ named }) => named));
    if (named.size > 0) {
      const versions = await api.versions.byHashes(named, { signal });
      files.forEach(({ named }, at) => hits[at]!.push(...named.flatMap((hash) => versions.get(hash) ?? [])));
    }
    await by(({ autoV1 }) => autoV1);
    await by(({ tensorHashes: [hash] }) => hash?.slice(0, 12));
    const ids = new Set(hits.flat().flatMap(({ modelId }) => modelId ?? []));
    const models = await versionsOf(api, ids, signal);
    hits.forEach((versions) => {
      versions.push(...new Set(versions.flatMap(({ modelId }) => models.get(modelId ?? 0) ?? [])));
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof CivikitError)) throw error;
    failures.push(error);
    return { found: files.map(() => undefined), failures };
  }
  const found = files.map((file, at) => {
    const decided = decide(hits[at]!.flatMap((version) => fitsIn(version, file)));
    return decided.by === null && unasked.has(at) ? undefined : decided;
  });
  return { found, failures };
}
