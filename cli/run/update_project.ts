import { applyUpdate, findWanted, type LockedFile, planUpdate, type Project, withRules } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import type { installFlags } from "../options/project_options.ts";
import { UsageError } from "../options/usage_error.ts";
import type { CommandContext } from "../command.ts";
import { moveText, projectWords, stayText } from "../terminal/project_words.ts";
import { printable, withColons } from "../terminal/text.ts";
import { projectUsage } from "../texts/project.ts";
import { bilingual } from "../texts/texts.ts";
import { updateText } from "../texts/update.ts";
import { type OldFiles, withInstaller } from "./install_run.ts";

/** What {@linkcode updateProject} goes by. */
export interface UpdateProjectOptions {
  /** What becomes of old files. */
  readonly old: OldFiles;
  /** Whether entries that name a version move, too. */
  readonly latest: boolean;
  /** Whether versions for other base models are updates this once. */
  readonly anyBase: boolean;
}

/** Takes a project's models to newer versions, and installs. Resolves with the exit code. */
export async function updateProject(
  project: Project,
  args: Pick<Args<typeof installFlags>, "flags" | "operands">,
  { old, latest, anyBase }: UpdateProjectOptions,
  context: CommandContext,
): Promise<number> {
  const words = projectWords(context.locale);
  return await withInstaller(args, context, async ({ api, signal, emit, fail, install }) => {
    const entries = args.operands.map((text) => {
      const found = findWanted(project, api, text);
      if (found.length === 0) throw new UsageError(bilingual(projectUsage, (t) => t.noSuchModel(printable(text))));
      return found;
    });
    const only = args.operands.length === 0 ? undefined : entries.flat();
    const rules = withRules(project.manifest.updates ?? {}, { otherBase: anyBase ? ["all"] : [] });
    const plan = await planUpdate(project, api, { only, latest, rules, signal });
    const keepOld = old === "keep";
    applyUpdate(project, plan, { keepOld });
    for (const { wanted, error } of plan.failures) fail(error, wanted.air);
    for (const { wanted, versionId } of plan.gone) {
      emit({ event: "gone", wanted, versionId }, updateText[context.locale].gone(printable(wanted.air)));
    }
    for (const move of plan.moves) {
      const { from, to, before, after } = move;
      const paths = (files: readonly LockedFile[]) => files.map(({ path }) => path);
      const facts = { wanted: to, from, to, fromPaths: paths(before), toPaths: paths(after) };
      const [word, event] = project.isDry ? [words.wouldMove, "would_move"] : [words.moved, "moved"];
      emit({ event, ...facts }, withColons(word, moveText(move)));
    }
    for (const stay of plan.stays) {
      const { wanted, reason, error, newest = null, newer, held } = stay;
      if (reason === "failed") fail(error, wanted.air);
      else {
        const text = withColons(words.stays, printable(wanted.air), stayText(stay, words));
        emit({ event: "stays", wanted, reason, newest, newer, held }, text);
      }
    }
    await install(project, { old });
  });
}
