import type { FileFormat, ModelFileType, ModelType } from "../resources/enums.ts";
import type { ResolvedFile } from "../references/resolved_file.ts";

/** What a layout has to know to find a file's place. */
export interface LayoutFacts {
  /** What the model is. */
  modelType: ModelType;
  /** What the file is for; `Model` if not known. */
  fileType?: ModelFileType | undefined;
  /** How the weights are stored. */
  format?: FileFormat | null | undefined;
  /** What it was made for, such as `SDXL 1.0`. */
  baseModel?: string | null | undefined;
  /** Who made it. */
  creator?: string | null | undefined;
  /** What the model is sorted by on the site. */
  tags?: readonly string[] | undefined;
  /** The model's name. */
  model?: string | null | undefined;
  /** The version's name. */
  version?: string | null | undefined;
  /** The model's id. */
  modelId?: number | null | undefined;
  /** The version's id. */
  versionId?: number | undefined;
  /** The file's id. */
  fileId?: number | undefined;
  /** The file's name; made safe by the layout. */
  fileName: string;
}

/**
 * The facts of a file that {@linkcode resolveDownloads} found.
 *
 * @param file The file.
 * @param creator Who made the model: versions do not say it, models do.
 * @param tags What the model is sorted by: the same.
 * @example
 * ```ts
 * import { layout, layoutFacts, type ResolvedFile } from "@civikit/civikit/api";
 *
 * const place = (file: ResolvedFile) => layout("comfyui").place(layoutFacts(file));
 * console.log(typeof place); // function
 * ```
 */
export function layoutFacts(
  file: ResolvedFile,
  creator?: string | null,
  tags?: readonly string[],
): LayoutFacts {
  const { modelType, baseModel, modelName, versionName, modelId, versionId, fileId, fileName } = file;
  return {
    modelType,
    fileType: file.file.type,
    format: file.file.metadata?.format,
    baseModel,
    creator,
    tags,
    model: modelName,
    version: versionName,
    modelId,
    versionId,
    fileId,
    fileName,
  };
}
