import { InputError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import { outputFlags, storeFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { isGranted, keeping } from "../settings/rights.ts";
import { monitorPaths } from "../settings/places.ts";
import { printable } from "../terminal/text.ts";
import { reportHelp, reportText } from "../texts/service.ts";
import { loadMonitor } from "../run/load_monitor.ts";

const flags = {
  since: {
    type: "span",
    value: "TIME",
    usual: { en: "all that is kept", "zh-TW": "留存的全部" },
    help: { en: "only the last TIME: 90m, 24h, 7d", "zh-TW": "只看最近這段時間：`90m`、`24h`、`7d`" },
  },
  json: { ...outputFlags.json, help: { ...outputFlags.json.help, en: "as one JSON object" } },
  markdown: { type: "switch", help: { en: "as Markdown", "zh-TW": "以 Markdown 輸出" } },
  export: {
    type: "word",
    value: "json|csv",
    words: ["json", "csv"],
    help: { en: "the minutes of the last 24 hours, as JSON lines or CSV", "zh-TW": "匯出每分鐘的數字" },
  },
  clear: { type: "switch", help: { en: "forget all numbers", "zh-TW": "清除所有數字" } },
  ...storeFlags,
} as const satisfies Flags;

async function run(args: Args<typeof flags>, { io, locale }: CommandContext): Promise<number> {
  const { since, json, markdown, export: exported, clear, store: named } = args.flags;
  if ([json, markdown, exported, clear].filter(Boolean).length > 1) {
    throw new UsageError("options --json, --markdown, --export and --clear: give one of them");
  }
  const sinceMs = since === undefined ? undefined : Date.now() - since;
  const path = named ?? monitorPaths(io.env)?.store;
  if (path === undefined) {
    throw new InputError("looking for the statistics: no home folder; set CIVIKIT_STATE_DIR", {
      code: "invalid_config",
      input: "CIVIKIT_STATE_DIR",
    });
  }
  const { formatReport, liveTable, report, statsStore } = await loadMonitor();
  const onSetAside = (aside: string) => io.stderr(`${reportText[locale].damaged(printable(aside))}\n`);
  // what is there can be looked at without a right to write as well
  const readOnly = !clear && !isGranted(keeping(path));
  const place = readOnly && !existsSync(path) ? ":memory:" : path;
  if (place !== path) io.stderr(`${reportText[locale].unkept(printable(dirname(path)))}\n`);
  using store = statsStore(place, place === path ? { onSetAside, readOnly } : {});
  if (clear) {
    store.clear();
    io.stderr(`${reportText[locale].cleared}\n`);
    return ExitCode.ok;
  }
  const span = { fromMs: sinceMs };
  if (exported !== undefined) {
    for (const line of store.export(exported, span)) io.stdout(line);
    return ExitCode.ok;
  }
  const format = json ? "json" : markdown ? "markdown" : "text";
  using live = place === path ? liveTable(path, { readOnly: true }) : undefined;
  const transfers = live?.history(1000) ?? [];
  const columns = io.isOutTerminal ? io.size().columns : undefined;
  io.stdout(formatReport(report(store.read(span), { locale, transfers }), format, locale, columns));
  return ExitCode.ok;
}

/** `civikit report`: what the commands of the last days recorded. */
export const reportCommand: Command = {
  usage: "report [options]",
  mostOperands: 0,
  help: reportHelp,
  flags,
  run,
};
