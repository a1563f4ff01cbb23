import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { isRecord, readPlainText } from "../../transport/internal.ts";
import { homeFolder } from "../settings/places.ts";

/** The folders that one section of an `extra_model_paths.yaml` names. */
export interface ExtraPaths {
  /** Its name. */
  readonly name: string;
  /** Whether ComfyUI puts new files there. */
  readonly isDefault: boolean;
  /** Where its folders begin. */
  readonly root: string;
  /** The first folder of each type of model that lies below the root, as a path below it with `/`. */
  readonly folders: Readonly<Record<string, string>>;
}

/** ComfyUI's names of folders, and the types of models that go there; older names come last. */
const types: Readonly<Record<string, string>> = {
  checkpoints: "Checkpoint",
  loras: "LORA",
  vae: "VAE",
  embeddings: "TextualInversion",
  hypernetworks: "Hypernetwork",
  controlnet: "Controlnet",
  upscale_models: "Upscaler",
  diffusion_models: "UNet",
  unet: "UNet",
  text_encoders: "TextEncoder",
  clip: "TextEncoder",
  clip_vision: "CLIPVision",
};

/** `~` and variables, as ComfyUI replaces them; a variable that is not set stays as it is. */
function expanded(text: string, env: (name: string) => string | undefined): string {
  const home = homeFolder(env);
  const withHome = home === undefined ? text : text.replace(/^~(?=$|[/\\])/, home);
  return withHome.replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, bare, braced) => env(bare ?? braced) ?? whole);
}

/** The first folder of a value: one a line, or a list. */
function firstOf(value: unknown): string | undefined {
  const lines = Array.isArray(value) ? value : String(value ?? "").split("\n");
  return lines.map((line) => String(line).trim()).find((line) => line !== "");
}

function foldersOf(section: Readonly<Record<string, unknown>>, root: string): Record<string, string> {
  const folders: Record<string, string> = {};
  for (const [key, type] of Object.entries(types)) {
    const folder = firstOf(section[key]);
    if (folder === undefined || folders[type] !== undefined) continue;
    const way = relative(root, resolve(root, folder));
    if (way !== "" && !isAbsolute(way) && way.split(sep)[0] !== "..") folders[type] = way.split(sep).join("/");
  }
  return folders;
}

/**
 * The sections of an `extra_model_paths.yaml` that name a base folder; none where there is no such file.
 *
 * @throws {Error} When it cannot be read or is not YAML.
 */
export async function readExtraPaths(
  path: string,
  env: (name: string) => string | undefined,
): Promise<ExtraPaths[]> {
  let text: string;
  try {
    text = readPlainText(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
  const { parse } = await import("yaml");
  const all: unknown = parse(text);
  if (!isRecord(all)) return [];
  return Object.entries(all).flatMap(([name, section]) => {
    if (!isRecord(section) || typeof section.base_path !== "string" || section.base_path.trim() === "") return [];
    const root = resolve(dirname(path), expanded(section.base_path.trim(), env));
    return [{ name, isDefault: section.is_default === true, root, folders: foldersOf(section, root) }];
  });
}
