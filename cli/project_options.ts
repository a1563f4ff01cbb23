import type { ProjectOptions } from "../api/mod.ts";
import type { Flag, ParsedArgs } from "./args.ts";
import { hashesFlag } from "./hash_store.ts";
import { siteFlags } from "./session.ts";

/** Options that say where a project is. */
export const projectFlags: readonly Flag[] = [
  { name: "project", value: "FOLDER", about: "folder of civikit.models.json and civikit.lock.json (default: .)" },
  { name: "root", value: "FOLDER", about: "where the models go, in place of the manifest's root" },
];

/** Options of commands that install. */
export const installFlags: readonly Flag[] = [
  ...projectFlags,
  { name: "jobs", short: "j", value: "N", about: "files at once, 1-16 (default: 3)" },
  { name: "parallel", value: "N", about: "connections for each file, 1-32 (default: 4)" },
  { name: "force", about: "replace other files at locked places" },
  { name: "sidecars", about: "write .civitai.info, preview and .json beside the files; edits are kept" },
  hashesFlag,
  { name: "json", about: "one JSON object a line on standard output, nothing else" },
  { name: "quiet", short: "q", about: "print only errors; with --json, no progress lines" },
  ...siteFlags,
];

/** The project options of a command line. */
export function projectOptions(args: ParsedArgs): ProjectOptions {
  return { root: args.value("root"), layout: args.value("layout") };
}
