import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isInside, outermost } from "../../transport/internal.ts";
import { type ProfileName, profiles, roles } from "../../api/layout/profiles.ts";

/**
 * The folders in which a program keeps its models, as far as they are there: what else lies below `root`, its own code
 * and its outputs, is not gone through. The root itself for templates and for a program none of whose folders is there.
 *
 * @param name A layout's name or a template.
 * @param root The program's own folder.
 */
export function modelFolders(name: string, root: string): readonly string[] {
  const top = resolve(root);
  const profile = name.toLowerCase();
  if (!Object.hasOwn(profiles, profile)) return [top];
  const places = roles.map((role) => join(top, profiles[profile as ProfileName](role, "SDXL 1.0")));
  // models/loras and models/vae: whatever else is in models belongs to the library too
  const tops = places.map((place) => isInside(join(top, "models"), place) ? join(top, "models") : place);
  const there = [...new Set(tops)].filter((folder) => existsSync(folder));
  return there.length === 0 ? [top] : outermost(there);
}
