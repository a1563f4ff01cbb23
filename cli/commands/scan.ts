import { join, relative, resolve } from "node:path";
import {
  type DuplicateGroup,
  linkDuplicates,
  presume,
  scan,
  type ScanProgress,
  type ScanReport,
} from "../../api/mod.ts";
import { addSidecars } from "../../hub/run/mod.ts";
import { formatBytes, isInside } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { InterruptedError } from "../terminal/interrupt.ts";
import { type Output, output } from "../terminal/output.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { openHashes } from "../run/hash_store.ts";
import { describeOwner, warnSkip } from "../terminal/skipped.ts";
import { tellDisproved } from "../terminal/tell_disproved.ts";
import { readingLimit } from "../run/reading_limit.ts";
import { candidatesOf, rowEvent, rowsOf, type ScanRow, type ScanState, stateOf, toldBy } from "../run/scan_rows.ts";
import { openSession, type Session } from "../run/session.ts";
import { scanProgress } from "../terminal/scan_progress.ts";
import { formatElapsed, printable } from "../terminal/text.ts";
import {
  hashFlags,
  hashJobsFlags,
  listFlags,
  outputFlags,
  quickFlags,
  sidecarFlags,
  siteFlags,
} from "../options/shared_flags.ts";
import { showUpdates, type Updates } from "../run/show_updates.ts";
import { folderRules } from "../run/update_rules.ts";
import { scanHelp, type ScanText, scanText } from "../texts/library.ts";
import { bilingual } from "../texts/texts.ts";

/** How many of the files that tell nothing are listed unless all are wanted. */
const mostListed = 20;

