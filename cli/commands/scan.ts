import {
  type DuplicateGroup,
  linkDuplicates,
  presume,
  scan,
  type ScanProgress,
  type ScanReport,
} from "../../api/mod.ts";
import { addSidecars } from "../../hub/run/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { InterruptedError } from "../terminal/interrupt.ts";
import { output } from "../terminal/output.ts";
import type { Command, CommandContext } from "../command.ts";
import { openHashes } from "../run/hash_store.ts";
import { describeOwner } from "../terminal/skipped.ts";
import { readingLimit } from "../run/reading_limit.ts";
import { rowEvent, rowsOf } from "../run/scan_rows.ts";
import { openSession, type Session } from "../run/session.ts";
import { scanProgress } from "../terminal/scan_progress.ts";
import { printable } from "../terminal/text.ts";
import {
  hashFlags,
  hashJobsFlags,
  listFlags,
  outputFlags,
  quickFlags,
  sidecarFlags,
  siteFlags,
} from "../options/shared_flags.ts";
import { settle } from "../run/settle.ts";
import { finishScan, mostListed, type ScanView, shortener, showEach, showFound } from "../run/show_scan.ts";
import { showUpdates, type Updates } from "../run/show_updates.ts";
import { folderRules } from "../run/update_rules.ts";
import { scanHelp, scanText } from "../texts/library.ts";
import { bilingual } from "../texts/texts.ts";

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

async function link(
  groups: readonly DuplicateGroup[],
  signal: AbortSignal,
  { short, text, out }: ScanView,
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
  { short, text, out }: ScanView,
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
    await settle(roots, { cache, session: offline ? undefined : session, signal, note: out.note }, context);
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
      showFound(report, all, view);
      for (const row of rowsOf(report)) out.emit(rowEvent(row));
      report = await scan(api, roots, options);
    }
    out.close();
    showFound(report, all, view);
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
    return finishScan(report, updates, Math.round(io.now() - startedMs), style.warn, view);
  } catch (error) {
    if (error instanceof InterruptedError) {
      out.note(text.remembered);
    }
    throw error;
  }
}

/** `civikit scan`: what the files of a library are. */
export const scanCommand: Command = {
  usage: "scan [<folder or file>...] [options]",
  operands: "file",
  flags,
  help: scanHelp,
  run,
};
