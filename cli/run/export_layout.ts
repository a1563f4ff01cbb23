import { existsSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { layoutFolders, type Role } from "../../api/mod.ts";
import { messageOf, readPlainText } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import { downloadPlace } from "../options/download_place.ts";
import { writePrivate } from "../settings/private_file.ts";
import type { Settings } from "../settings/read_settings.ts";
import { printable } from "../terminal/text.ts";
import { quoted } from "./completion/quoted.ts";

/** ComfyUI's names of folders (folder_paths.py), and what lies in them. */
const comfyKeys: Readonly<Record<string, Role>> = {
  checkpoints: "checkpoint",
  diffusion_models: "diffusion",
  loras: "lora",
  vae: "vae",
  text_encoders: "textEncoder",
  clip_vision: "clipVision",
  controlnet: "controlnet",
  embeddings: "embedding",
  hypernetworks: "hypernetwork",
  upscale_models: "upscaler",
};

/** The options of the web UIs that name one folder each (modules/cmd_args.py). */
const webuiFlags: Readonly<Record<"a1111" | "forge", Readonly<Record<string, Role>>>> = {
  a1111: {
    "--ckpt-dir": "checkpoint",
    "--lora-dir": "lora",
    "--vae-dir": "vae",
    "--embeddings-dir": "embedding",
    "--hypernetwork-dir": "hypernetwork",
    "--esrgan-models-path": "upscaler",
  },
  forge: {
    "--ckpt-dir": "checkpoint",
    "--lora-dir": "lora",
    "--vae-dir": "vae",
    "--text-encoder-dir": "textEncoder",
    "--embeddings-dir": "embedding",
    "--hypernetwork-dir": "hypernetwork",
    "--esrgan-models-path": "upscaler",
  },
};

/** The section that is ours; everything else in the file is the user's. */
const sectionName = "civikit";

/** Where models are: the root, and the folders below it for each role. */
export interface ModelPlaces {
  /** Absolute. */
  readonly root: string;
  /** Below the root, with `/`, the usual one first. */
  foldersOf(role: Role): readonly string[];
}

/** Where downloads go by the settings. @throws {InputError} `invalid_config` when there is no such layout. */
export function modelPlaces(settings: Pick<Settings, "value" | "source">): ModelPlaces {
  const { dir, layout = "flat", folders } = downloadPlace(settings);
  return { root: resolve(dir), foldersOf: layoutFolders(layout, { folders }) };
}

/** What a web UI is started with. */
export interface WebuiArguments {
  /** Options and folders, in turns. */
  readonly arguments: readonly string[];
  /** The same as a line for a shell. */
  readonly line: string;
  /** Folders for which it has no room: it takes one of each kind. */
  readonly left: readonly string[];
}

/** The arguments with which a web UI finds the models. */
export function webuiArguments(program: "a1111" | "forge", { root, foldersOf }: ModelPlaces): WebuiArguments {
  const pairs = Object.entries(webuiFlags[program]).map(([flag, role]) => {
    const [first = "", ...left] = foldersOf(role).map((folder) => join(root, folder));
    return { flag, first, left };
  });
  const quote = Deno.build.os === "windows" ? (text: string) => `"${text}"` : quoted;
  return {
    arguments: pairs.flatMap(({ flag, first }) => [flag, first]),
    line: pairs.map(({ flag, first }) => `${flag} ${quote(first)}`).join(" "),
    left: pairs.flatMap(({ left }) => left),
  };
}

function refusal(path: string, state: string): InputError {
  return new InputError(`merging into "${printable(path)}": ${state}; it was left as it is`, {
    ...{ code: "invalid_config", input: path },
  });
}

/** The text of a file; undefined where there is none. */
function textAt(path: string): string | undefined {
  try {
    return readPlainText(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw refusal(path, `it cannot be read (${messageOf(error)})`);
  }
}

/**
 * An `extra_model_paths.yaml` in which ComfyUI finds the models: the text `old` with one section of ours, everything else
 * in it untouched, comments too. What someone added to that section, such as `is_default`, stays.
 *
 * @param path Names the file in errors.
 * @throws {InputError} `invalid_config` when `old` is no such file; it is not guessed what was meant.
 */
export async function comfyPaths(places: ModelPlaces, old: string | undefined, path: string): Promise<string> {
  const { isMap, parseDocument, Scalar, YAMLMap } = await import("yaml");
  const document = parseDocument(old ?? "");
  const [problem] = document.errors;
  if (problem !== undefined) throw refusal(path, `not valid YAML (${problem.message.split("\n")[0]})`);
  const isEmpty = document.contents === null;
  if (!isEmpty && !isMap(document.contents)) throw refusal(path, "not a list of sections");
  if (isEmpty) document.contents = document.createNode({}) as unknown as typeof document.contents;
  const known = document.get(sectionName, true);
  if (known !== undefined && !isMap(known)) throw refusal(path, `its "${sectionName}" is no section`);
  const section = known ?? new YAMLMap();
  section.set("base_path", places.root);
  for (const [key, role] of Object.entries(comfyKeys)) {
    const value = new Scalar(places.foldersOf(role).map((folder) => folder || ".").join("\n"));
    // one folder a line; ComfyUI splits at line ends
    if (value.value.includes("\n")) value.type = "BLOCK_LITERAL";
    section.set(key, value);
  }
  if (known === undefined) {
    document.set(sectionName, section);
    section.commentBefore = " where civikit puts models; renewed by: civikit layout export comfyui --out FILE";
  }
  return document.toString({ lineWidth: 0 });
}

/** What became of the file. */
export type Written = "made" | "merged" | "unchanged";

/**
 * Writes that file in one step; one that is there keeps everything that is not ours, and its rights.
 *
 * @throws {InputError} `invalid_config` when what is there is no such file.
 * @throws {DiskError} When the disk refuses.
 */
export async function writeComfyPaths(places: ModelPlaces, file: string): Promise<Written> {
  // a link stays a link
  const path = existsSync(file) ? realpathSync(file) : resolve(file);
  const old = textAt(path);
  const text = await comfyPaths(places, old, path);
  if (text === old) return "unchanged";
  writePrivate(path, text, { mode: old === undefined ? 0o644 : statSync(path).mode & 0o777 });
  return old === undefined ? "made" : "merged";
}
