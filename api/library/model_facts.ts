import { statSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { isRecord, wrapDiskError } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { readGguf } from "../disk/gguf.ts";
import { readSafetensors } from "../disk/safetensors.ts";
import { hashOf } from "../project/disk_state.ts";
import type { Model } from "../resources/models.ts";
import { companionsOf } from "../sidecars/companions.ts";
import { readModelInfo } from "../sidecars/model_info.ts";
import { readUsage, type Usage } from "../sidecars/usage.ts";
import { findDamage } from "./find_damage.ts";
import { type HashCache, hashCache } from "./hash_cache.ts";
import { type Identity, identityOf } from "./identity.ts";
import type { HashLookup } from "./scan.ts";
import { isGone } from "./ask_models.ts";

/** What the head of a file tells. */
export interface HeadFacts {
  /** What kind of file it is. */
  format: "safetensors" | "gguf";
  /** How many tensors there are. */
  tensorCount: number;
  /** How many numbers they hold; null where the head does not say. */
  parameterCount: number | null;
  /** Tensors for each number format. */
  dtypes: Record<string, number>;
  /** What it says it was made for: of `modelspec.architecture`, `ss_base_model_version`, `general.architecture`. */
  base: string | null;
  /** What its maker wrote into it, as text; what is longer than 2,000 characters is left out. */
  metadata: Record<string, string>;
  /** The words of its training, those it met most often first, 20 at most. */
  trainingTags: { tag: string; count: number }[];
}

/** Everything that is known of a model file. */
export interface ModelFacts {
  /** Its full path. */
  path: string;
  /** Its name. */
  name: string;
  /** Size in bytes. */
  bytes: number;
  /** Last change, ISO 8601. */
  changedAt: string;
  /** SHA-256 of the whole file, upper case; null where it was not computed. */
  sha256: string | null;
  /** When that was computed, ISO 8601; null where it is not known. */
  provedAt: string | null;
  /** What it is on the site; null: the site does not know it; undefined: nobody asked. */
  identity: Identity | null | undefined;
  /** Since when the site is known to have it no more, ISO 8601; null: it has it, as far as is known. */
  goneAt: string | null;
  /** Where `identity` comes from. */
  source: "site" | "sidecar" | null;
  /** What its user knows of it, with the sidecars of other programs. */
  usage: Usage;
  /** What the creator allows, as the site or a sidecar says it; empty where nobody does. */
  permissions: Record<string, unknown>;
  /** What its head tells; null where there is none that could be read. */
  head: HeadFacts | null;
  /** What is wrong with it by its own account; null: nothing that could be told. */
  problem: string | null;
  /** What lies beside it and belongs to it, by name. */
  sidecars: string[];
}

/** What {@linkcode modelFacts} asks of the API. */
export interface FactsLookup extends HashLookup {
  /** Models. */
  readonly models: {
    /** The model with this id. */
    get(id: number, options?: CallOptions): Promise<Model>;
  };
}

/** Settings of {@linkcode modelFacts}. */
export interface ModelFactsOptions extends CallOptions {
  /** Where hashes are kept. Default: in memory. */
  cache?: HashCache | undefined;
  /** Hash the file where its hash is not known. Default false. */
  hash?: boolean | undefined;
  /** Told what the site could not be asked. */
  onError?: ((error: CivikitError) => void) | undefined;
}

const mostTags = 20;
const longestValue = 2000;

function trainingTags(text: string | undefined): HeadFacts["trainingTags"] {
  try {
    const sets: unknown = JSON.parse(text ?? "{}");
    const counts = new Map<string, number>();
    for (const set of Object.values(isRecord(sets) ? sets : {})) {
      for (const [tag, count] of Object.entries(isRecord(set) ? set : {})) {
        if (typeof count === "number") counts.set(tag.trim(), (counts.get(tag.trim()) ?? 0) + count);
      }
    }
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, mostTags)
      .map(([tag, count]) => ({ tag, count }));
  } catch {
    return [];
  }
}

function headOf(path: string): HeadFacts | null {
  const ending = extname(path).slice(1).toLowerCase();
  try {
    if (ending === "gguf") {
      const { tensorCount, metadata } = readGguf(path);
      const texts = Object.entries(metadata).map(([key, value]) => [key, String(value)] as const);
      const { "general.architecture": base, "general.parameter_count": count } = metadata;
      return {
        format: "gguf",
        tensorCount,
        parameterCount: typeof count === "number" ? count : null,
        dtypes: {},
        base: typeof base === "string" ? base : null,
        metadata: Object.fromEntries(texts.filter(([, value]) => value.length <= longestValue)),
        trainingTags: [],
      };
    }
    if (ending !== "safetensors" && ending !== "sft") return null;
    const { tensorCount, parameterCount, dtypes, metadata } = readSafetensors(path);
    const base = metadata["modelspec.architecture"] ?? metadata["ss_base_model_version"] ?? null;
    const short = Object.entries(metadata).filter(([, value]) => value.length <= longestValue);
    return {
      ...{ format: "safetensors", tensorCount, parameterCount, dtypes, base },
      metadata: Object.fromEntries(short),
      trainingTags: trainingTags(metadata["ss_tag_frequency"]),
    };
  } catch (error) {
    // what is wrong with it is said elsewhere
    if (error instanceof CivikitError) return null;
    throw error;
  }
}

