import { basename, dirname, resolve } from "node:path";
import {
  applyOrganize,
  checkMoves,
  continueMoves,
  type Followers,
  followMoves,
  meantMoves,
  modelDetails,
  movesHistory,
  type MovesOptions,
  type MovesReport,
  openProject,
  type OrganizePlan,
  planOrganize,
  type Project,
  scan,
  undoMoves,
} from "../../api/mod.ts";
import { isInside } from "../../transport/internal.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { isProject, layoutOption, namedRoots, projectFlags } from "../options/project_options.ts";
import { fetchFlags, hashFlags, hashJobsFlags, outputFlags, siteFlags, yesFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { openHashes } from "../run/hash_store.ts";
import { readingLimit } from "../run/reading_limit.ts";
import { openSession } from "../run/session.ts";
import { settle } from "../run/settle.ts";
import { showFolders, showOrganize } from "../run/show_organize.ts";
import { askYes } from "../terminal/ask_yes.ts";
import { interrupt, InterruptedError } from "../terminal/interrupt.ts";
import { type Output, output } from "../terminal/output.ts";
import { readingOf } from "../terminal/reading.ts";
import { shellWord } from "../terminal/shell_word.ts";
import { warnSkip } from "../terminal/skipped.ts";
import { printable } from "../terminal/text.ts";
import { scanText } from "../texts/library.ts";
import { organizeText } from "../texts/organize.ts";
import { runText } from "../texts/run.ts";
import { bilingual } from "../texts/texts.ts";

const flags = {
  layout: { type: "setting", setting: "layout", value: "NAME" },
  tags: {
    type: "list",
    value: "NAMES",
    help: {
      en: "which of a model's tags {tag} is: the first of these it has",
      "zh-TW": "`{tag}` 用模型的哪個標籤：這些當中最先有的",
    },
  },
  dryRun: { ...fetchFlags.dryRun, help: { en: "only show what would move", "zh-TW": fetchFlags.dryRun.help["zh-TW"] } },
  ...yesFlags,
  continue: {
    type: "switch",
    help: { en: "finish what was interrupted", "zh-TW": "完成中斷的搬移" },
  },
  undo: {
    type: "switch",
    help: { en: "take back what was interrupted, else the last one", "zh-TW": "復原中斷的搬移，否則復原上一次" },
  },
  history: {
    type: "switch",
    help: { en: "list what was organised here, newest first", "zh-TW": "列出已經結束的，最新的在前面" },
  },
  offline: {
    type: "switch",
    help: { en: "ask nobody: only hash, and use what is remembered", "zh-TW": "不問任何人，只用記得的結果" },
  },
  project: projectFlags.project,
  ...hashJobsFlags,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

type OrganizeArgs = Args<typeof flags>;

function rootOf({ operands: [given] }: OrganizeArgs, { settings }: CommandContext): string {
  const root = given ?? settings.value("root");
  if (root === undefined) throw new UsageError(bilingual(organizeText, (t) => t.noFolder));
  return resolve(root);
}

/** The project whose lock file names files of the folder. */
function projectFor(root: string, { flags: { project: named } }: OrganizeArgs, { io }: CommandContext) {
  const folder = [named ?? ".", root].find(isProject);
  if (folder === undefined) return undefined;
  const project = openProject(folder, { namedRoots: namedRoots(io) });
  return isInside(project.root, root) || isInside(root, project.root) ? project : undefined;
}

/** How moves are made: told of, to be stopped by Ctrl-C, followed by hashes and lock file. */
function movesOptions(
  { project, ...followers }: Followers,
  signal: AbortSignal,
  { out, locale }: { readonly out: Output } & Pick<CommandContext, "locale">,
): MovesOptions {
  return {
    signal,
    onStep(done, total) {
      if (done % 64 === 0 || done === total) out.progress(organizeText[locale].moving(done, total));
    },
    project,
    // its lock file may have changed since it was read
    follow: (moved) => followMoves(moved, { ...followers, project: project && reopened(project), isHeld: true }),
  };
}

const reopened = ({ folder, root }: Project): Project => openProject(folder, { root });

/** How to call it for the same folder. */
function commandFor({ operands: [given] }: OrganizeArgs): string {
  return ["civikit organize", ...(given === undefined ? [] : [shellWord(printable(given))])].join(" ");
}

function showReport(
  report: MovesReport | undefined,
  args: OrganizeArgs,
  out: Output,
  { locale }: CommandContext,
): number {
  const text = organizeText[locale];
  out.close();
  if (report === undefined) return out.finish({ moved: 0 }, `${none(args, text)}\n`);
  const { id, state, moved, refused } = report;
  for (const one of moved) out.emit({ event: "moved", ...one });
  for (const { from, to, error } of refused) out.fail(error, from, { event: "refused", from, to });
  const words = state === "applied"
    ? text.applied(moved.length, `${commandFor(args)} --undo`)
    : text.undone(moved.length);
  const left = refused.length > 0 ? `; ${text.refused(refused.length)}` : "";
  return out.finish({ id, state, moved: moved.length, refused: refused.length }, `${words}${left}\n`);
}

const none = ({ flags: { undo } }: OrganizeArgs, text: typeof organizeText.en) =>
  undo ? text.nothingToUndo : text.nothingToContinue;

async function plan(args: OrganizeArgs, root: string, out: Output, context: CommandContext, with_: {
  readonly session: Awaited<ReturnType<typeof openSession>>;
  readonly cache: NonNullable<Followers["cache"]>;
}): Promise<OrganizePlan> {
  const { io, settings, locale } = context;
  const { offline, tags, jobs: concurrency } = args.flags;
  const name = layoutOption(settings.value("layout"));
  if (name === undefined) throw new UsageError(bilingual(organizeText, (t) => t.noLayout));
  if (!name.includes("{") && name !== "flat" && basename(root).toLowerCase() === "models") {
    throw new UsageError(bilingual(organizeText, (t) => t.inModels(name, dirname(root))));
  }
  checkMoves(root);
  const { session: { api, signal }, cache } = with_;
  const startedMs = io.now();
  const words = scanText[locale];
  const { files, skipped, failures } = await scan(offline ? null : api, [root], {
    ...{ cache, signal, concurrency, throttle: readingLimit(settings) },
    onProgress: ({ phase, done, total }) =>
      out.progress(
        phase === "asking" ? words.asking(done, total) : words.hashing(readingOf(done, total, io.now() - startedMs)),
      ),
  });
  const { details, failures: more } = await modelDetails(offline ? null : api, files, name, { signal });
  out.close();
  for (const skip of skipped) warnSkip(out, skip, skip.path, { event: "skipped", path: skip.path }, context);
  for (const error of [...failures, ...more]) out.fail(error, words.askingSubject, { event: "error" });
  return planOrganize(root, files, { layout: name, details, folders: settings.value("folders"), tags });
}

async function organize(args: OrganizeArgs, root: string, out: Output, context: CommandContext): Promise<number> {
  const { io, locale } = context;
  const { dryRun: isDry, yes } = args.flags;
  const text = organizeText[locale];
  using cache = openHashes(args, context, out.note);
  using session = await openSession(args, context, out);
  if (!isDry) {
    const { offline } = args.flags;
    await settle([root], {
      ...{ cache, session: offline ? undefined : session, signal: session.signal, note: out.note },
    }, context);
  }
  const planned = await plan(args, root, out, context, { session, cache });
  const { moves, stays, settled, steps } = planned;
  const counts = { planned: moves.length, settled, stays: stays.length };
  showOrganize(planned, { out, isAll: isDry }, context);
  if (isDry || steps.length === 0) return out.finish({ ...counts, moved: 0, dryRun: isDry }, "");
  const answer = yes || await askYes(io, text.question(moves.length));
  if (answer !== true) {
    return out.finish({ ...counts, moved: 0 }, `${answer === false ? text.declined : text.notAsked}\n`);
  }
  const project = projectFor(root, args, context);
  const options = movesOptions({ cache, project }, session.signal, { out, locale });
  return showReport(await applyOrganize(planned, options), args, out, context);
}

async function goOn(args: OrganizeArgs, root: string, out: Output, context: CommandContext): Promise<number> {
  const { io, locale } = context;
  if (args.flags.dryRun) return showMeant(args, root, out, context);
  using cache = openHashes(args, context, out.note);
  using stop = interrupt(io, { onFirst: () => out.note(runText[locale].interrupted), onSecond: out.close });
  const options = movesOptions({ cache, project: projectFor(root, args, context) }, stop.signal, { out, locale });
  const report = await (args.flags.undo ? undoMoves : continueMoves)(root, options);
  return showReport(report, args, out, context);
}

/** What --undo or --continue would do. */
function showMeant(args: OrganizeArgs, root: string, out: Output, context: CommandContext): number {
  const text = organizeText[context.locale];
  const meant = meantMoves(root, args.flags.undo ? "undo" : "continue");
  const moves = meant?.moves ?? [];
  for (const move of moves) out.emit({ event: "would_move", ...move });
  showFolders(root, moves, out, context);
  const words = meant === undefined ? none(args, text) : text.would(moves.length);
  return out.finish({ id: meant?.id, planned: moves.length, moved: 0, dryRun: true }, `${words}\n`);
}

function history(root: string, out: Output, { locale }: CommandContext): number {
  const text = organizeText[locale];
  const records = movesHistory(root);
  for (const record of records) out.emit({ event: "moves", ...record });
  if (records.length === 0) out.print(`${text.noHistory}\n`);
  else {
    const rows = records.map(({ plannedMs, about, steps, state }) => [
      ...[new Date(plannedMs).toISOString().slice(0, 16).replace("T", " "), String(steps), text.states[state], about],
    ]);
    out.table([["DATE", "FILES", "STATE", "LAYOUT"], ...rows]);
  }
  return out.finish({ moves: records.length }, "");
}

async function run(args: OrganizeArgs, context: CommandContext): Promise<number> {
  const { json, quiet, continue: isContinued, undo, history: isHistory } = args.flags;
  if ([isContinued, undo, isHistory].filter(Boolean).length > 1) {
    throw new UsageError(bilingual(organizeText, (t) => t.oneOf));
  }
  const root = rootOf(args, context);
  using out = output(context, { json, quiet });
  try {
    if (isHistory) return history(root, out, context);
    return await (isContinued || undo ? goOn(args, root, out, context) : organize(args, root, out, context));
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    out.close();
    out.note(organizeText[context.locale].interrupted(commandFor(args)));
    return ExitCode.interrupted;
  }
}

/** `civikit organize`: models to where a layout has them. */
export const organizeCommand: Command = {
  usage: "organize [<folder>] [options]",
  operands: "folder",
  mostOperands: 1,
  flags,
  help: bilingual(organizeText, ({ help }) => help),
  run,
};