const flags = {
  ...quickFlags,
  prove: {
    type: "switch",
    help: {
      en: "with --quick: then hash what is presumed; can be stopped and goes on where it was",
      "zh-TW": "`--quick` 之後接著計算雜湊來驗證；隨時可以停，下次接著做",
    },
  },
  all: {
    ...listFlags.all,
    help: { ...listFlags.all.help, en: `list every file, not only what Civitai knows and ${mostListed} others` },
  },
  offline: {
    type: "switch",
    help: { en: "ask nobody: only hash, and use what is remembered", "zh-TW": "不問任何人，只用記得的結果" },
  },
  again: {
    type: "switch",
    help: { en: "ask again about files Civitai did not know", "zh-TW": "以前不認得的檔案，再問一次" },
  },
  updates: {
    type: "switch",
    help: { en: "show which models have newer versions", "zh-TW": "哪些模型有更新的版本" },
  },
  anyBase: {
    type: "switch",
    help: {
      en: "with --updates: newer versions for other base models too",
      "zh-TW": "也看其他基礎模型的版本",
    },
  },
  ...sidecarFlags,
  linkDuplicates: {
    type: "switch",
    help: {
      en: "make duplicates hard links to one file (hashed again first)",
      "zh-TW": "重複的檔案改成硬連結",
    },
  },
  ...hashJobsFlags,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

type Totals = Readonly<Record<ScanState, number>> & { readonly bytes: number };

function totalsOf(rows: readonly ScanRow[]): Totals {
  const count = (state: ScanState) => rows.filter((row) => stateOf(row) === state).length;
  return {
    ...{ known: count("known"), presumed: count("presumed"), ambiguous: count("ambiguous") },
    ...{ unproved: count("unproved"), unknown: count("unknown"), unasked: count("unasked") },
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Paths as seen from the one folder that was given, or with its name in front where there are several. */
function shortener(roots: readonly string[]): (path: string) => string {
  return (path) => {
    for (const root of roots) {
      if (!isInside(resolve(root), path)) continue;
      const below = relative(resolve(root), path);
      return below === "" ? root : roots.length === 1 ? below : join(root, below);
    }
    return path;
  };
}

function showList(
  title: string,
  files: readonly ScanRow[],
  most: number,
  { short, text, out }: View,
): void {
  if (files.length === 0) return;
  const line = (row: ScanRow) => {
    const told = toldBy(row);
    const said = told === "" ? "" : ` ${text.told(printable(told))}`;
    const candidates = candidatesOf(row).map((one) => `    ${printable(one)}\n`);
    return `  ${printable(short(row.path))}${said}\n${candidates.join("")}`;
  };
  out.print(`${text.list(title)}\n${files.slice(0, most).map(line).join("")}`);
  if (files.length > most) out.print(`  ${text.more(files.length - most)}\n`);
}

type Shorten = (path: string) => string;

/** How results are shown. */
interface View {
  readonly short: Shorten;
  readonly text: ScanText;
  readonly out: Output;
}

function showTable(report: ScanReport, isAll: boolean, view: View): void {
  const { short, text, out } = view;
  const all = rowsOf(report);
  const inState = (...states: ScanState[]) => all.filter((row) => states.includes(stateOf(row)));
  const isQuick = "presumed" in report;
  const rows = inState("known", "presumed").map((row) => [
    ...[short(row.path), formatBytes(row.bytes)],
    ...(isQuick ? [stateOf(row) === "known" ? text.proved : text.presumed] : []),
    ...[row.identity!.modelName, row.identity!.versionName, row.identity!.baseModel ?? ""],
  ]);
  const head = ["FILE", "SIZE", ...(isQuick ? ["PROOF"] : []), "MODEL", "VERSION", "BASE MODEL"];
  if (rows.length > 0) out.table([head, ...rows]);
  showList(text.ambiguous, inState("ambiguous"), Infinity, view);
  showList(text.unproved, inState("unproved"), isAll ? Infinity : mostListed, view);
  showList(text.unknown, inState("unknown"), isAll ? Infinity : mostListed, view);
  if (isAll) showList(text.unasked, inState("unasked"), Infinity, view);
  for (const { paths, wastedBytes } of report.duplicates) {
    const waste = wastedBytes > 0 ? text.toGain(formatBytes(wastedBytes)) : text.nothingToGain;
    const lines = paths.map((path) => `  ${printable(short(path))}\n`);
    out.print(`${text.same(paths.length, waste)}\n${lines.join("")}`);
  }
}

/** The lines of `--json`, and what is wrong with files, for people too. */
function showEach(
  report: ScanReport,
  { short, text, out }: View,
  context: CommandContext,
): void {
  const { damaged, skipped, failures, duplicates, disproved } = report;
  for (const row of rowsOf(report)) out.emit(rowEvent(row));
  for (const one of disproved) {
    const found = report.files.find(({ path }) => path === one.path)?.identity ?? null;
    tellDisproved(one, found, { subject: short(one.path), locale: context.locale, out });
  }
  for (const { path, error } of damaged) {
    out.fail(error, short(path), { event: "damaged", path }, ExitCode.verification);
  }
  for (const skip of skipped) warnSkip(out, skip, short(skip.path), { event: "skipped", path: skip.path }, context);
  for (const error of failures) out.fail(error, text.askingSubject, { event: "error" });
  for (const { sha256, bytes, paths, wastedBytes } of duplicates) {
    out.emit({ event: "duplicates", sha256, bytes, paths, wastedBytes });
  }
}

async function link(
  groups: readonly DuplicateGroup[],
  signal: AbortSignal,
  { short, text, out }: View,
): Promise<void> {
  for (const group of groups) {
    if (group.wastedBytes === 0) continue;
    for (const { path, linked, error } of await linkDuplicates(group, { signal })) {
      const event = { event: "linked", path, linked: error === undefined };
      if (error !== undefined) out.fail(error, short(path), event);
      else if (linked) out.emit(event, text.linked(printable(short(path))));
    }
  }
}

async function writeBeside(
  { files }: ScanReport,
  session: Session,
  { short, text, out }: View,
  { locale }: CommandContext,
): Promise<void> {
  const known = files.filter(({ identity }) => identity);
  for await (const { path, state, owner, error } of addSidecars(known, session)) {
    const event = { event: "sidecar", path, state, owner };
    if (error !== undefined) out.fail(error, short(path), event);
    else if (owner !== undefined) out.emit(event, describeOwner(short(path), short(owner), locale));
    else out.emit(event, state === "written" ? text.written(printable(short(path))) : undefined);
  }
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, style, locale } = context;
  const text = scanText[locale];
  const { json, quiet, all, again, offline, sidecars, linkDuplicates: isLinked } = args.flags;
  const { updates: isUpdates, anyBase, jobs: concurrency, quick: isQuick, prove: isProving } = args.flags;
  for (const [name, isGiven] of Object.entries({ sidecars, updates: isUpdates })) {
    if (offline && isGiven) throw new UsageError(bilingual(scanText, ({ needsSite }) => needsSite(name)));
  }
  if (anyBase && !isUpdates) throw new UsageError(bilingual(scanText, ({ needsUpdates }) => needsUpdates));
  if (isProving && !isQuick) throw new UsageError(bilingual(scanText, ({ needsQuick }) => needsQuick));
  using out = output(context, { json, quiet: quiet || json });
  using cache = openHashes(args, context, out.note);
  using session = await openSession(args, context, out);
  const startedMs = io.now();
  const { signal } = session;
  const roots = args.operands.length > 0 ? args.operands : ["."];
  const short = shortener(roots);
  const view = { short, text, out };
  try {
    const options = {
      cache,
      signal,
      concurrency,
      throttle: readingLimit(context.settings),
      ...(again && { unknownForMs: -1 }),
      onProgress: (progress: ScanProgress) => out.progress(scanProgress(progress, io.now() - startedMs, text)),
    };
    const api = offline ? null : session.api;
    let report: ScanReport = isQuick ? await presume(api, roots, options) : await scan(api, roots, options);
    if (isQuick && isProving) {
      out.close();
      showTable(report, all, view);
      for (const row of rowsOf(report)) out.emit(rowEvent(row));
      report = await scan(api, roots, options);
    }
    out.close();
    showTable(report, all, view);
    showEach(report, view, context);
    if (sidecars) await writeBeside(report, session, view, context);
    if (isLinked) await link(report.duplicates, signal, view);
    let updates: Updates | undefined;
    if (isUpdates) {
      out.progress(text.askingUpdates);
      updates = await showUpdates(
        rowsOf(report),
        session,
        { isAnyBase: anyBase, rules: folderRules(context.settings), cache, short },
        out,
        context,
      );
      out.close();
    }
    const totals = totalsOf(rowsOf(report));
    const elapsedMs = Math.round(io.now() - startedMs);
    const { hashedFiles, hashedBytes } = report;
    const [damaged, skipped, duplicates, disproved] = [
      ...[report.damaged, report.skipped, report.duplicates, report.disproved].map((list) => list.length),
    ];
    if (updates) out.print(`${text.updates(updates.outdated, updates.models)}\n`);
    const counts = {
      ...totals,
      damaged,
      skipped,
      duplicates,
      disproved,
      hashedFiles,
      hashedBytes,
      ...updates,
      elapsedMs,
    };
    if (totals.presumed + totals.ambiguous + totals.unproved > 0) out.print(`${text.toProve}\n`);
    return out.finish(counts, summaryText(report, totals, elapsedMs, style.warn, text));
  } catch (error) {
    if (error instanceof InterruptedError) {
      out.note(text.remembered);
    }
    throw error;
  }
}

function summaryText(
  report: ScanReport,
  { known, presumed, ambiguous, unproved, unknown, unasked, bytes }: Totals,
  elapsedMs: number,
  warn: (text: string) => string,
  { counts, summary }: ScanText,
): string {
  const { damaged, skipped, hashedFiles, hashedBytes } = report;
  const words = [
    counts.known(known),
    ...(presumed > 0 ? [counts.presumed(presumed)] : []),
    ...(ambiguous > 0 ? [counts.ambiguous(ambiguous)] : []),
    ...(unproved > 0 ? [counts.unproved(unproved)] : []),
    ...(unknown > 0 ? [counts.unknown(unknown)] : []),
    ...(unasked > 0 ? [counts.unasked(unasked)] : []),
    ...(damaged.length > 0 ? [warn(counts.damaged(damaged.length))] : []),
    ...(skipped.length > 0 ? [warn(counts.skipped(skipped.length))] : []),
  ];
  const [size, hashed] = [formatBytes(bytes), formatBytes(hashedBytes)];
  return `${summary(rowsOf(report).length, size, words, hashedFiles, hashed, formatElapsed(elapsedMs))}\n`;
}

/** `civikit scan`: what the files of a library are. */
export const scanCommand: Command = {
  usage: "scan [<folder or file>...] [options]",
  operands: "file",
  flags,
  help: scanHelp,
  run,
};
