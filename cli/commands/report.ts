import { InputError } from "../../transport/mod.ts";
import { type ParsedArgs, UsageError } from "../options/args.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { monitorPaths } from "../settings/places.ts";
import { printable } from "../terminal/text.ts";

const help = `Every command records its requests in ~/.local/state/civikit/stats.sqlite (or
CIVIKIT_STATE_DIR), unless CIVIKIT_MONITOR=off: by the minute for 24 hours, by
the hour for 30 days. Several commands may record at once.

examples:
  civikit report                        everything that is kept
  civikit report --since 24h --markdown
  civikit report --json | jq .error_rate_percent
  civikit report --export csv > minutes.csv
  civikit report --clear                forget all numbers`;

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `90m`, `24h` or `7d`. */
function durationMs(text: string): number {
  const match = /^(\d{1,6})([mhd])$/.exec(text);
  if (!match) throw new UsageError(`option --since "${printable(text)}": expected e.g. 90m, 24h or 7d`);
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

function chosen(args: ParsedArgs): string | undefined {
  const exported = args.value("export");
  if (exported !== undefined && exported !== "json" && exported !== "csv") {
    throw new UsageError(`option --export "${printable(exported)}": expected json or csv`);
  }
  const wanted = [args.has("json"), args.has("markdown"), exported !== undefined, args.has("clear")].filter(Boolean);
  if (wanted.length > 1) throw new UsageError("options --json, --markdown, --export and --clear: give one of them");
  return exported;
}

async function run(args: ParsedArgs, { io, locale }: CommandContext): Promise<number> {
  const exported = chosen(args);
  const since = args.value("since");
  const sinceMs = since === undefined ? undefined : Date.now() - durationMs(since);
  const path = args.value("store") ?? monitorPaths(io.env)?.store;
  if (path === undefined) {
    throw new InputError("looking for the statistics: no home folder; set CIVIKIT_STATE_DIR", {
      code: "invalid_config",
      input: "CIVIKIT_STATE_DIR",
    });
  }
  const { formatReport, report, statsStore } = await import("../../monitor/mod.ts");
  const onSetAside = (aside: string) =>
    io.stderr(`the statistics were damaged; they are kept as ${printable(aside)}\n`);
  using store = statsStore(path, { onSetAside });
  if (args.has("clear")) {
    store.clear();
    io.stderr("all numbers are forgotten\n");
    return ExitCode.ok;
  }
  const span = { fromMs: sinceMs };
  if (exported === "json" || exported === "csv") {
    for (const line of store.export(exported, span)) io.stdout(line);
    return ExitCode.ok;
  }
  const format = args.has("json") ? "json" : args.has("markdown") ? "markdown" : "text";
  io.stdout(formatReport(report(store.read(span), { locale }), format, locale));
  return ExitCode.ok;
}

/** `civikit report`: what the commands of the last days recorded. */
export const reportCommand: Command = {
  name: "report",
  summary: "Shows requests, errors with hints, response times and downloads of the last days.",
  usage: "report [options]",
  mostOperands: 0,
  help,
  flags: [
    { name: "since", value: "TIME", about: "only the last TIME: 90m, 24h, 7d (default: all that is kept)" },
    { name: "json", about: "as one JSON object" },
    { name: "markdown", about: "as Markdown" },
    { name: "export", value: "json|csv", about: "the minutes of the last 24 hours, as JSON lines or CSV" },
    { name: "clear", about: "forget all numbers" },
    { name: "store", value: "FILE", about: "another file of statistics" },
  ],
  run,
};
