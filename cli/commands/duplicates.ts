import { join, resolve } from "node:path";
import {
  clearDuplicate,
  type DuplicatePlan,
  keepPolicies,
  openProject,
  openTrash,
  planDuplicates,
  type Project,
  scanDuplicates,
} from "../../api/mod.ts";
import { formatBytes, outermost } from "../../transport/internal.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { isProject, projectFlags } from "../options/project_options.ts";
import { fetchFlags, hashFlags, hashJobsFlags, outputFlags, yesFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { openHashes } from "../run/hash_store.ts";
import { readingLimit } from "../run/reading_limit.ts";
import { settle } from "../run/settle.ts";
import { shortener } from "../run/show_scan.ts";
import { trashRoots } from "../run/trash_roots.ts";
import { askYes } from "../terminal/ask_yes.ts";
import { interrupt, InterruptedError } from "../terminal/interrupt.ts";
import { type Output, output } from "../terminal/output.ts";
import { readingOf } from "../terminal/reading.ts";
import { warnSkip } from "../terminal/skipped.ts";
import { shellWord } from "../terminal/shell_word.ts";
import { printable, withColons } from "../terminal/text.ts";
import { duplicatesText } from "../texts/duplicates.ts";
import { scanText } from "../texts/library.ts";
import { runText } from "../texts/run.ts";
import { bilingual } from "../texts/texts.ts";

const flags = {
  prefer: {
    type: "word",
    value: "WHICH",
    words: keepPolicies,
    default: "oldest",
    help: {
      en: "which one stays: oldest, newest, shortest, folders, project",
      "zh-TW": "相同的檔案留下哪一個",
    },
  },
  link: { type: "switch", help: { en: "make the others hard links", "zh-TW": "其餘的改成硬連結" } },
  symlink: {
    type: "switch",
    help: { en: "with --link: symbolic links on other disks", "zh-TW": "`--link` 在別的磁碟上改成符號連結" },
  },
  trash: { type: "switch", help: { en: "put the others into the trash", "zh-TW": "丟進垃圾桶，之後可以還原" } },
  locked: {
    type: "switch",
    help: {
      en: "with --trash: also what the lock file names in a second place",
      "zh-TW": "`--trash` 連鎖定檔記載的第二份也丟",
    },
  },
  dryRun: { ...fetchFlags.dryRun, help: { en: "only list", "zh-TW": fetchFlags.dryRun.help["zh-TW"] } },
  project: projectFlags.project,
  ...yesFlags,
  ...hashJobsFlags,
  ...hashFlags,
  ...outputFlags,
} as const satisfies Flags;

type DuplicatesArgs = Args<typeof flags>;

function projectIn(folder = "."): Project | undefined {
  return isProject(folder) ? openProject(folder) : undefined;
}

/** Paths as people see them: below the folders they typed, else whole. */
const shortened = ({ operands }: DuplicatesArgs) => {
  const short = shortener(operands);
  return (path: string) => printable(short(path));
};

function show(
  plans: readonly DuplicatePlan[],
  named: ReadonlySet<string>,
  args: DuplicatesArgs,
  out: Output,
  { locale }: CommandContext,
): void {
  const text = duplicatesText[locale];
  const short = shortened(args);
  for (const { sha256, bytes, keep, others, locked, wastedBytes } of plans) {
    out.emit({ event: "duplicates", sha256, bytes, keep, others, locked, wastedBytes });
    const mark = (path: string) => named.has(path) ? `${short(path)} (${text.named})` : short(path);
    const held = locked.map((path) => `${short(path)} (${text.locked})`);
    const lines = [...others.map(mark), ...held].map((line) => `  ${line}\n`).join("");
    out.print(`${text.stays}${short(keep)} (${formatBytes(bytes)})\n${lines}`);
  }
}

async function clear(
  plans: readonly DuplicatePlan[],
  roots: readonly string[],
  args: DuplicatesArgs,
  { signal, project }: { readonly signal: AbortSignal; readonly project: Project | undefined },
  out: Output,
  { locale }: CommandContext,
): Promise<number> {
  const text = duplicatesText[locale];
  const { trash: isTrash, symlink: symlinks } = args.flags;
  const short = shortened(args);
  const how = isTrash ? "trash" : "link";
  const trash = openTrash(roots);
  const counts = { linked: 0, symlinked: 0, trashed: 0, kept: 0 };
  for (const [at, plan] of plans.entries()) {
    // both are read whole before anything is done, which takes its time
    out.progress(text.proving(at + 1, plans.length, short(plan.keep)));
    for (const outcome of await clearDuplicate(plan, { how, symlinks, trash, project, signal })) {
      const { path, state, reason, id, error } = outcome;
      counts[state]++;
      const event = { event: state, path, keep: plan.keep, reason, id };
      if (error !== undefined) out.fail(error, short(path), event);
      else out.emit(event, reason === undefined ? undefined : withColons(short(path), text.reasons[reason]));
    }
  }
  out.close();
  const list = ["civikit trash list", ...roots.map((root) => shellWord(printable(root)))].join(" ");
  const done = isTrash ? text.trashed(counts.trashed, list) : text.linked(counts.linked + counts.symlinked);
  const words = `${done}${counts.kept > 0 ? text.left(counts.kept) : ""}`;
  return out.finish({ groups: plans.length, ...counts }, `${words}\n`);
}

async function run(args: DuplicatesArgs, context: CommandContext): Promise<number> {
  const { io, locale, settings } = context;
  const { json, quiet, link, trash, symlink, prefer, yes, dryRun: isDry, jobs: concurrency, locked: isSpared } =
    args.flags;
  if (link && trash) throw new UsageError(bilingual(duplicatesText, (t) => t.oneOf));
  if (symlink && !link) throw new UsageError(bilingual(duplicatesText, (t) => t.symlinkNeeds));
  if (isSpared && !trash) throw new UsageError(bilingual(duplicatesText, (t) => t.lockedNeeds));
  const text = duplicatesText[locale];
  const given = args.operands.map((folder) => resolve(folder));
  const roots = outermost([...new Set(given.length > 0 ? given : trashRoots(settings))]);
  using out = output(context, { json, quiet });
  using cache = openHashes(args, context, out.note);
  using stop = interrupt(io, { onFirst: () => out.note(runText[locale].interrupted), onSecond: out.close });
  const { signal } = stop;
  const startedMs = io.now();
  try {
    if (!isDry && (link || trash)) await settle(roots, { cache, signal, note: out.note }, context);
    const report = await scanDuplicates(roots, {
      ...{ cache, signal, concurrency, throttle: readingLimit(settings) },
      onProgress: ({ done, total }) =>
        out.progress(scanText[locale].hashing(readingOf(done, total, io.now() - startedMs))),
    });
    out.close();
    for (const skip of report.skipped) {
      warnSkip(out, skip, skip.path, { event: "skipped", path: skip.path }, context);
    }
    const project = projectIn(args.flags.project);
    const locked = project?.lock.files.map(({ path }) => join(project.root, path)) ?? [];
    const lockedMay = link ? "link" : isSpared ? "spare" : "stay";
    const plans = planDuplicates(report, { keep: prefer, folders: given, locked, lockedMay });
    show(plans, new Set(locked), args, out, context);
    const wastedBytes = plans.reduce((sum, plan) => sum + plan.wastedBytes, 0);
    const words = plans.length === 0 ? text.none : text.found(plans.length, formatBytes(wastedBytes));
    const count = plans.reduce((sum, { others }) => sum + others.length, 0);
    if (isDry || count === 0 || !link && !trash) {
      const isHeld = plans.some(({ locked }) => locked.length > 0) && !isSpared;
      const isNothing = count === 0 && (trash || !isHeld);
      const hints = [
        ...(count > 0 ? [text.hint] : isNothing ? [text.allLocked] : []),
        ...(isHeld ? [text.heldHint] : []),
      ];
      const more = plans.length === 0 || count > 0 && (link || trash) ? "" : `${hints.join("\n")}\n`;
      return out.finish({ groups: plans.length, wastedBytes, dryRun: true }, `${words}\n${more}`);
    }
    out.print(`${words}\n`);
    const answer = yes || await askYes(io, (trash ? text.trashQuestion : text.linkQuestion)(count));
    if (answer === true) return await clear(plans, roots, args, { signal, project }, out, context);
    return out.finish({ groups: plans.length, wastedBytes }, `${answer === false ? text.declined : text.notAsked}\n`);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    out.close();
    return ExitCode.interrupted;
  }
}

/** `civikit duplicates`: one of each. */
export const duplicatesCommand: Command = {
  usage: "duplicates [<folder>...] [options]",
  operands: "folder",
  flags,
  help: bilingual(duplicatesText, ({ help }) => help),
  run,
};
