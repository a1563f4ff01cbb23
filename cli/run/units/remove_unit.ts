import { lstatSync, readlinkSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { wrapDiskError } from "../../../transport/internal.ts";
import type { UnitFile } from "./unit_file.ts";

/** What became of a unit that was to be removed. */
export type RemovedUnit = "removed" | "absent" | "kept" | "forbidden";

/** The links by which systemd starts a unit: into these folders `systemctl enable` puts them. */
const wanting = ["default.target.wants", "multi-user.target.wants"];

function removeLink(path: string, target: string): void {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  if (isLink && resolve(dirname(path), readlinkSync(path)) === target) rmSync(path);
}

/** Removes a unit of ours that nobody changed, and the links that start it. @throws {DiskError} When the disk refuses. */
export function removeUnit({ path, state }: UnitFile): RemovedUnit {
  if (state === "absent") return "absent";
  if (state !== "current" && state !== "outdated") return "kept";
  try {
    for (const folder of wanting) removeLink(join(dirname(path), folder, basename(path)), path);
    rmSync(path);
    return "removed";
  } catch (error) {
    const wrapped = wrapDiskError(error, path, "removing");
    if (wrapped.code === "permission_denied") return "forbidden";
    throw wrapped;
  }
}