const permissionNames = ["allowNoCredit", "allowCommercialUse", "allowDerivatives", "allowDifferentLicense"];

function permissionsOf(source: unknown): Record<string, unknown> {
  if (!isRecord(source)) return {};
  return Object.fromEntries(
    permissionNames.flatMap((name) => source[name] === undefined ? [] : [[name, source[name]]]),
  );
}

/** What a sidecar says the file is; undefined when it is about another file, or there is none. */
function besides(
  path: string,
  sha256: string | null,
): { identity: Identity; raw: Record<string, unknown> } | undefined {
  try {
    const info = readModelInfo(path, sha256 ?? undefined);
    if (info?.versionId === undefined || (sha256 !== null && !info.sha256.includes(sha256))) return undefined;
    const { modelId = null, versionId, modelName = "", versionName = "", modelType = "Other", baseModel = null } = info;
    const fileName = basename(path);
    return {
      identity: { modelId, versionId, fileId: 0, modelName, versionName, modelType, baseModel, fileName },
      raw: info.raw,
    };
  } catch {
    return undefined;
  }
}

/**
 * Everything that is known of a model file: what was computed and asked before, what its head says, what lies beside it.
 * The site is asked only for what nobody knows yet, and what it no longer has stays as it was known, marked `goneAt`.
 *
 * @param api Whom to ask; null asks nobody.
 * @param path The file.
 * @param options See {@linkcode ModelFactsOptions}.
 * @throws {DiskError} When the file cannot be read.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { modelFacts } from "@civikit/civikit/api";
 *
 * const path = Deno.makeTempFileSync({ suffix: ".safetensors" });
 * const { identity, usage } = await modelFacts(null, path);
 * console.log(identity, usage.tags); // undefined []
 * Deno.removeSync(path);
 * ```
 */
export async function modelFacts(
  api: FactsLookup | null,
  path: string,
  { cache: given, hash = false, onError, signal }: ModelFactsOptions = {},
): Promise<ModelFacts> {
  const full = resolve(path);
  using own = given === undefined ? hashCache(":memory:") : undefined;
  const cache = given ?? own!;
  let found;
  try {
    found = statSync(full);
  } catch (error) {
    throw wrapDiskError(error, full, "looking at");
  }
  const stamp = { path: full, bytes: found.size, mtimeMs: found.mtime.getTime() };
  if (hash && cache.find(stamp) === undefined) await hashOf(full, cache, { signal });
  const record = cache.find(stamp);
  const sha256 = record?.sha256 ?? null;

  async function attempt<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      if (!isGone(error)) onError?.(error);
      return undefined;
    }
  }

  let asked = sha256 === null ? undefined : cache.asked(sha256);
  if (api !== null && sha256 !== null && asked === undefined) {
    const versions = await attempt(() => api.versions.byHashes([sha256], { signal }));
    if (versions !== undefined) {
      const version = versions.get(sha256);
      cache.keepAsked(sha256, { identity: version ? identityOf(version, sha256) : null, askedAt: Date.now() });
      asked = cache.asked(sha256);
    }
  }
  const beside = besides(full, sha256);
  const identity = asked?.identity ?? beside?.identity ?? (asked === undefined ? undefined : null);
  const source = asked?.identity ? "site" : beside === undefined ? null : "sidecar";
  const { raw } = beside ?? {};
  let permissions = { ...permissionsOf(raw), ...permissionsOf(raw?.model) };
  const { modelId, versionId } = identity ?? {};
  let { trainedWords } = identity ?? {};
  if (api !== null && Object.keys(permissions).length === 0 && modelId && asked?.goneAt === undefined) {
    const model = await attempt(() => api.models.get(modelId, { signal }));
    permissions = permissionsOf(model);
    trainedWords ??= model?.modelVersions?.find(({ id }) => id === versionId)?.trainedWords ?? undefined;
  }
  // the site was asked and knows nothing, yet a sidecar with this very hash tells what it was
  const isLost = asked?.identity === null && source === "sidecar" && sha256 !== null;
  if (isLost) cache.markGone(sha256, asked!.askedAt);
  const goneMs = asked?.goneAt ?? (isLost ? asked!.askedAt : undefined);
  return {
    ...{ path: full, name: basename(full), bytes: found.size, changedAt: found.mtime.toISOString(), sha256 },
    provedAt: record?.provedMs === undefined ? null : new Date(record.provedMs).toISOString(),
    ...{ identity, source, goneAt: goneMs === undefined ? null : new Date(goneMs).toISOString() },
    ...{ usage: readUsage(full, trainedWords), permissions, head: headOf(full) },
    problem: identity && source === "site" ? null : findDamage(full) ?? null,
    sidecars: companionsOf(full).map((one) => basename(one)),
  };
}
