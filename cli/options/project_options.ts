import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { layoutNames, lockName, manifestName, openProject, type Project } from "../../api/mod.ts";
import { InputError } from "../../transport/mod.ts";
import type { Flag, Values } from "./flags.ts";
import { fetchFlags, hashFlags, outputFlags, sidecarFlags, siteFlags } from "./shared_flags.ts";
import type { Io } from "../terminal/io.ts";
import { knownOption } from "./known_words.ts";
import { rootsPath } from "../settings/places.ts";
import { layoutWords } from "../settings/check_text.ts";
import { isGranted, keeping } from "../settings/rights.ts";

/** Options that say where a project is. */
export const projectFlags = {
  project: {
    type: "text",
    value: "FOLDER",
    usual: ".",
    help: {
      en: "folder of civikit.models.json and civikit.lock.json",
      "zh-TW": "`civikit.models.json` 與 `civikit.lock.json` 在哪個資料夾",
    },
  },
  root: {
    type: "text",
    value: "FOLDER",
    help: {
      en: "where the models go, in place of the manifest's root; one outside of the project is named once",
      "zh-TW": "使用模型的程式所在的資料夾；`layout` 與 `folders` 從這裡算起",
    },
  },
} as const;

/** The layout of a manifest that is made now. */
export const newLayoutFlags: { readonly layout: Extract<Flag, { type: "text" }> } = {
  layout: {
    type: "text",
    value: "NAME",
    suggests: layoutWords,
    usual: "flat",
    help: {
      en: "where models go, for a new manifest",
      "zh-TW": "模型放在根資料夾下的哪個資料夾（版面）",
    },
  },
};

/** Where files are looked for before Civitai. */
export const mirrorFlags = {
  mirror: { type: "setting", setting: "install.mirror", value: "PLACE" },
} as const;

/** Options of commands that install. */
export const installFlags:
  & typeof projectFlags
  & typeof mirrorFlags
  & typeof fetchFlags
  & typeof sidecarFlags
  & typeof hashFlags
  & typeof outputFlags
  & typeof siteFlags = {
    ...projectFlags,
    ...mirrorFlags,
    ...fetchFlags,
    ...sidecarFlags,
    ...hashFlags,
    ...outputFlags,
    ...siteFlags,
  };

/** The option of commands that may put new files in place of old ones. */
export const oldFlags = {
  old: {
    type: "word",
    value: "WHAT",
    words: ["keep", "trash", "replace"],
    usual: { en: "replace; of files in folders keep", "zh-TW": "replace；對資料夾是 keep" },
    help: {
      en: "what becomes of an old file once the new one is proved: keep, trash, replace",
      "zh-TW": "新檔案驗證並就位之後，舊檔案怎麼辦：`keep` 留下（專案不再管它）、`trash` 丟進垃圾桶、`replace` 刪除",
    },
  },
} as const;

/** Where it is kept which roots were named; undefined where there is no place or no right to keep it. */
export function namedRoots({ env }: Io): string | undefined {
  const path = rootsPath(env);
  // asked before, because Deno would stop and ask the user
  return path === undefined || !isGranted(keeping(path)) ? undefined : path;
}

/** Whether a folder holds a manifest or a lock file; one that may not be read holds none. */
export function isProject(folder: string): boolean {
  return [manifestName, lockName].map((name) => resolve(folder, name))
    .some((path) => isGranted([{ name: "read", path }]) && existsSync(path));
}

/**
 * The layout that `--layout` names; undefined when it was not given.
 *
 * @throws {UsageError} when it is neither a known name nor a template.
 */
export function layoutOption(text: string | undefined): string | undefined {
  if (text === undefined || text.includes("{")) return text;
  return knownOption("layout", text, layoutNames, (t) => t.layoutDue(layoutNames));
}

/** What {@linkcode projectOf} goes by: the options of a command, as far as it has them. */
interface ProjectArgs {
  readonly flags: Values<typeof projectFlags> & { readonly dryRun?: boolean; readonly layout?: string | undefined };
}

/**
 * The project of a command line.
 *
 * @param isNew Whether the command makes a project where there is none.
 * @throws {InputError} `invalid_argument` when there is no project and `isNew` is not set.
 */
export function projectOf({ flags }: ProjectArgs, { io }: { readonly io: Io }, isNew = false): Project {
  const { project: folder = ".", root, layout, dryRun: isDry = false } = flags;
  const project = openProject(folder, { root, layout: layoutOption(layout), namedRoots: namedRoots(io), isDry });
  if (isNew || project.hasManifest || project.lock.files.length > 0) return project;
  const state = `neither ${manifestName} nor ${lockName} there`;
  throw new InputError(`opening the project in ${JSON.stringify(folder)}: ${state}`, {
    code: "invalid_argument",
    reason: "project_missing",
    input: folder,
  });
}
