import { addModel, layout } from "../../api/mod.ts";
import { CivikitError } from "../../transport/mod.ts";
import { type ParsedArgs, UsageError } from "../options/args.ts";
import type { Command, CommandContext } from "../command.ts";
import { withInstaller } from "../run/install_run.ts";
import { installFlags, keepOldFlag, layoutOption, projectOf } from "../options/project_options.ts";
import { projectWords } from "../terminal/project_words.ts";
import { printable } from "../terminal/text.ts";

const help = `<what> is a version id, model:<id>, an AIR, or the URL of a page on Civitai. It
is written into civikit.models.json (what you want), its exact version, file and
SHA-256 into civikit.lock.json, and then it is installed.

A version is pinned; a model (model:<id>) is followed: "civikit update" takes it
to its newest version. Both files are made when they are missing; --layout then
says where models go: a1111, forge, comfyui, sdnext, invokeai, flat, or a template
such as "{type}/{baseModel}/{file}".

With --json, the lines of "civikit download --json", and "added", "removed", "left".

examples:
  civikit add 128713 --layout comfyui --root ~/ComfyUI
  civikit add model:1001 --base "SDXL 1.0"
  civikit add urn:air:sdxl:checkpoint:civitai:827184@2514310 --no-install`;

async function run(args: ParsedArgs, context: CommandContext): Promise<number> {
  if (args.operands.length === 0) {
    throw new UsageError("nothing to add: give a version id, model:<id>, an AIR or a URL");
  }
  const name = layoutOption(args);
  const file = args.value("file");
  const all = args.has("all-files") || undefined;
  if (name !== undefined) layout(name);
  if (file !== undefined && all) throw new UsageError("option --all-files: contradicts --file");
  const project = projectOf(args, context, true);
  if (name !== undefined && project.hasManifest && project.manifest.layout !== name) {
    throw new UsageError(
      `option --layout: civikit.models.json says ${
        JSON.stringify(printable(project.manifest.layout))
      }; change it there`,
    );
  }
  const words = projectWords(context.locale);
  const choice = { file, all, baseModel: args.value("base"), folder: args.value("folder") };
  return await withInstaller(args, context, async ({ api, signal, tell, fail, install }) => {
    let added = 0;
    for (const text of args.operands) {
      try {
        const { wanted, files, wasThere } = await addModel(project, api, text, { ...choice, signal });
        const paths = files.map(({ path }) => printable(path)).join(", ");
        const word = wasThere ? words.there : project.isDry ? words.wouldAdd : words.added;
        tell(`${word}: ${printable(wanted.air)}: ${paths}`, {
          event: project.isDry ? "would_add" : "added",
          wanted,
          wasThere,
          files,
        });
        added++;
      } catch (error) {
        if (signal.aborted || !(error instanceof CivikitError)) throw error;
        fail(error, text);
      }
    }
    if (added > 0 && !args.has("no-install")) await install(project, { keepOld: args.has("keep-old") });
  });
}

/** `civikit add`: a model into manifest, lock file and folder. */
export const addCommand: Command = {
  name: "add",
  summary: "Adds models to a project's manifest and lock file, and installs them.",
  usage: "add <what>... [options]",
  flags: [
    { name: "file", value: "ID|NAME", about: "which file of the version (default: the primary one)" },
    { name: "all-files", about: "every file of the version" },
    { name: "base", value: "NAME", about: 'with model:<id>: only versions for this base model, such as "SDXL 1.0"' },
    { name: "folder", value: "FOLDER", about: "folder below the root, in place of the layout's" },
    { name: "layout", value: "NAME", about: "where models go, for a new manifest (default: flat)" },
    { name: "no-install", about: "only write manifest and lock file" },
    keepOldFlag,
    ...installFlags,
  ],
  help,
  run,
};
