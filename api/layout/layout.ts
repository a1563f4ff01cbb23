import { InputError, safeFileName } from "../../transport/mod.ts";
import type { LayoutFacts } from "./facts.ts";
import { type ProfileName, profiles } from "./profiles.ts";
import { roleOf, roleOfType } from "./role.ts";
import { templatePlace } from "./template.ts";

/** Where files go. */
export interface Layout {
  /** The profile, or the template as it was given. */
  readonly name: string;
  /** A file's path below the root, with `/` between folders; made safe, but to be proven with `resolveInside`. */
  place(facts: LayoutFacts): string;
}

/** Options of {@linkcode layout}. */
export interface LayoutOptions {
  /**
   * Folders below the root for single types of models (`LORA`, `VAE`; in upper or lower case), before those of the layout.
   * A folder of a type also takes the types other programs put there, as far as they have none: LoCon goes where LORA goes.
   */
  folders?: Readonly<Record<string, string>>;
  /** Which of a model's tags `{tag}` is: the first of these that it has. Default: Civitai's kinds, `character` first. */
  tags?: readonly string[] | undefined;
}

/** The names {@linkcode layout} knows. */
export const layoutNames: readonly ProfileName[] = ["a1111", "forge", "comfyui", "sdnext", "invokeai", "flat"];

function below(folder: string, { fileName }: LayoutFacts): string {
  return `${folder}${folder === "" ? "" : "/"}${safeFileName(fileName)}`;
}

/** A folder as a path below the root. */
function ownFolder(type: string, text: string): string {
  const parts = text.split(/[\\/]/).filter((part, at) => part !== "." && (part !== "" || at === 0));
  const isSafe = parts.every((part) => part === safeFileName(part)) && parts.length > 0;
  if (isSafe) return parts.join("/");
  throw new InputError(
    `reading the folder ${JSON.stringify(text)} for ${JSON.stringify(type)}: not a folder below the root`,
    {
      code: "invalid_config",
      input: text,
    },
  );
}

/** Finds the folder that was named for a file, by its model's type, else by what it is to the program that loads it. */
function ownFolders(folders: Readonly<Record<string, string>>): (facts: LayoutFacts) => string | undefined {
  const named = Object.entries(folders).map(([type, text]) => {
    const role = roleOfType(type) ?? (type.toLowerCase() === "other" ? "other" : undefined);
    return { type: type.toLowerCase(), role, folder: ownFolder(type, text) };
  });
  return (facts) => {
    const role = roleOf(facts);
    const type = facts.modelType.toLowerCase();
    // a VAE that comes with a checkpoint is a VAE
    const isItself = role === (roleOfType(type) ?? "other");
    return (named.find((one) => isItself && one.type === type) ?? named.find((one) => one.role === role))?.folder;
  };
}

/**
 * The folders of a program (`a1111`, `forge`, `comfyui`, `sdnext`, `invokeai`; paths begin at the program's own folder),
 * one folder for everything (`flat`), or a template of your own that ends with `{file}`.
 *
 * @param name A profile's name, in upper or lower case, or a template with `{type}`, `{baseModel}` or `{base}`, `{creator}`, `{tag}`, `{model}`,
 * `{version}`, `{file}`, `{modelId}`, `{versionId}`, `{fileId}`.
 * @param options See {@linkcode LayoutOptions}.
 * @throws {InputError} `invalid_config` when it is neither, or when a folder cannot be meant.
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
export function layout(name: string, { folders = {}, tags }: LayoutOptions = {}): Layout {
  const known = layoutNames.find((known) => known === name.toLowerCase());
  const own = ownFolders(folders);
  const folderOf = known && profiles[known];
  const placeOf = folderOf === undefined
    ? templatePlace(name, tags)
    : (facts: LayoutFacts) => below(folderOf(roleOf(facts), facts.baseModel ?? ""), facts);
  return {
    name: known ?? name,
    place(facts) {
      const folder = own(facts);
      return folder === undefined ? placeOf(facts) : below(folder, facts);
    },
  };
}
