import { join, relative, resolve } from "node:path";
import type { ScanReport } from "../../api/mod.ts";
import { formatBytes, isInside } from "../../transport/internal.ts";
import type { CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Output } from "../terminal/output.ts";
import { warnSkip } from "../terminal/skipped.ts";
import { tellDisproved } from "../terminal/tell_disproved.ts";
import { formatElapsed, printable } from "../terminal/text.ts";
import type { ScanText } from "../texts/library.ts";
import { candidatesOf, rowEvent, rowsOf, type ScanRow, type ScanState, stateOf, toldBy } from "./scan_rows.ts";
import type { Updates } from "./show_updates.ts";

/** How many of the files that tell nothing are listed unless all are wanted. */
export const mostListed = 20;

/** How what a scan found is shown. */
export interface ScanView {
  /** Makes a path short. */
  short(path: string): string;
  /** In which words. */
  readonly text: ScanText;
  /** Where. */
  readonly out: Output;
}

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
export function shortener(roots: readonly string[]): (path: string) => string {
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
  { short, text, out }: ScanView,
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

/** What was found, as tables and lists for people: every file where `isAll` is set. */
export function showFound(report: ScanReport, isAll: boolean, view: ScanView): void {
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
export function showEach(
  report: ScanReport,
  { short, text, out }: ScanView,
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

/** Ends a scan: what it came to, in a line of each kind. Returns the exit code. */
export function finishScan(
  report: ScanReport,
  updates: Updates | undefined,
  elapsedMs: number,
  warn: (text: string) => string,
  { text, out }: ScanView,
): number {
  const totals = totalsOf(rowsOf(report));
  if (updates) out.print(`${text.updates(updates.outdated, updates.models)}\n`);
  if (totals.presumed + totals.ambiguous + totals.unproved > 0) out.print(`${text.toProve}\n`);
  const { hashedFiles, hashedBytes } = report;
  const [damaged, skipped, duplicates, disproved] = [
    ...[report.damaged, report.skipped, report.duplicates, report.disproved].map((list) => list.length),
  ];
  return out.finish(
    { ...totals, damaged, skipped, duplicates, disproved, hashedFiles, hashedBytes, ...updates, elapsedMs },
    summaryText(report, totals, elapsedMs, warn, text),
  );
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
