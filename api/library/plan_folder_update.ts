import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { suffixedName } from "../../transport/internal.ts";
import { CivikitError, safeFileName } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Civitai } from "../civitai.ts";
import { layout as layoutOf, type LayoutOptions } from "../layout/layout.ts";
import { resolveDownloads } from "../references/resolve.ts";
import type { ResolvedFile } from "../references/resolved_file.ts";
import type { Model } from "../resources/models.ts";
import type { ListVersion } from "../resources/versions.ts";
import type { ModelFile } from "../resources/version_parts.ts";
import type { Identity } from "./identity.ts";
import type { LibraryFile } from "./scan.ts";
import { readRules, type UpdateRules } from "./update_rules.ts";
import { askModels, isGone } from "./ask_models.ts";
import type { UpdateReport } from "./find_updates.ts";
import { hashesOf } from "./owned.ts";
import { standingOf, type VersionStanding } from "./standing_of.ts";

/** A file of a folder, and what it is. */
export interface OwnedFile extends Pick<LibraryFile, "path" | "bytes" | "mtimeMs" | "sha256"> {
  /** What it is on the site. */
  identity: Identity;
}

/** A file that can be newer. */
export interface FolderMove {
  /** The file that is there. */
  from: OwnedFile;
  /** The version it can become. */
  to: VersionStanding;
  /** The file of that version that takes its part. */
  file: ResolvedFile;
  /** Where that goes first: a name that is free. */
  fresh: string;
  /** Where it would go if the old file were away; mostly the same. */
  target: string;
}

/** A file whose model has newer versions, and which stays. */
export interface FolderStay {
  /** The file. */
  from: OwnedFile;
  /** What there is to the newer version; `no_such_file`: it has none of that kind; `failed`: it cannot be had. */
  reason: Exclude<VersionStanding["state"], "new"> | "no_such_file" | "failed";
  /** The newer version. */
  to: VersionStanding;
  /** What was in the way; of `failed` and `no_such_file`. */
  error?: CivikitError | undefined;
}

/** What {@linkcode planFolderUpdate} found. */
export interface FolderPlan {
  /** Files that can be newer. */
  moves: FolderMove[];
  /** Files that stay although their models have newer versions. */
  stays: FolderStay[];
  /** Files whose version the site has no more. */
  gone: OwnedFile[];
  /** Models that could not be asked about, and why. */
  failures: UpdateReport["failures"];
}

/** Settings of {@linkcode planFolderUpdate}. */
export interface PlanFolderOptions extends CallOptions, Pick<LayoutOptions, "folders"> {
  /** What is no update, and what is one besides. Default: no rules. */
  rules?: UpdateRules | undefined;
  /** Models to look at. Default: all. */
  models?: ReadonlySet<number> | undefined;
  /** Versions to look at. Default: all. */
  versions?: ReadonlySet<number> | undefined;
  /** A layout's name or template: a file that lies where this puts it gets a successor where this puts that. */
  layout?: string | undefined;
  /** Milliseconds since the epoch. Default: the machine's time. */
  now?: number | undefined;
}

const weights = ["Model", "Pruned Model"];
const isWeight = (type: string) => weights.includes(type);

/** The file of `version` that does for a model what `old` did; undefined when there is none of its kind. */
function counterpart({ files }: ListVersion, old: ModelFile | undefined): ModelFile | undefined {
  const type = old?.type ?? "Model";
  const usable = (files ?? []).filter((one) => one.type === type || isWeight(one.type) && isWeight(type));
  const facts = ["format", "size", "fp", "quantType"] as const;
  const score = (one: ModelFile) =>
    facts.filter((name) => (one.metadata?.[name] ?? null) === (old?.metadata?.[name] ?? null)).length * 4 +
    (one.type === type ? 2 : 0) + (one.primary ? 1 : 0);
  return usable.toSorted((a, b) => score(b) - score(a) || a.id - b.id)[0];
}

function oldFile({ modelVersions }: Model, { identity, sha256 }: OwnedFile): ModelFile | undefined {
  const files = modelVersions.find(({ id }) => id === identity.versionId)?.files ?? [];
  return files.find(({ hashes }) => hashes?.SHA256?.toUpperCase() === sha256) ??
    files.find(({ id }) => id === identity.fileId);
}

/** The folder a layout began in when it put `path` there; undefined where it did not. */
function rootOf(path: string, place: string): string | undefined {
  const ending = place.split("/").join(sep);
  return path.endsWith(`${sep}${ending}`) ? path.slice(0, -ending.length - 1) || sep : undefined;
}

/**
 * Asks which files of a folder can be newer, which file of the newer version takes the part of each, and where it goes:
 * beside the old one, or where `layout` puts it when that put the old one where it lies. Of several versions that are
 * there only the newest moves, and of equal files only the first. Nothing is changed: that is for
 * {@linkcode updateFolder}.
 *
 * @param api Whom to ask.
 * @param files What a scan found; what has no identity is passed over.
 * @param options See {@linkcode PlanFolderOptions}.
 * @throws {InputError} `invalid_config` when a rule or the layout cannot be meant.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { civitai, planFolderUpdate } from "@civikit/civikit/api";
 *
 * const api = civitai({ fetch: () => Promise.reject(new Error("no network")) });
 * console.log((await planFolderUpdate(api, [])).moves); // []: nothing is there
 * ```
 */
