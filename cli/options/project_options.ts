import { layoutNames, lockName, manifestName, openProject, type Project } from "../../api/mod.ts";
import { InputError } from "../../transport/mod.ts";
import type { Flag, ParsedArgs } from "./args.ts";
import { hashesFlag, siteFlags } from "./shared_flags.ts";
import type { Io } from "../terminal/io.ts";
import { knownWord } from "./known_words.ts";
import { rootsPath } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";

/** Options that say where a project is. */
export const projectFlags: readonly Flag[] = [
  { name: "project", value: "FOLDER", about: "folder of civikit.models.json and civikit.lock.json (default: .)" },
  {
    name: "root",
    value: "FOLDER",
    about: "where the models go, in place of the manifest's root; one outside of the project is named once",
  },
];

/** Options of commands that install. */
export const installFlags: readonly Flag[] = [
  ...projectFlags,
  { name: "jobs", short: "j", value: "N", about: "files at once, 1-16 (default: 3)" },
  { name: "parallel", value: "N", about: "connections for each file, 1-32 (default: 4)" },
  { name: "dry-run", short: "n", about: "only show what would be written, fetched and removed" },
  { name: "force", about: "replace other files at locked places" },
  { name: "sidecars", about: "write .civitai.info, preview and .json beside the files; edits are kept" },
  hashesFlag,
  { name: "json", about: "one JSON object a line on standard output, nothing else" },
  { name: "quiet", short: "q", about: "print only errors; with --json, no progress lines" },
  ...siteFlags,
];

/** The option of commands that may put new files in place of old ones. */
export const keepOldFlag: Flag = {
  name: "keep-old",
  about: "leave the files that are not wanted any more; the project forgets them",
};

/** Where it is kept which roots were named; undefined where there is no place or no right to keep it. */
function namedRoots({ env }: Io): string | undefined {
  const path = rootsPath(env);
  // asked before, because Deno would stop and ask the user
  return path === undefined || !isGranted(keeping(path)) ? undefined : path;
}

/**
 * The layout that `--layout` names; undefined when it was not given.
 *
 * @throws {UsageError} when it is neither a known name nor a template.
 */
export function layoutOption(args: ParsedArgs): string | undefined {
  const text = args.value("layout");
  if (text === undefined || text.includes("{")) return text;
  const due = `one of ${layoutNames.join(", ")}, or a template such as "{type}/{baseModel}/{file}" is due`;
  return knownWord("option --layout", text, layoutNames, due);
}

/**
 * The project of a command line.
 *
 * @param args `--project`, `--root`, and `--layout` where the command has it.
 * @param isNew Whether the command makes a project where there is none.
 * @throws {InputError} `invalid_argument` when there is no project and `isNew` is not set.
 */
export function projectOf(args: ParsedArgs, { io }: { readonly io: Io }, isNew = false): Project {
  const folder = args.value("project") ?? ".";
  const project = openProject(folder, {
    root: args.value("root"),
    layout: layoutOption(args),
    namedRoots: namedRoots(io),
    isDry: args.has("dry-run"),
  });
  if (isNew || project.hasManifest || project.lock.files.length > 0) return project;
  const state = `neither ${manifestName} nor ${lockName} there`;
  throw new InputError(`opening the project in ${JSON.stringify(folder)}: ${state}`, {
    code: "invalid_argument",
    reason: "project_missing",
    input: folder,
  });
}
