import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../../../transport/mod.ts";
import { wrapDiskError } from "../../../transport/internal.ts";
import { hashesPath, homeFolder, keyPath, programData } from "../../settings/places.ts";
import { writePrivate } from "../../settings/private_file.ts";
import { isGranted } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import { makeUnit } from "./make_unit.ts";
import type { UnitKind } from "./originals.ts";
import { originOf, ownerOf } from "./seal.ts";

/** Whose service it is: of one user, or of the whole machine. */
export type UnitScope = "user" | "system";

/** The kind of unit that `service install` writes here. */
export function unitKindOf(scope: UnitScope, system: typeof Deno.build.os = Deno.build.os): UnitKind | undefined {
  if (system === "windows") return scope === "user" ? "task" : "servy";
  if (system === "darwin") return scope === "user" ? "launchd" : undefined;
  return scope === "user" ? "systemd-user" : "systemd";
}

/** Where the unit of a kind belongs; undefined where there is no folder for it. */
export function unitPath(kind: UnitKind, env: Io["env"]): string | undefined {
  if (kind === "systemd") return "/etc/systemd/system/civikit.service";
  if (kind === "systemd-user") {
    const key = keyPath(env); // in a folder of its own below that of all settings
    return key && join(dirname(dirname(key)), "systemd", "user", "civikit.service");
  }
  if (kind === "launchd") {
    const home = homeFolder(env);
    return home && join(home, "Library", "LaunchAgents", "civikit.plist");
  }
  const hashes = hashesPath(env);
  const folder = kind === "task" ? hashes && dirname(hashes) : join(programData(env), "civikit");
  return folder && join(folder, `civikit-${kind}.xml`);
}

/** How the file of a unit stands. */
export type UnitState = "absent" | "unreadable" | "foreign" | "edited" | "outdated" | "current";

/** The file of a unit. */
export interface UnitFile {
  /** Where it is, or belongs. */
  readonly path: string;
  /** How it stands. */
  readonly state: UnitState;
  /** What is in it; undefined where it is absent or cannot be read. */
  readonly text: string | undefined;
}

function textAt(path: string): string | null | undefined {
  // asked before, because Deno would stop and ask the user
  if (!isGranted([{ name: "read", path }])) return null;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as { code?: string };
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : null;
  }
}

/** Looks at the file of a unit: `outdated` is one of ours that this civikit would write otherwise today. */
export function lookAtUnit(kind: UnitKind, path: string): UnitFile {
  const text = textAt(path);
  if (text === undefined) return { path, state: "absent", text };
  if (text === null) return { path, state: "unreadable", text: undefined };
  const owner = ownerOf(text);
  if (owner !== "ours") return { path, state: owner, text };
  const origin = originOf(text);
  const isCurrent = origin !== undefined && makeUnit(kind, origin) === text;
  return { path, state: isCurrent ? "current" : "outdated", text };
}

/** What someone changed in a unit against the one that would be written, as a unified diff. */
export async function unitDiff(path: string, old: string, fresh: string): Promise<string> {
  const { createTwoFilesPatch } = await import("diff");
  return createTwoFilesPatch(path, `${path} (civikit)`, old, fresh, undefined, undefined, { context: 1 })
    .replace(/^=+\n/, "");
}

/** What became of a unit that was to be written. */
export type WrittenUnit = "written" | "replaced" | "unchanged" | "forbidden";

/**
 * Writes a unit in one step, in the place of none or of one of ours that nobody changed.
 *
 * @returns `forbidden` where this user may not write there; nothing is changed then.
 * @throws {InputError} `target_exists` when the file is not ours, or someone changed it.
 * @throws {DiskError} When the disk refuses for another reason.
 */
export function writeUnit({ path, state, text: old }: UnitFile, text: string): WrittenUnit {
  if (state === "foreign" || state === "edited") {
    const whose = state === "edited" ? "someone changed it since civikit wrote it" : "civikit did not write it";
    throw new InputError(`writing "${path}": ${whose}`, { code: "target_exists", reason: "unit_edited", input: path });
  }
  if (old === text) return "unchanged";
  if (!isGranted([{ name: "write", path }])) return "forbidden";
  try {
    writePrivate(path, text, { mode: 0o644 });
  } catch (error) {
    const wrapped = wrapDiskError(error, path, "writing");
    if (wrapped.code === "permission_denied") return "forbidden";
    throw wrapped;
  }
  return state === "absent" ? "written" : "replaced";
}
