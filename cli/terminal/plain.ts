import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import { describeFailure } from "./failure.ts";
import { formatDuration, printable, withColons } from "./text.ts";
import type { ReporterOptions } from "./bars.ts";
import type { Item, Progress, Reporter } from "./reporter.ts";
import { type RunText, runText } from "../texts/run.ts";
import { modelLines, outcomeWords, summaryLine } from "./words.ts";

const everyMs = 10_000;
const leastMs = 1000;
const everyPercent = 10;

function progressWords({ downloadedBytes, totalBytes, bytesPerSecond }: Progress, text: RunText): string {
  const speed = formatSpeed(bytesPerSecond);
  if (totalBytes === undefined) return `${formatBytes(downloadedBytes)}, ${speed}`;
  const percent = Math.floor(downloadedBytes * 100 / Math.max(1, totalBytes));
  const left = bytesPerSecond > 0 ? formatDuration((totalBytes - downloadedBytes) * 1000 / bytesPerSecond) : "";
  return text.progress(formatBytes(downloadedBytes), formatBytes(totalBytes), percent, speed, left);
}

function beginning({ totalBytes }: Item, { downloadedBytes }: Progress, text: RunText): string {
  const size = totalBytes === undefined ? "" : formatBytes(totalBytes);
  return downloadedBytes > 0 ? text.going(formatBytes(downloadedBytes), size) : text.started(size);
}

/** Lines for logs and pipes: a file's start, every ten percent or ten seconds (at most one a second), and its end. */
export function plainReporter({ io, style, locale }: ReporterOptions): Reporter {
  const last = new Map<number, { atMs: number; step: number; isBegun: boolean }>();
  const text = runText[locale];
  let count = 0;
  const name = (item: Item) => count > 1 ? `[${item.index + 1}/${count}] ${item.name}` : item.name;

  return {
    plan(items) {
      count = items.length;
    },
    start(item) {
      // said with the first bytes: a file that is there already has none
      last.set(item.index, { atMs: io.now(), step: 0, isBegun: false });
    },
    progress(item, progress) {
      const { downloadedBytes, totalBytes } = progress;
      const before = last.get(item.index);
      if (before?.isBegun === false) {
        last.set(item.index, { ...before, isBegun: true });
        io.stderr(`${name(item)}: ${beginning(item, progress, text)}\n`);
        return;
      }
      if (!before || downloadedBytes === totalBytes) return; // the line for its end follows at once
      const step = totalBytes ? Math.floor(downloadedBytes * 100 / totalBytes / everyPercent) : 0;
      const passedMs = io.now() - before.atMs;
      if (passedMs < leastMs || (step <= before.step && passedMs < everyMs)) return;
      last.set(item.index, { atMs: io.now(), step, isBegun: true });
      io.stderr(`${name(item)}: ${progressWords(progress, text)}\n`);
    },
    connections() {},
    phase(item, phase) {
      // reading a file again takes a moment, mending or waiting may take long
      if (phase !== "" && phase !== "verifying") io.stderr(`${name(item)}: ${text.phases[phase]}\n`);
    },
    done(item, outcome) {
      const label = outcome.skipped ? "" : `${style.good(text.done)}${locale === "en" ? ", " : "，"}`;
      const line = `${
        withColons(name(item), `${label}${outcomeWords(outcome, style, locale)}`, printable(item.path))
      }\n`;
      io.stderr(line + modelLines(item, locale));
    },
    failed: (error, subject) => io.stderr(describeFailure(error, subject, locale, style)),
    note: (text) => io.stderr(`${text}\n`),
    summary: (summary) => io.stderr(summaryLine(summary, style, locale)),
    close() {},
  };
}

/** Only what went wrong. */
export function quietReporter(options: ReporterOptions): Reporter {
  const { io, style, locale } = options;
  const nothing = () => {};
  return {
    plan: nothing,
    start: nothing,
    progress: nothing,
    connections: nothing,
    phase: nothing,
    done: nothing,
    failed: (error, subject) => io.stderr(describeFailure(error, subject, locale, style)),
    note: nothing,
    summary: nothing,
    close: nothing,
  };
}
