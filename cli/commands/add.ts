import { dirname } from "node:path/posix";
import { addModel, type AddOptions, folderShelf, layout, type Need, needsOf } from "../../api/mod.ts";
import { redactUrl } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { fileFlags, searchFlags, yesFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { openHashes } from "../run/hash_store.ts";
import { withInstaller } from "../run/install_run.ts";
import { sourcesIn } from "../options/model_source.ts";
import { readAllNamed } from "../run/named_models.ts";
import { commandText, showNeeds } from "../run/show_needs.ts";
import { installFlags, layoutOption, newLayoutFlags, oldFlags, projectOf } from "../options/project_options.ts";
import { projectWords } from "../terminal/project_words.ts";
import { printable, withColons } from "../terminal/text.ts";
import { needsText } from "../texts/needs.ts";
import { addHelp, projectUsage } from "../texts/project.ts";
import { bilingual } from "../texts/texts.ts";
import { usageText } from "../texts/usage.ts";

const flags = {
  ...fileFlags,
  base: {
    ...searchFlags.base,
    type: "text",
    help: { ...searchFlags.base.help, en: 'with model:<id>: only versions for this base model, such as "SDXL 1.0"' },
  },
  folder: {
    type: "text",
    value: "FOLDER",
    help: { en: "folder below the root, in place of the layout's", "zh-TW": "根資料夾下的位置，取代版面的安排" },
  },
  ...newLayoutFlags,
  ...yesFlags,
  noInstall: { type: "switch", help: { en: "only write manifest and lock file", "zh-TW": "只寫清單檔與鎖定檔" } },
  ...oldFlags,
  ...installFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  if (args.operands.length === 0) {
    throw new UsageError(bilingual(projectUsage, (t) => t.nothingToAdd));
  }
  const { file, allFiles, base, folder, layout: layoutName, noInstall, old } = args.flags;
  const name = layoutOption(layoutName);
  const all = allFiles || undefined;
  if (name !== undefined) layout(name);
  if (file !== undefined && all) throw new UsageError(bilingual(usageText, (t) => t.contradicts("all-files", "file")));
  const project = projectOf(args, context, true);
  if (name !== undefined && project.hasManifest && project.manifest.layout !== name) {
    throw new UsageError(
      bilingual(projectUsage, (t) => t.otherLayout(JSON.stringify(printable(project.manifest.layout)))),
    );
  }
  const words = projectWords(context.locale);
  const choice = { file, all, baseModel: base, folder };
  const { sources, references } = sourcesIn(args.operands, context, { urls: true });
  if (references.length === 0 && Object.values(choice).some((value) => value !== undefined)) {
    throw new UsageError(bilingual(needsText, (t) => t.onlyAlone));
  }
  return await withInstaller(args, context, async (installer) => {
    const { api, transport, signal, emit, fail, count, install } = installer;
    let added = 0;

    /** Adds one, and tells it; a failure is told and stops none of the others. */
    async function add(text: string, own: Omit<AddOptions, "signal" | "transport">): Promise<void> {
      try {
        const { wanted, files, wasThere } = await addModel(project, api, text, { ...own, signal, transport });
        const paths = files.map(({ path }) => printable(path)).join(", ");
        const word = wasThere ? words.there : project.isDry ? words.wouldAdd : words.added;
        emit({
          event: project.isDry ? "would_add" : "added",
          wanted,
          wasThere,
          files,
        }, withColons(word, printable(wanted.air), paths));
        added++;
      } catch (error) {
        if (signal.aborted || !(error instanceof CivikitError)) throw error;
        fail(error, redactUrl(text));
      }
    }

    // first what there is a question about: nothing is half done when nobody answers it
    for (const need of await needed()) await add(need.reference!, choiceOf(need));
    for (const text of references) await add(text, choice);

    /** What the sources need and whoever runs this wants to have. */
    async function needed(): Promise<Need[]> {
      if (sources.length === 0) return [];
      const used = await readAllNamed(sources, { api, transport, signal }, fail);
      using cache = openHashes(args, context, installer.reporter.note);
      const find = folderShelf(project.root, { cache, locked: project.lock.files, signal });
      const needs = await needsOf(used, { api, transport, find, signal, layout: project.manifest.layout });
      const { project: where, root, yes, json, dryRun: isDry } = args.flags;
      const command = commandText("add", sources.map(({ text }) => text), {
        ...{ project: where, root, layout: layoutName, "no-install": noInstall, yes: true },
      });
      return await showNeeds(needs, { yes, json, isDry, root: project.root, signal, command, emit, count }, context);
    }

    if (added > 0 && !noInstall) await install(project, { old });
  });
}

/**
 * What the manifest's entry says besides the reference: of a file elsewhere what it is, its name where the address has
 * another, and the SHA-256 where its host does not name one.
 */
function choiceOf(
  { reference, modelType, target, proof, options: { file, sha256, output } }: Need,
): Partial<AddOptions> {
  if (/^\d+$/.test(reference!)) return file === undefined ? {} : { file: Number(file) };
  const folder = dirname(target!);
  const place = modelType !== null ? { type: modelType } : folder === "." ? {} : { folder };
  const isNamed = output === undefined || new URL(reference!).pathname.endsWith(`/${output}`);
  return { ...place, ...(!isNamed && { file: output }), ...(proof === "said" && { sha256 }) };
}

/** `civikit add`: a model into manifest, lock file and folder. */
export const addCommand: Command = {
  usage: "add <what>... [options]",
  flags,
  help: addHelp,
  run,
};
