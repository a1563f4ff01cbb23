import { dirname, relative, resolve } from "node:path";
import { statSync } from "node:fs";
import { adopt, type AdoptReport, type ApartFile, type Project } from "../../api/mod.ts";
import { isInside } from "../../transport/internal.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { newLayoutFlags, projectFlags, projectOf } from "../options/project_options.ts";
import {
  fetchFlags,
  hashFlags,
  hashJobsFlags,
  listFlags,
  outputFlags,
  quickFlags,
  siteFlags,
} from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { openHashes } from "../run/hash_store.ts";
import { readingLimit } from "../run/reading_limit.ts";
import { settle } from "../run/settle.ts";
import { openSession } from "../run/session.ts";
import { InterruptedError } from "../terminal/interrupt.ts";
import { type Output, output } from "../terminal/output.ts";
import { scanProgress } from "../terminal/scan_progress.ts";
import { warnSkip } from "../terminal/skipped.ts";
import { tellDisproved } from "../terminal/tell_disproved.ts";
import { formatElapsed, printable } from "../terminal/text.ts";
import { adoptHelp, adoptText } from "../texts/adopt.ts";
import { scanText } from "../texts/library.ts";
import { bilingual } from "../texts/texts.ts";

/** How many files of one reason are listed unless all are wanted. */
const mostListed = 20;

const flags = {
  ...quickFlags,
  all: {
    ...listFlags.all,
    help: { ...listFlags.all.help, en: `list every file that stays apart, not ${mostListed} of each reason` },
  },
  ...newLayoutFlags,
  dryRun: fetchFlags.dryRun,
  ...projectFlags,
  ...hashJobsFlags,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** The nearest folder that holds all of them; a folder is its own. */
function commonFolder(paths: readonly string[]): string {
  const places = paths.map((path) => resolve(path));
  let folder = isFolder(places[0]!) ? places[0]! : dirname(places[0]!);
  while (!places.every((place) => isInside(folder, place))) folder = dirname(folder);
  return folder;
}

/** The project: one that is there keeps its root, which is named if it is among the folders; a new one is around them. */
function open(args: Args<typeof flags>, context: CommandContext): Project {
  const { flags: options, operands } = args;
  const project = projectOf(args, context, true);
  if (options.root !== undefined) return project;
  const named = operands.map((path) => resolve(path));
  if (project.hasManifest) {
    return named.some((place) => isInside(place, project.root))
      ? projectOf({ flags: { ...options, root: project.root } }, context, true)
      : project;
  }
  if (operands.length === 0) throw new UsageError(bilingual(adoptText, ({ noFolder }) => noFolder));
  const root = commonFolder(operands);
  if (dirname(root) === root && operands.length > 1) {
    throw new UsageError(bilingual(adoptText, ({ nothingCommon }) => nothingCommon));
  }
  return projectOf({ flags: { ...options, root } }, context, true);
}

/** What stays apart, by reason. */
function showApart(
  apart: readonly ApartFile[],
  most: number,
  short: (path: string) => string,
  out: Output,
  context: CommandContext,
): void {
  const { reasons } = adoptText[context.locale];
  for (const [reason, files] of Map.groupBy(apart, (file) => file.reason)) {
    for (const { path, error, reason: state, ...file } of files) {
      const event = { event: "apart", path, state, ...file };
      if (error === undefined) out.emit(event);
      else if (reason === "damaged") out.fail(error, short(path), event, ExitCode.verification);
      else warnSkip(out, { path, error, isDangling: reason === "dangling" }, short(path), event, context);
    }
    // what failed has said so itself
    if (files[0]!.error !== undefined) continue;
    const lines = files.slice(0, most).map(({ path }) => `  ${printable(short(path))}\n`);
    out.print(`${scanText[context.locale].list(reasons[reason])}\n${lines.join("")}`);
    if (files.length > most) out.print(`  ${scanText[context.locale].more(files.length - most)}\n`);
  }
}

function show(
  report: AdoptReport,
  { root, isDry }: Project,
  most: number,
  out: Output,
  context: CommandContext,
): void {
  const [text, words] = [adoptText[context.locale], scanText[context.locale]];
  const short = (path: string) => isInside(root, path) ? relative(root, path) : path;
  const rows = report.adopted.map(({ path, proof, locked: { model, version } }) => [
    ...[short(path), words[proof], model, version],
  ]);
  if (rows.length > 0) out.table([["FILE", "PROOF", "MODEL", "VERSION"], ...rows]);
  for (const { path, locked, wanted, proof } of report.adopted) {
    out.emit({ event: isDry ? "would_adopt" : "adopted", file: path, proof, entry: wanted, ...locked });
  }
  for (const { path, locked } of report.there) out.emit({ event: "there", file: path, ...locked });
  for (const { path, locked } of report.proved) {
    out.emit({ event: "proved", file: path, ...locked }, text.proved(printable(short(path))));
  }
  for (const { path, was } of report.corrected) {
    out.warn({ event: "corrected", file: path, was }, text.corrected(printable(short(path)), printable(was.model)));
  }
  for (const one of report.disproved) {
    const found = report.adopted.find(({ path }) => path === one.path)?.identity ?? null;
    tellDisproved(one, found, { subject: short(one.path), locale: context.locale, out });
  }
  showApart(report.apart, most, short, out, context);
  for (const error of report.failures) out.fail(error, words.askingSubject, { event: "error" });
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, locale, settings } = context;
  const text = adoptText[locale];
  const { json, quiet, quick, all, jobs: concurrency } = args.flags;
  const project = open(args, context);
  using out = output(context, { json, quiet: quiet || json });
  using cache = openHashes(args, context, out.note);
  using session = await openSession(args, context, out);
  const startedMs = io.now();
  try {
    if (!project.isDry) {
      await settle(
        args.operands.length > 0 ? args.operands : [project.root],
        { cache, session, note: out.note },
        context,
      );
    }
    const report = await adopt(project, session.api, args.operands, {
      ...{ cache, quick, concurrency, signal: session.signal, throttle: readingLimit(settings) },
      onProgress: (progress) => out.progress(scanProgress(progress, io.now() - startedMs, scanText[locale])),
    });
    out.close();
    show(report, project, all ? Infinity : mostListed, out, context);
    const [adopted, there, proved, apart] = [report.adopted, report.there, report.proved, report.apart]
      .map(({ length }) => length) as [number, number, number, number];
    const presumed = report.adopted.filter(({ proof }) => proof === "presumed").length;
    const words = [
      text.adopted(adopted),
      ...(presumed > 0 ? [text.presumed(presumed)] : []),
      ...(there > 0 ? [text.there(there)] : []),
      ...(proved > 0 ? [text.provedNow(proved)] : []),
      ...(apart > 0 ? [text.apart(apart)] : []),
    ];
    if (project.isDry) out.print(`${text.wouldBe}\n`);
    else if (presumed > 0) out.print(`${text.toProve}\n`);
    const elapsedMs = Math.round(io.now() - startedMs);
    const corrected = report.corrected.length;
    const counts = { root: project.root, adopted, presumed, there, proved, corrected, apart, elapsedMs };
    return out.finish(counts, `${text.summary(words, formatElapsed(elapsedMs))}\n`);
  } catch (error) {
    if (error instanceof InterruptedError) out.note(text.remembered);
    throw error;
  }
}

/** `civikit adopt`: the models of a folder as a project. */
export const adoptCommand: Command = {
  usage: "adopt [<folder or file>...] [options]",
  operands: "file",
  flags,
  help: adoptHelp,
  run,
};
