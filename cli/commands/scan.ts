import { isAbsolute, join, relative, resolve, sep } from "node:path";
import {
  type DuplicateGroup,
  type LibraryFile,
  linkDuplicates,
  scan,
  type ScanProgress,
  type ScanReport,
} from "../../api/mod.ts";
import { addSidecars } from "../../hub/run/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import { alignedRows } from "../terminal/columns.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { describeFailure } from "../terminal/failure.ts";
import { openHashes } from "../run/hash_store.ts";
import type { Io } from "../terminal/io.ts";
import { failureFields, jsonLine } from "../terminal/json_line.ts";
import { statusLine } from "../terminal/status_line.ts";
import { describeOwner, describeSkip, skippedCodes } from "../terminal/skipped.ts";
import { openSession } from "../run/session.ts";
import { formatElapsed, printable } from "../terminal/text.ts";
import { hashFlags, hashJobsFlags, listFlags, outputFlags, sidecarFlags, siteFlags } from "../options/shared_flags.ts";
import { showUpdates, type Updates } from "../run/show_updates.ts";

const help = `Hashes every model file below the folders (default: the current one), or single
files, asks Civitai what each is, and reports. Files that did not change since
the last scan are not hashed again; what Civitai said is remembered. Nothing is
written into the folders unless --sidecars or --link-duplicates asks for it.

Standard output holds the report, with paths as seen from the folder given: what
Civitai knows, the first files it does not, duplicates and totals; --all lists
every file. Damaged is what by its own account cannot be whole: .safetensors,
GGUF and zip archives (.pt, .ckpt) say how long they are. The exit code is 7
then. With --json every line is an object with "event": file, damaged, skipped,
error, duplicates, sidecar, linked, update or summary, and paths are whole.

--updates asks Civitai, 100 models a question, which models have newer versions.
A model that cannot be asked about, because it was deleted for instance, is
reported and stops nothing. Nothing is downloaded: give a version id of the list
to "civikit download". A version counts as newer when it stands before every one
you have; NEWEST is the newest for a base model you have, so that an SDXL LoRA is
not "updated" to a Flux one. --any-base shows the others too.

examples:
  civikit scan ~/ComfyUI/models
  civikit scan models --all
  civikit scan models --updates
  civikit scan models --sidecars --json`;

/** How many of the files that tell nothing are listed unless all are wanted. */
const mostListed = 20;

const flags = {
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
      "zh-TW": "`--updates` 也看其他基礎模型的版本",
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

/** How far a scan is, in words. */
function progressText({ phase, done, total }: ScanProgress): string {
  if (phase === "asking") return `asking Civitai: ${done} of ${total}`;
  const percent = total > 0 ? Math.floor(done * 100 / total) : 100;
  return `hashing: ${percent}%, ${formatBytes(done)} of ${formatBytes(total)}`;
}

function stateOf({ identity }: LibraryFile): "known" | "unknown" | "unasked" {
  return identity === undefined ? "unasked" : identity === null ? "unknown" : "known";
}

interface Totals {
  readonly known: number;
  readonly unknown: number;
  readonly unasked: number;
  readonly bytes: number;
}

function totalsOf({ files }: ScanReport): Totals {
  const count = (state: string) => files.filter((file) => stateOf(file) === state).length;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { known: count("known"), unknown: count("unknown"), unasked: count("unasked"), bytes };
}

/** Paths as seen from the one folder that was given, or with its name in front where there are several. */
function shortener(roots: readonly string[]): (path: string) => string {
  return (path) => {
    for (const root of roots) {
      const below = relative(resolve(root), path);
      if (below === "") return root;
      if (below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below)) {
        return roots.length === 1 ? below : join(root, below);
      }
    }
    return path;
  };
}

function showList(title: string, files: readonly LibraryFile[], most: number, short: Shorten, io: Io): void {
  if (files.length === 0) return;
  io.stdout(`${title}:\n${files.slice(0, most).map(({ path }) => `  ${printable(short(path))}\n`).join("")}`);
  if (files.length > most) io.stdout(`  and ${files.length - most} more (--all)\n`);
}

