import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { LiveTable, LiveTransfer, Wish } from "../../monitor/mod.ts";
import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import { hint, InputError, type Locale } from "../../transport/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { outputFlags, storeFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { monitorPaths } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import { alignedRows } from "../terminal/columns.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { type Output, output } from "../terminal/output.ts";
import { painter } from "../terminal/painter.ts";
import { formatElapsed, localTime, printable, withColons } from "../terminal/text.ts";
import { bilingual } from "../texts/texts.ts";
import { transfersText } from "../texts/transfers.ts";
import { loadMonitor } from "../run/load_monitor.ts";

const flags = {
  history: { type: "switch", help: { en: "what ended, newest first", "zh-TW": "列出已經結束的，最新的在前面" } },
  watch: {
    type: "switch",
    short: "w",
    help: { en: "renew the list every second", "zh-TW": "持續更新傳輸清單，或持續處理佇列，直到按 Ctrl-C" },
  },
  limit: {
    type: "whole",
    value: "N",
    least: 1,
    most: 1_000_000,
    default: 20,
    help: { en: "at most so many rows", "zh-TW": "最多列出幾列（或幾張圖片、幾行）" },
  },
  json: outputFlags.json,
  ...storeFlags,
} as const satisfies Flags;

type TransfersArgs = Args<typeof flags>;

const transferActions = ["list", "pause", "resume", "cancel"] as const;

/** What is asked: a list, or something of one transfer (`undefined` for all). */
interface Asked {
  readonly action: "list" | Wish;
  readonly id: string | undefined;
}

function readAsked({ operands: [word, id, ...more], flags }: TransfersArgs): Asked {
  const action = readAction(word, transferActions);
  if (action === "list") {
    if (id !== undefined) throw new UsageError(`argument "${printable(id)}": the list takes none`);
    if (flags.history && flags.watch) throw new UsageError("option --watch: what ended does not change");
    return { action, id: undefined };
  }
  if (flags.history || flags.watch) {
    throw new UsageError(`option --${flags.history ? "history" : "watch"}: only for lists`);
  }
  if (id === undefined) throw new UsageError(`${action}: give the ID of a transfer, or all`);
  if (more.length > 0) throw new UsageError(`argument "${printable(more[0]!)}": one ID at a time, or all`);
  if (id !== "all" && !/^\d{1,15}$/.test(id)) {
    throw new UsageError(`ID "${printable(id)}": neither a number of the list nor all`);
  }
  return { action, id: id === "all" ? undefined : id };
}

/** What runs is looked at without a right to write as well; to ask something of it, that right is due. */
async function openTable(path: string, isAsking: boolean): Promise<LiveTable | undefined> {
  if (!existsSync(path)) return undefined;
  const { liveTable } = await loadMonitor();
  return liveTable(path, { readOnly: !isAsking && !isGranted(keeping(path)) });
}

function progressOf({ bytes, totalBytes }: LiveTransfer): string {
  if (totalBytes === null) return formatBytes(bytes);
  const percent = totalBytes === 0 ? 100 : Math.floor(Math.min(1, bytes / totalBytes) * 100);
  return `${percent}% / ${formatBytes(totalBytes)}`;
}

function reasonOf({ why, againMs }: LiveTransfer, locale: Locale): string | undefined {
  const text = transfersText[locale];
  if (why === null) return undefined;
  const title = why === "link_renewed" ? text.linkRenewed : hint(why, locale).title;
  const seconds = againMs === null ? 0 : Math.ceil((againMs - Date.now()) / 1000);
  return seconds > 0 ? text.again(title, seconds) : title;
}

function rowOf(transfer: LiveTransfer, locale: Locale): string[] {
  const { states } = transfersText[locale];
  const { id, state, verdict, bytesPerSecond, process: { command, pid }, path } = transfer;
  return [
    id,
    reasonOf(transfer, locale) ?? states[verdict === "died" ? verdict : state],
    progressOf(transfer),
    state === "downloading" ? formatSpeed(bytesPerSecond) : "-",
    `${command} (${pid})`,
    basename(path),
  ];
}

