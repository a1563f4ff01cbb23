import { join } from "node:path";
import { wrapDiskError } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import { readAction } from "../options/read_action.ts";
import type { Flags } from "../options/flags.ts";
import { listFlags, outputFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { monitorPaths } from "../settings/places.ts";
import { alignedRows } from "../terminal/columns.ts";
import { printable } from "../terminal/text.ts";
import { jsonText } from "../terminal/json_line.ts";
import { logsHelp, logsText } from "../texts/service.ts";
import { loadMonitor } from "../run/load_monitor.ts";

const { default: _ours, ...linesFlag } = listFlags.limit;

const flags = {
  logDir: {
    type: "text",
    value: "FOLDER",
    usual: { en: "logs in CIVIKIT_STATE_DIR", "zh-TW": "CIVIKIT_STATE_DIR 裡的 logs" },
    help: { en: "folder of the logs", "zh-TW": "紀錄檔在哪個資料夾" },
  },
  limit: {
    ...linesFlag,
    least: 0,
    usual: { en: "20 of tail, 5 of errors", "zh-TW": "tail 20，errors 5" },
    help: { ...linesFlag.help, en: "at most so many lines" },
  },
  follow: {
    type: "switch",
    short: "f",
    help: { en: "with tail: go on with what is written from now on", "zh-TW": "繼續顯示之後寫進來的" },
  },
  json: { ...outputFlags.json, help: { ...outputFlags.json.help, en: "as one JSON object" } },
} as const satisfies Flags;

const kinds = ["errors", "latency", "tail"] as const;
const ownLogs: ReadonlySet<string> = new Set(["http_client", "application", "error"]);
const pollMs = 500;

const table = (pairs: readonly (readonly [string, string | number])[]): string =>
  alignedRows(pairs.map(([name, value]) => [name, String(value)]));

const counts = (title: string, of: Readonly<Record<string, number>>): string => {
  const rows = Object.entries(of).sort((a, b) => b[1] - a[1]);
  return rows.length === 0 ? "" : `\n${title}\n${table(rows.map(([name, count]) => [`  ${name}`, count]))}`;
};

/** Prints what is appended to `path`, from byte `at` on, until `signal` aborts; a rotated file is read from its start. */
async function follow(path: string, at: number, write: (text: string) => void, signal: AbortSignal): Promise<void> {
  let position = at;
  let rest = "";
  while (!signal.aborted) {
    const size = (await Deno.stat(path).catch(() => undefined))?.size ?? 0;
    if (size < position) [position, rest] = [0, ""];
    if (size > position) {
      using file = await Deno.open(path);
      await file.seek(position, Deno.SeekMode.Start);
      const bytes = new Uint8Array(size - position);
      const count = await file.read(bytes) ?? 0;
      position += count;
      const lines = (rest + new TextDecoder().decode(bytes.subarray(0, count))).split("\n");
      rest = lines.pop()!;
      for (const line of lines) write(`${printable(line)}\n`);
      if (count > 0) continue;
    }
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", wake);
        resolve();
      }, pollMs);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

async function run(args: Args<typeof flags>, { io, locale }: CommandContext): Promise<number> {
  const text = logsText[locale];
  const [word, ...named] = args.operands;
  const kind = readAction(word, kinds);
  const { limit, logDir, follow: isFollowed, json: isJson } = args.flags;
  const folder = logDir ?? monitorPaths(io.env)?.logs;
  const { analyseErrors, analyseLatency, logLines, logParts, tailLines } = await loadMonitor();
  /** Our own logs with their rotated parts; any other file as it is. */
  const partsOf = async (name: string): Promise<{ parts: readonly string[]; last: string }> => {
    if (ownLogs.has(name)) {
      if (folder === undefined) {
        throw new InputError("looking for the logs: no home folder; set CIVIKIT_STATE_DIR or give --log-dir", {
          code: "invalid_config",
          input: "--log-dir",
        });
      }
      const last = join(folder, `${name}.log`);
      return { parts: await logParts(last), last };
    }
    await Deno.stat(name).catch((error) => {
      throw wrapDiskError(error, name, "reading the log");
    });
    return { parts: [name], last: name };
  };
  const logs = await Promise.all((named.length > 0 ? named : ["http_client"]).map(partsOf));
  const parts = logs.flatMap(({ parts }) => parts);
  const { last } = logs.at(-1)!;
  const size = (await Deno.stat(last).catch(() => undefined))?.size ?? 0;
  const lines = logLines(parts);
  const show = (value: unknown, text: string) => io.stdout(isJson ? `${jsonText(value, 2)}\n` : text);

  if (kind === "tail") {
    const shown = await tailLines(lines, limit ?? 20);
    for (const line of shown) io.stdout(`${printable(line)}\n`);
    if (shown.length === 0 && limit !== 0) io.stderr(`${text.noLines(printable(last))}\n`);
    if (!isFollowed) return ExitCode.ok;
    using stop = interrupt(io, { onFirst: () => {}, onSecond: () => {} });
    await follow(last, size, (text) => io.stdout(text), stop.signal);
    return ExitCode.ok;
  }
  if (kind === "latency") {
    const found = await analyseLatency(lines);
    show(
      found,
      table([
        [text.lines, found.lines],
        [text.times, found.count],
        [text.mean, `${found.avg_ms} ms`],
        [text.shortest, `${found.min_ms} ms`],
        [text.longest, `${found.max_ms} ms`],
        [text.p95, `${found.p95_ms} ms`],
        [text.trend, `${text.trends[found.trend]} (${found.trend_percent}%)`],
      ]),
    );
    return ExitCode.ok;
  }
  const found = await analyseErrors(lines, limit ?? 5);
  const latest = found.latest.map((line) => `  ${printable(line)}\n`).join("");
  const texts = [
    table([[text.lines, found.lines], [text.failures, found.failures]]),
    counts(text.byStatus, found.by_status),
    counts(text.connection, found.connection),
    counts(text.timeouts, found.timeout),
    latest && `\n${text.latest}\n${latest}`,
  ];
  show(found, texts.join(""));
  return ExitCode.ok;
}

/** `civikit logs`: what the log files say. */
export const logsCommand: Command = {
  usage: "logs [errors|latency|tail] [<log>|<file>...] [options]",
  operands: "file",
  help: logsHelp,
  flags,
  actions: kinds,
  usualAction: "tail",
  run,
};
