import { safeFileName } from "../../transport/mod.ts";
import type { LayoutFacts } from "./facts.ts";
import { type ProfileName, profiles } from "./profiles.ts";
import { roleOf } from "./role.ts";
import { templatePlace } from "./template.ts";

/** Where files go. */
export interface Layout {
  /** The profile, or the template as it was given. */
  readonly name: string;
  /** A file's path below the root, with `/` between folders; made safe, but to be proven with `resolveInside`. */
  place(facts: LayoutFacts): string;
}

/** The names {@linkcode layout} knows. */
export const layoutNames: readonly ProfileName[] = ["a1111", "forge", "comfyui", "sdnext", "invokeai", "flat"];

/**
 * The folders of a program (`a1111`, `forge`, `comfyui`, `sdnext`, `invokeai`; paths begin at the program's own folder),
 * one folder for everything (`flat`), or a template of your own that ends with `{file}`.
 *
 * @param name A profile's name, in upper or lower case, or a template with `{type}`, `{baseModel}`, `{creator}`, `{model}`, `{version}`, `{file}`,
 * `{modelId}`, `{versionId}`, `{fileId}`.
 * @throws {InputError} `invalid_config` when it is neither.
 * @example
 * ```ts
 * import { layout } from "@civikit/civikit/api";
 *
 * const facts = { modelType: "LORA", baseModel: "SDXL 1.0", fileName: "lantern.safetensors" };
 * console.log(layout("comfyui").place(facts)); // models/loras/lantern.safetensors
 * console.log(layout("invokeai").place(facts)); // models/sdxl/lora/lantern.safetensors
 * console.log(layout("{baseModel}/{type}/{file}").place(facts)); // SDXL 1.0/LORA/lantern.safetensors
 * ```
 */
export function layout(name: string): Layout {
  const known = layoutNames.find((known) => known === name.toLowerCase());
  if (known === undefined) return { name, place: templatePlace(name) };
  const folderOf = profiles[known];
  return {
    name: known,
    place(facts) {
      const folder = folderOf(roleOf(facts), facts.baseModel ?? "");
      return `${folder}${folder === "" ? "" : "/"}${safeFileName(facts.fileName)}`;
    },
  };
}