type Shorten = (path: string) => string;

function showTable(report: ScanReport, isAll: boolean, short: Shorten, { io }: CommandContext): void {
  const inState = (state: string) => report.files.filter((file) => stateOf(file) === state);
  const rows = inState("known").map(({ path, bytes, identity }) => [
    ...[short(path), formatBytes(bytes), identity!.modelName, identity!.versionName, identity!.baseModel ?? ""],
  ]);
  const head = ["FILE", "SIZE", "MODEL", "VERSION", "BASE MODEL"];
  if (rows.length > 0) io.stdout(alignedRows([head, ...rows], io.isTerminal ? io.size().columns : undefined));
  showList("unknown to Civitai", inState("unknown"), isAll ? Infinity : mostListed, short, io);
  if (isAll) showList("not asked about", inState("unasked"), Infinity, short, io);
  for (const { paths, wastedBytes } of report.duplicates) {
    const waste = wastedBytes > 0 ? `${formatBytes(wastedBytes)} to gain` : "nothing to gain";
    const lines = paths.map((path) => `  ${printable(short(path))}\n`);
    io.stdout(`the same file ${paths.length} times (${waste}):\n${lines.join("")}`);
  }
}

function showJson(report: ScanReport, { io }: CommandContext): void {
  for (const file of report.files) {
    const { path, bytes, sha256, identity } = file;
    jsonLine(io, { event: "file", path, bytes, sha256, state: stateOf(file), ...identity });
  }
  for (const { path, error } of report.damaged) jsonLine(io, { event: "damaged", path, ...failureFields(error) });
  for (const { path, error } of report.skipped) jsonLine(io, { event: "skipped", path, ...failureFields(error) });
  for (const error of report.failures) jsonLine(io, { event: "error", ...failureFields(error) });
  for (const { sha256, bytes, paths, wastedBytes } of report.duplicates) {
    jsonLine(io, { event: "duplicates", sha256, bytes, paths, wastedBytes });
  }
}

function showTroubles({ damaged, skipped, failures }: ScanReport, short: Shorten, context: CommandContext): void {
  const { io, style, locale } = context;
  for (const skip of [...damaged, ...skipped]) io.stderr(describeSkip(skip, short(skip.path), context));
  for (const error of failures) io.stderr(describeFailure(error, "asking Civitai", locale, style));
}

/** What the report's troubles make of the exit code. */
function codesOf({ damaged, skipped, failures }: ScanReport): number[] {
  return [...damaged.map(() => ExitCode.verification), ...skippedCodes(skipped), ...failures.map(exitCode)];
}

