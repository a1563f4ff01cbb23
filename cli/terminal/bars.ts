import { unicodeWidth } from "@std/cli/unicode-width";
import type { Locale } from "../../transport/mod.ts";
import { describeFailure } from "./failure.ts";
import type { Io } from "./io.ts";
import type { Style } from "./style.ts";
import { printable, withColons } from "./text.ts";
import { type BarState, renderBar } from "./bar.ts";
import { painter } from "./painter.ts";
import type { Item, Reporter } from "./reporter.ts";
import { modelLines, outcomeWords, summaryLine } from "./words.ts";
import { runText } from "../texts/run.ts";

/** Settings of the reporters for people. */
export interface ReporterOptions {
  /** Where to write. */
  readonly io: Io;
  /** Colours. */
  readonly style: Style;
  /** Language of the hints. */
  readonly locale: Locale;
}

const repaintMs = 100;

type Active = Omit<BarState, "tick" | "label"> & { readonly item: Item };

/** Bars on a terminal: one for each file under way, and a total where there are several. */
export function barReporter({ io, style, locale }: ReporterOptions): Reporter {
  const canvas = painter(io);
  const text = runText[locale];
  const active = new Map<number, Active>();
  let items: readonly Item[] = [];
  let finished = 0;
  let finishedBytes = 0;
  let tick = 0;
  let isOpen = true;
  const stop = io.every(repaintMs, repaint);

  function totalLine(): BarState {
    const running = [...active.values()];
    const sizes = items.map((item) => active.get(item.index)?.totalBytes ?? item.totalBytes);
    return {
      label: text.total(finished, items.length),
      downloadedBytes: running.reduce((sum, { downloadedBytes }) => sum + downloadedBytes, finishedBytes),
      totalBytes: sizes.reduce((sum, size) => sum === undefined || size === undefined ? undefined : sum + size, 0),
      bytesPerSecond: running.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0),
      connections: undefined,
      phase: "",
      tick,
    };
  }

  function bars(): string[] {
    const { columns, rows } = io.size();
    const shown = [...active.values()].slice(0, Math.max(1, rows - 3));
    const states: BarState[] = shown.map(({ item, ...state }) => ({ ...state, label: item.name, tick }));
    if (items.length > 1 && shown.length > 0) states.push(totalLine());
    const labelWidth = Math.max(0, ...states.map(({ label }) => unicodeWidth(label)));
    return states.map((state) => renderBar(state, columns, labelWidth, style));
  }

  function repaint(): void {
    tick++;
    canvas.paint(bars());
  }

  // a file that has ended loses its bar in the same write that says so
  function add(text: string): void {
    canvas.above(text, bars());
  }

  function update(item: Item, change: Partial<Active>): void {
    const state = active.get(item.index);
    if (state) active.set(item.index, { ...state, ...change });
  }

  function leave(item: Item, bytes: number): void {
    active.delete(item.index);
    items = items.map((other) => other.index === item.index ? { ...other, totalBytes: bytes } : other);
    finished++;
    finishedBytes += bytes;
  }

  return {
    plan(all) {
      items = all;
    },
    start(item) {
      const { totalBytes } = item;
      active.set(item.index, {
        item,
        downloadedBytes: 0,
        totalBytes,
        bytesPerSecond: 0,
        connections: undefined,
        phase: "",
      });
    },
    progress: update,
    connections: (item, connections) => update(item, { connections }),
    phase: (item, phase) => update(item, { phase: phase === "" ? "" : text.phases[phase] }),
    done(item, outcome) {
      leave(item, outcome.bytes);
      const line = `${withColons(style.good(text.done), printable(item.path), outcomeWords(outcome, style, locale))}\n`;
      add(line + modelLines(item, locale));
    },
    failed(error, subject, item) {
      if (item) leave(item, 0);
      add(describeFailure(error, subject, locale, style));
    },
    note: (text) => add(`${text}\n`),
    summary(summary) {
      add(summaryLine(summary, style, locale));
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      stop();
      canvas.close();
    },
  };
}