function historyRow(transfer: LiveTransfer, locale: Locale): string[] {
  const { id, endedMs, startedMs, verdict, bytes, bytesPerSecond, path } = transfer;
  const failure = verdict === "failed" ? reasonOf(transfer, locale) : undefined;
  return [
    id,
    localTime(endedMs!),
    failure ?? transfersText[locale].verdicts[verdict!],
    formatBytes(bytes),
    formatElapsed(endedMs! - startedMs),
    bytesPerSecond > 0 ? formatSpeed(bytesPerSecond) : "-",
    path,
  ];
}

async function watch(table: LiveTable | undefined, limit: number, { io, locale }: CommandContext, out: Output) {
  const text = transfersText[locale];
  const canvas = io.isTerminal && !out.isJson ? painter(io) : undefined;
  let shown = "";
  function look(): void {
    const all = table?.list().slice(0, limit) ?? [];
    if (out.isJson) {
      for (const transfer of all) out.show(transfer, "");
      return;
    }
    const columns = io.isTerminal ? io.size().columns - 1 : undefined;
    const rows = alignedRows([text.heads, ...all.map((transfer) => rowOf(transfer, locale))], columns);
    const now = all.length === 0 ? `${text.none}\n` : rows;
    if (canvas !== undefined) canvas.paint([...now.trimEnd().split("\n"), text.stop]);
    else if (now !== shown) io.stdout(`${now}\n`);
    shown = now;
  }
  const { promise: stopped, resolve, reject } = Promise.withResolvers<void>();
  using _stop = interrupt(io, { onFirst: resolve, onSecond: resolve });
  const end = io.every(1000, () => {
    try {
      look();
    } catch (error) {
      reject(error);
    }
  });
  try {
    look();
    await stopped;
  } finally {
    end();
    canvas?.close();
  }
}

function list(table: LiveTable | undefined, args: TransfersArgs, { locale }: CommandContext, out: Output): void {
  const { history, limit } = args.flags;
  const text = transfersText[locale];
  const all = (history ? table?.history(limit + 1) : table?.list()) ?? [];
  const some = all.slice(0, limit);
  if (out.isJson) return some.forEach((transfer) => out.show(transfer, ""));
  if (all.length === 0) return out.note(history ? text.noHistory : text.none);
  const rows = some.map((transfer) => history ? historyRow(transfer, locale) : rowOf(transfer, locale));
  out.table([history ? text.historyHeads : text.heads, ...rows]);
  if (!history && all.length > limit) out.note(text.more(all.length - limit));
}

function ask(table: LiveTable | undefined, wish: Wish, id: string | undefined, locale: Locale, out: Output): number {
  const text = transfersText[locale];
  const meant = table?.wish(wish, id) ?? [];
  for (const transfer of meant) {
    out.emit(
      { event: wish, ...transfer },
      withColons(text.asked[wish], `${transfer.id} ${printable(basename(transfer.path))}`),
    );
  }
  if (meant.length > 0) return ExitCode.ok;
  if (id === undefined) {
    out.note(text.noneToAsk(wish));
    return ExitCode.ok;
  }
  const found = table?.list().find((transfer) => transfer.id === id);
  const isSo = found?.endedMs === null && (wish === "pause" ? found.state === "paused" : wish === "resume");
  if (isSo) return ExitCode.ok;
  const state = found === undefined
    ? "no such transfer is running"
    : found.verdict === "died"
    ? "its process is gone"
    : `it is ${found.state}`;
  throw new InputError(`${wish} "${id}": ${state}; see civikit transfers`, { code: "invalid_argument", input: id });
}

async function run(args: TransfersArgs, context: CommandContext): Promise<number> {
  using out = output(context, args.flags);
  const { action, id } = readAsked(args);
  const path = args.flags.store ?? monitorPaths(context.io.env)?.store;
  if (path === undefined) {
    throw new InputError("looking for the transfers: no home folder; set CIVIKIT_STATE_DIR", {
      code: "invalid_config",
      input: "CIVIKIT_STATE_DIR",
    });
  }
  using table = await openTable(path, action !== "list");
  if (action !== "list") return ask(table, action, id, context.locale, out);
  if (args.flags.watch) await watch(table, args.flags.limit, context, out);
  else list(table, args, context, out);
  return ExitCode.ok;
}

/** `civikit transfers`: what every process downloads. */
export const transfersCommand: Command = {
  usage: "transfers [list|pause|resume|cancel] [ID|all] [options]",
  mostOperands: 3,
  help: bilingual(transfersText, ({ help }) => help),
  actions: transferActions,
  usualAction: "list",
  flags,
  run,
};