async function link(
  groups: readonly DuplicateGroup[],
  signal: AbortSignal,
  tell: (path: string, error?: CivikitError) => void,
): Promise<CivikitError[]> {
  const failures: CivikitError[] = [];
  for (const group of groups) {
    if (group.wastedBytes === 0) continue;
    for (const { path, linked, error } of await linkDuplicates(group, { signal })) {
      if (error !== undefined) failures.push(error);
      if (linked || error !== undefined) tell(path, error);
    }
  }
  return failures;
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, style, locale } = context;
  const { json, quiet: isQuiet, offline, sidecars, updates: isUpdates, anyBase, jobs: concurrency } = args.flags;
  for (const [name, isGiven] of Object.entries({ sidecars, updates: isUpdates })) {
    if (offline && isGiven) throw new UsageError(`option --${name}: needs Civitai, not --offline`);
  }
  if (anyBase && !isUpdates) throw new UsageError("option --any-base: belongs to --updates");
  using line = statusLine(io, isQuiet || json);
  const say = (text: string) => isQuiet || json ? undefined : line.say(text);
  using cache = openHashes(args, context, say);
  using session = await openSession(args, context, { say, close: line.close });
  const startedMs = io.now();
  const { signal } = session;
  const roots = args.operands.length > 0 ? args.operands : ["."];
  const short = shortener(roots);
  try {
    const report = await scan(offline ? null : session.api, roots, {
      cache,
      signal,
      concurrency,
      ...(args.flags.again && { unknownForMs: -1 }),
      onProgress: (progress) => line.show(progressText(progress)),
    });
    line.close();
    if (json) showJson(report, context);
    else if (!isQuiet) showTable(report, args.flags.all, short, context);
    if (!json) showTroubles(report, short, context);
    const failures: CivikitError[] = [];
    if (sidecars) {
      const known = report.files.filter(({ identity }) => identity);
      for await (const { path, state, owner, error } of addSidecars(known, session)) {
        if (error !== undefined) failures.push(error);
        if (json) jsonLine(io, { event: "sidecar", path, state, owner, ...(error && failureFields(error)) });
        else if (error !== undefined) io.stderr(describeFailure(error, short(path), locale, style));
        else if (owner !== undefined) say(describeOwner(short(path), short(owner), locale));
        else if (state === "written") say(`written: ${printable(short(path))}`);
      }
    }
    if (args.flags.linkDuplicates) {
      failures.push(
        ...await link(report.duplicates, signal, (path, error) => {
          if (json) {
            jsonLine(io, { event: "linked", path, linked: error === undefined, ...(error && failureFields(error)) });
          } else if (error) io.stderr(describeFailure(error, short(path), locale, style));
          else say(`linked: ${printable(short(path))}`);
        }),
      );
    }
    let updates: Updates | undefined;
    if (isUpdates) {
      line.show("asking Civitai for newer versions");
      const wanted = { isAnyBase: anyBase, isJson: json, isQuiet };
      updates = await showUpdates(report, session, { ...wanted, short }, context);
      line.close();
      for (const { subject, error } of updates.failures) {
        failures.push(error);
        if (json) jsonLine(io, { event: "error", subject, ...failureFields(error) });
        else io.stderr(describeFailure(error, subject, locale, style));
      }
    }
    const totals = totalsOf(report);
    const code = sharedExitCode([...codesOf(report), ...failures.map(exitCode)]);
    const elapsedMs = Math.round(io.now() - startedMs);
    const { hashedFiles, hashedBytes } = report;
    if (json) {
      const [damaged, skipped, duplicates] = [report.damaged, report.skipped, report.duplicates].map((l) => l.length);
      jsonLine(io, {
        event: "summary",
        ...totals,
        damaged,
        skipped,
        duplicates,
        hashedFiles,
        hashedBytes,
        ...(updates && { models: updates.models, outdated: updates.outdated }),
        elapsedMs,
        exitCode: code,
      });
    } else if (!isQuiet) {
      if (updates) io.stdout(`${updates.outdated} of ${updates.models} models have newer versions\n`);
      io.stdout(summaryText(report, totals, elapsedMs, style.warn));
    }
    return code;
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    say("What was hashed is remembered; run the same command again to go on.");
    return ExitCode.interrupted;
  }
}

function summaryText(
  { files, damaged, skipped, hashedFiles, hashedBytes }: ScanReport,
  { known, unknown, unasked, bytes }: Totals,
  elapsedMs: number,
  warn: (text: string) => string,
): string {
  const counts = [
    `${known} known`,
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(unasked > 0 ? [`${unasked} not asked`] : []),
    ...(damaged.length > 0 ? [warn(`${damaged.length} damaged`)] : []),
    ...(skipped.length > 0 ? [warn(`${skipped.length} skipped`)] : []),
  ];
  const hashed = `${hashedFiles} hashed now (${formatBytes(hashedBytes)})`;
  return `${files.length} ${files.length === 1 ? "file" : "files"}, ${formatBytes(bytes)}: ${
    counts.join(", ")
  }; ${hashed} in ${formatElapsed(elapsedMs)}\n`;
}

/** `civikit scan`: what the files of a library are. */
export const scanCommand: Command = {
  name: "scan",
  summary: "Finds out what the model files in a folder are, and which are there twice.",
  usage: "scan [<folder or file>...] [options]",
  flags,
  help,
  run,
};
