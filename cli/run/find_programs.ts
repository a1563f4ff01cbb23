import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Io } from "../terminal/io.ts";
import { homeFolder } from "../settings/places.ts";
import { isGranted } from "../settings/rights.ts";

/** A program that uses models, and where it is. */
export interface FoundProgram {
  /** Its name. */
  readonly name: string;
  /** The layout of its folders. */
  readonly layout: string;
  /** Its own folder. */
  readonly root: string;
}

/** The programs with what tells each: files that it has, and none of the files that mark another; the first match holds. */
const programs: readonly { readonly name: string; readonly layout: string; readonly has: readonly string[] }[] = [
  { name: "ComfyUI", layout: "comfyui", has: ["folder_paths.py", "comfy"] },
  { name: "ComfyUI Desktop", layout: "comfyui", has: ["models/checkpoints", "custom_nodes", "user"] },
  { name: "Forge", layout: "forge", has: ["webui.py", "modules_forge"] },
  { name: "SD.Next", layout: "sdnext", has: ["webui.py", "installer.py"] },
  { name: "Stable Diffusion web UI", layout: "a1111", has: ["webui.py", "modules/sd_models.py"] },
  { name: "InvokeAI", layout: "invokeai", has: ["invokeai.yaml"] },
  { name: "InvokeAI", layout: "invokeai", has: ["databases/invokeai.db"] },
];

/** How the folders of these programs are called, wherever they are. */
const usualName = /comfy|webui|stable-diffusion|forge|automatic|sd\.?next|invoke/i;

/** Folders in which people put programs, below their home. */
const below = ["", "Documents", "Desktop", "apps", "AI", "ai", "git", "src", "StabilityMatrix/Packages", "comfy"];
const elsewhere = ["/opt", "/workspace", "/srv", "C:\\", "D:\\", "C:\\AI", "D:\\AI"];

function programIn(folder: string): FoundProgram | undefined {
  const found = programs.find(({ has }) => has.every((name) => existsSync(join(folder, name))));
  return found && { name: found.name, layout: found.layout, root: folder };
}

function foldersIn(folder: string): string[] {
  if (!isGranted([{ name: "read", path: folder }])) return [];
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => usualName.test(entry.name) && !entry.isFile()).map(({ name }) =>
      join(folder, name)
    );
  } catch {
    return []; // not there, or nobody's business
  }
}

/** Looks for programs where they usually are: the folder one is in, INVOKEAI_ROOT, the home folder and those below it. */
export function findPrograms(env: Io["env"], cwd: string = Deno.cwd()): FoundProgram[] {
  const home = homeFolder(env);
  const places = [cwd, ...home === undefined ? [] : below.map((name) => join(home, name)), ...elsewhere];
  // a portable ComfyUI lies one folder deeper
  const near = places.flatMap(foldersIn).flatMap((folder) => [folder, ...foldersIn(folder)]);
  const named = env("INVOKEAI_ROOT");
  const found = new Map<string, FoundProgram>();
  for (const folder of [cwd, ...named ? [named] : [], ...near]) {
    const program = programIn(folder);
    if (program !== undefined) found.set(realpathSync(folder), found.get(realpathSync(folder)) ?? program);
  }
  return [...found.values()];
}
