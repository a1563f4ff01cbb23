import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type ProfileName, profiles, roles } from "../../api/layout/profiles.ts";

function isBelow(folder: string, other: string): boolean {
  const way = relative(other, folder);
  return way !== "" && !way.startsWith("..");
}

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
  const tops = places.map((place) => isBelow(place, join(top, "models")) ? join(top, "models") : place);
  const there = [...new Set(tops)].filter((folder) => existsSync(folder));
  const outer = there.filter((folder) => !there.some((other) => isBelow(folder, other)));
  return outer.length === 0 ? [top] : outer;
}
