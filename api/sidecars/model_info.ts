import { isRecord } from "../../transport/internal.ts";
import { type JsonObject, readJsonObject, unreadable } from "../disk/json_file.ts";
import { sidecarPath } from "./names.ts";

/** What a `.civitai.info` says. Other tools write these files too, so any of it may be missing. */
export interface ModelInfo {
  /** `version`: one version, as by-id and by-hash answer; `model`: a whole model with its versions. */
  shape: "version" | "model";
  /** The model. */
  modelId: number | undefined;
  /** The version. */
  versionId: number | undefined;
  /** The model's name. */
  modelName: string | undefined;
  /** The version's name. */
  versionName: string | undefined;
  /** What the model is. */
  modelType: string | undefined;
  /** What it was made for. */
  baseModel: string | undefined;
  /** Words that wake it up. */
  trainedWords: string[];
  /** SHA-256 of the files it names, upper case. */
  sha256: string[];
  /** Everything that is in the file. */
  raw: Record<string, unknown>;
}

const numberOf = (value: unknown) => typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
const textOf = (value: unknown) => typeof value === "string" ? value : undefined;
const listOf = (value: unknown) => Array.isArray(value) ? value : [];
const objectsOf = (value: unknown) => listOf(value).filter(isRecord);

function hashesOf(version: JsonObject): string[] {
  return objectsOf(version.files).flatMap(({ hashes }) => {
    const sha256 = isRecord(hashes) ? textOf(hashes.SHA256) : undefined;
    return sha256 === undefined ? [] : [sha256.toUpperCase()];
  });
}

/** SHA-256 of every file that a version, or a whole model, names, upper case. */
export function allHashesOf(raw: JsonObject): string[] {
  return [...hashesOf(raw), ...objectsOf(raw.modelVersions).flatMap(hashesOf)];
}

function factsOf(version: JsonObject, model: JsonObject): Omit<ModelInfo, "shape" | "modelId" | "raw"> {
  return {
    versionId: numberOf(version.id),
    modelName: textOf(model.name),
    versionName: textOf(version.name),
    modelType: textOf(model.type),
    baseModel: textOf(version.baseModel),
    trainedWords: listOf(version.trainedWords).filter((word) => typeof word === "string"),
    sha256: hashesOf(version),
  };
}

/**
 * Reads the `.civitai.info` beside a model file, in either shape other tools write: one version, or a whole model; of a
 * model, the version with this hash is taken, else the first. Undefined when there is none.
 *
 * @param path The model file.
 * @param sha256 Its hash, where known.
 * @throws {InputError} `invalid_file` when it is no JSON, or neither shape.
 * @throws {DiskError} When it cannot be read.
 * @example
 * ```ts
 * import { readModelInfo } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync();
 * Deno.writeTextFileSync(`${folder}/a.civitai.info`, `{ "id": 7, "modelId": 5, "name": "v1", "files": [] }`);
 * console.log(readModelInfo(`${folder}/a.safetensors`)?.versionId); // 7
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function readModelInfo(path: string, sha256?: string): ModelInfo | undefined {
  const place = sidecarPath(path, ".civitai.info");
  const raw = readJsonObject(place);
  if (raw === undefined) return undefined;
  if (Array.isArray(raw.modelVersions)) {
    const versions = objectsOf(raw.modelVersions);
    const version = versions.find((one) => sha256 !== undefined && hashesOf(one).includes(sha256.toUpperCase())) ??
      versions[0] ?? {};
    return { shape: "model", modelId: numberOf(raw.id), ...factsOf(version, raw), raw };
  }
  if (raw.id === undefined && raw.modelId === undefined && raw.files === undefined) {
    throw unreadable(place, "neither a version nor a model of Civitai");
  }
  const model = isRecord(raw.model) ? raw.model : {};
  return { shape: "version", modelId: numberOf(raw.modelId), ...factsOf(raw, model), raw };
}