export async function planFolderUpdate(
  api: Pick<Civitai, "baseUrl" | "models" | "versions">,
  files: Iterable<Pick<LibraryFile, "path" | "bytes" | "mtimeMs" | "sha256" | "identity">>,
  { rules, models, versions, layout, folders = {}, signal, now = Date.now() }: PlanFolderOptions = {},
): Promise<FolderPlan> {
  const read = readRules(rules);
  const laid = layout === undefined ? undefined : layoutOf(layout, { folders });
  const owned = [...files].flatMap((file) => file.identity ? [{ ...file, identity: file.identity }] : []);
  const all = owned.map(({ identity, sha256 }) => ({ ...identity, sha256 }));
  const hashes = hashesOf(all);
  const isMeant = ({ identity: { modelId, versionId } }: OwnedFile) =>
    modelId !== null && (models === undefined && versions === undefined || models?.has(modelId) === true ||
      versions?.has(versionId) === true);
  const meant = owned.filter(isMeant);
  const { found, failures } = await askModels(api, meant.map(({ identity }) => identity), { signal });
  const plan: FolderPlan = { moves: [], stays: [], gone: [], failures };
  const taken = new Set<string>();
  const fetched = new Set<number>();
  const idsOf = Map.groupBy(all, ({ modelId }) => modelId);

  /** Where a file goes, and the free name it gets while the old one is there. */
  function placeFor(from: OwnedFile, resolved: ResolvedFile, model: Model): Pick<FolderMove, "fresh" | "target"> {
    const facts = {
      modelType: from.identity.modelType,
      fileType: resolved.file.type,
      format: resolved.file.metadata?.format,
      creator: model.creator?.username == null ? null : String(model.creator.username),
      model: model.name,
      modelId: model.id,
    };
    const { versionName, versionId, fileId, baseModel, fileName } = from.identity;
    const root = laid &&
      rootOf(from.path, laid.place({ ...facts, version: versionName, versionId, fileId, baseModel, fileName }));
    const target = root === undefined ? join(dirname(from.path), safeFileName(resolved.fileName)) : join(
      root,
      ...laid!.place({
        ...facts,
        version: resolved.versionName,
        versionId: resolved.versionId,
        fileId: resolved.fileId,
        baseModel: resolved.baseModel,
        fileName: resolved.fileName,
      }).split("/"),
    );
    const isTaken = (path: string) => taken.has(path.toLowerCase()) || existsSync(path);
    let fresh = target;
    for (let number = 1; isTaken(fresh); number++) {
      const mark = `-${resolved.fileId}${number === 1 ? "" : `-${number}`}`;
      fresh = join(dirname(target), suffixedName(target.slice(dirname(target).length).replace(/^[\\/]/, ""), mark));
    }
    taken.add(fresh.toLowerCase());
    // only the old file itself may give its name away
    return { fresh, target: target === from.path ? target : fresh };
  }

  async function look(from: OwnedFile, to: VersionStanding, model: Model): Promise<void> {
    if (to.state !== "new") return void plan.stays.push({ from, to, reason: to.state });
    const version = model.modelVersions.find(({ id }) => id === to.versionId)!;
    const wanted = counterpart(version, oldFile(model, from));
    if (wanted === undefined) return void plan.stays.push({ from, to, reason: "no_such_file" });
    if (fetched.has(wanted.id)) {
      return void plan.stays.push({ from, to: { ...to, state: "have_elsewhere" }, reason: "have_elsewhere" });
    }
    try {
      const select = { fileId: wanted.id };
      const reference = { kind: "version" as const, versionId: to.versionId, select, text: `version:${to.versionId}` };
      const [file] = await resolveDownloads(api, reference, { signal, now });
      fetched.add(wanted.id);
      plan.moves.push({ from, to, file: file!, ...placeFor(from, file!, model) });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      plan.stays.push({ from, to, reason: "failed", error });
    }
  }

  for (const [modelId, these] of Map.groupBy(meant, ({ identity }) => identity.modelId!)) {
    const model = found.get(modelId);
    if (model === undefined) {
      const failure = failures.find((one) => one.modelId === modelId);
      if (failure !== undefined && isGone(failure.error)) plan.gone.push(...these);
      continue;
    }
    const ids = idsOf.get(modelId)!.map(({ versionId }) => versionId);
    const { newest, newer, gone } = standingOf(model, { owned: ids, hashes, rules: read, now });
    plan.gone.push(...these.filter(({ identity }) => gone.includes(identity.versionId)));
    const to = newest ?? newer[0];
    if (to === undefined) continue;
    const place = (id: number) =>
      model.modelVersions.find((one) => one.id === id)?.index ??
        model.modelVersions.findIndex((one) => one.id === id);
    const listed = these.filter(({ identity }) => place(identity.versionId) >= 0);
    const top = Math.min(...listed.map(({ identity }) => place(identity.versionId)));
    const newestHere = listed.length === 0 ? these : listed.filter(({ identity }) => place(identity.versionId) === top);
    for (const from of newestHere.toSorted((a, b) => a.path < b.path ? -1 : 1)) {
      await look({ ...from, path: resolve(from.path) }, to, model);
    }
  }
  return plan;
}
