import { isRecord } from "../../transport/internal.ts";
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CivikitError, isCode, type Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { type JsonObject, prettyJson, writeWhole } from "../disk/json_file.ts";
import { mergeJson } from "../disk/merge_json.ts";
import { modelExtensions } from "../library/walk.ts";
import type { Model } from "../resources/models.ts";
import type { Version } from "../resources/versions.ts";
import { besideModel } from "./beside_model.ts";
import { mergeInfo } from "./merge_info.ts";
import { allHashesOf } from "./model_info.ts";
import { sidecarPath } from "./names.ts";
import { findPreview, savePreview } from "./save_preview.ts";
import { userMetadata } from "./user_metadata.ts";

/** What became of one sidecar. */
export interface SidecarOutcome {
  /** The sidecar. */
  path: string;
  /** `kept`: one was there and stays as it is. `other`: it is that of another model file of the same name. */
  state: "written" | "kept" | "other" | "failed";
  /** That other model file. */
  owner?: string | undefined;
  /** Why it failed. */
  error?: CivikitError | undefined;
}

/** Settings of {@linkcode writeSidecars}. */
export interface SidecarOptions extends CallOptions {
  /** The model, where known: its description and tags go along. */
  model?: Model | undefined;
  /** Fetches the preview; without one there is none. */
  transport?: Transport | undefined;
  /** Names the preview `.preview.png` whatever it is, for programs that look for nothing else. Default false. */
  asPng?: boolean | undefined;
}

const loras = new Set(["LORA", "LoCon", "DoRA"]);

function freshInfo(version: Version, model: Model | undefined): JsonObject {
  if (model === undefined) return { ...version };
  const { description, tags, creator } = model;
  return { ...version, model: { ...version.model, description, tags }, ...(creator && { creator }) };
}

/**
 * Writes what other programs read beside a model file: `NAME.civitai.info` (the version's JSON), `NAME.preview.<type>`,
 * and for LoRAs `NAME.json` (description, activation text). A user's edits and keys of other tools are never touched; a
 * sidecar that cannot be read is left alone and reported. Each appears whole or not at all. Where another model file has
 * the same name but for its ending, the sidecars are those of the file whose hash is in them, and stay so.
 *
 * @param path The model file.
 * @param version What it is.
 * @param options See {@linkcode SidecarOptions}.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { readModelInfo, writeSidecars } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), path = `${folder}/lantern.safetensors`;
 * const model = { name: "Lantern", type: "LORA" };
 * await writeSidecars(path, { id: 7, modelId: 5, name: "v1", model, trainedWords: ["lantern"] });
 * console.log(readModelInfo(path)?.modelName); // Lantern
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function writeSidecars(
  path: string,
  version: Version,
  options: SidecarOptions = {},
): Promise<SidecarOutcome[]> {
  const info = sidecarPath(path, ".civitai.info");
  const hadInfo = existsSync(info);
  const isFresh = (one: SidecarOutcome) => one.state === "written" && !(hadInfo && one.path === info);
  try {
    return await besideModel(
      path,
      () => writeAll(path, version, options),
      (outcomes) => outcomes.filter(isFresh).map((one) => one.path),
    );
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (!(error instanceof CivikitError)) throw error;
    return [{ path: info, state: "failed", error }];
  }
}

async function writeAll(
  path: string,
  version: Version,
  { model, transport, asPng, signal }: SidecarOptions,
): Promise<SidecarOutcome[]> {
  const info = sidecarPath(path, ".civitai.info");
  const notes = sidecarPath(path, ".json");
  let owner: string | undefined;
  const written = await attempt(info, signal, () =>
    mergeJson(info, (existing = {}) => {
      owner = otherOwner(path, existing, version);
      return owner === undefined ? mergedInfo(existing, freshInfo(version, model)) : undefined;
    }, { signal }));
  if (owner !== undefined) return [{ path: info, state: "other", owner }];
  const outcomes = [written];
  if (loras.has(version.model.type)) {
    outcomes.push(
      await attempt(notes, signal, () => {
        if (existsSync(notes)) return false;
        writeWhole(notes, prettyJson(userMetadata(version, model?.description)), { replace: false });
        return true;
      }),
    );
  }
  if (transport === undefined || !version.images?.length) return outcomes;
  const preview = findPreview(path);
  if (preview !== undefined) return [...outcomes, { path: preview, state: "kept" }];
  let saved: string | undefined;
  const outcome = await attempt(sidecarPath(path, ".preview"), signal, async () => {
    saved = await savePreview(transport, path, version.images!, { asPng, signal });
    return saved !== undefined;
  });
  return [...outcomes, { ...outcome, path: saved ?? outcome.path }];
}

/** `work` tells whether it wrote; a failure is an outcome like any other. */
async function attempt(
  path: string,
  signal: AbortSignal | undefined,
  work: () => boolean | Promise<boolean>,
): Promise<SidecarOutcome> {
  try {
    signal?.throwIfAborted();
    return { path, state: await work() ? "written" : "kept" };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (!(error instanceof CivikitError)) throw error;
    // someone was quicker
    return isCode(error, "target_exists") ? { path, state: "kept" } : { path, state: "failed", error };
  }
}

/**
 * The other model file whose sidecar `existing` is; undefined when it is that of `path`, whose versions may change as long
 * as nobody else can have the name.
 */
function otherOwner(path: string, existing: JsonObject, version: Version): string | undefined {
  const isModel = Array.isArray(existing.modelVersions);
  const id = isModel ? version.modelId : version.id;
  if (existing.id === undefined || existing.id === id) return undefined;
  const theirs = new Set(allHashesOf(existing));
  if (allHashesOf({ ...version }).some((hash) => theirs.has(hash))) return undefined;
  return siblingsOf(path)[0];
}

/** Other model files with the name of `path` but for the ending. */
function siblingsOf(path: string): string[] {
  const folder = dirname(path);
  const stem = sidecarPath(path, "");
  const names = readdirSync(folder);
  return names.map((name) => join(folder, name)).filter((other) => {
    const ending = other.slice(stem.length + 1).toLowerCase();
    return other !== join(folder, basename(path)) && sidecarPath(other, "") === stem &&
      modelExtensions.includes(ending);
  });
}

/** Undefined where nothing is to be written. */
function mergedInfo(existing: JsonObject, fresh: JsonObject): JsonObject | undefined {
  // a whole model's JSON is another tool's own; and a version's keys would make neither of it
  if (Array.isArray(existing.modelVersions)) return undefined;
  const isOther = typeof existing.id === "number" && existing.id !== fresh.id && !isRecord(ownMark(existing));
  return isOther ? undefined : mergeInfo(existing, fresh);
}

function ownMark({ extensions }: JsonObject): unknown {
  return isRecord(extensions) ? extensions.civikit : undefined;
}
