import type { ModelFileType, ModelType } from "../resources/enums.ts";
import type { ModelFile } from "../resources/version_parts.ts";
import type { Version } from "../resources/versions.ts";

/** What a local file is on the site. */
export interface Identity {
  /** The model it belongs to; null when the site does not say. */
  modelId: number | null;
  /** The version it belongs to. */
  versionId: number;
  /** Names the file. */
  fileId: number;
  /** The model's name. */
  modelName: string;
  /** The version's name. */
  versionName: string;
  /** What the model is. */
  modelType: ModelType;
  /** What it was made for; null when unknown. */
  baseModel: string | null;
  /** The name the site gives the file. */
  fileName: string;
  /** What the file is for, such as `VAE` with a checkpoint; null: the site does not say; undefined: noted before it was. */
  fileType?: ModelFileType | null | undefined;
  /** Words that call it up in a prompt, as the site has them; undefined: none, or noted before they were. */
  trainedWords?: string[] | undefined;
}

/** What the file with this SHA-256 (upper case) is, if `version` has it. */
export function identityOf(version: Version, sha256: string): Identity | null {
  const file = version.files?.find(({ hashes }) => hashes?.SHA256?.toUpperCase() === sha256);
  return file === undefined ? null : identityOfFile(version, file);
}

/** What `file` of `version` is. */
export function identityOfFile(
  version: Pick<Version, "id" | "name" | "modelId" | "baseModel" | "model" | "trainedWords">,
  file: Pick<ModelFile, "id" | "name" | "type">,
): Identity {
  return {
    modelId: version.modelId ?? null,
    versionId: version.id,
    fileId: file.id,
    modelName: version.model.name,
    versionName: version.name,
    modelType: version.model.type,
    baseModel: version.baseModel ?? null,
    fileName: file.name,
    fileType: file.type ?? null,
    ...(version.trainedWords?.length && { trainedWords: version.trainedWords }),
  };
}
