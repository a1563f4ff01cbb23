import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { modelExtensions } from "../library/walk.ts";
import { sidecarPath } from "./names.ts";

const pictures = ["png", "jpg", "jpeg", "webp", "avif", "gif", "mp4", "webm"];

/**
 * What follows the name of a model, without its extension, in what belongs to it: of this package and Civitai Helper, of
 * A1111, Forge and SD.Next, of ComfyUI-Lora-Manager, Stability Matrix and SwarmUI.
 */
const endings: ReadonlySet<string> = new Set([
  ...[".civitai.info", ".json", ".txt", ".yaml", ".yml", ".sha256", ".description.txt", ".html"],
  ...[".metadata.json", ".civikit.json", ".cm-info.json", ".swarm.json", ".rgthree-info.json", ".vae.pt"],
  ...pictures.flatMap((
    type,
  ) => [`.${type}`, `.preview.${type}`, `.thumb.${type}`, `.swarm.${type}`, `.cm-preview.${type}`]),
]);

const endingOf = (name: string, stem: string): string | undefined =>
  name.startsWith(`${stem}.`) ? name.slice(stem.length).toLowerCase() : undefined;

/** Names of the folder of a model file; asked for once where many files of it are looked at. */
export type NamesOf = (folder: string) => readonly string[];

const readNames: NamesOf = (folder) => readdirSync(folder);

/** Names of folders as they are when first asked for. */
export function namesOnce(): NamesOf {
  const names = new Map<string, readonly string[]>();
  return (folder) => {
    const found = names.get(folder) ?? readNames(folder);
    names.set(folder, found);
    return found;
  };
}

/**
 * The files beside a model that belong to it: sidecars and previews, as this and other programs name them. Other models
 * of the same name are none; files of both belong to whichever is asked about.
 *
 * @param path The model file.
 * @returns Full paths, in order.
 */
export function companionsOf(path: string, namesOf: NamesOf = readNames): string[] {
  const folder = dirname(path);
  const own = basename(path);
  const stem = basename(sidecarPath(path, ""));
  const belongs = (name: string) => {
    if (name === own) return false;
    const ending = endingOf(name, own) ?? endingOf(name, stem);
    return ending !== undefined && (endings.has(ending) || endings.has(endingOf(name, stem) ?? ""));
  };
  return namesOf(folder).filter(belongs).sort().map((name) => join(folder, name));
}

/** Other model files of that folder with the same name but for the extension. */
export function namesakesOf(path: string, namesOf: NamesOf = readNames): string[] {
  const folder = dirname(path);
  const stem = basename(sidecarPath(path, ""));
  return namesOf(folder).filter((name) => {
    const ending = endingOf(name, stem)?.slice(1);
    return name !== basename(path) && ending !== undefined && modelExtensions.includes(ending);
  }).sort().map((name) => join(folder, name));
}
