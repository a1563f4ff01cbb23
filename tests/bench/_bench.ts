/**
 * What the benches share: contestants that take turns, medians, and rows that say target, result and verdict.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- the terminal is where a bench speaks
import { parseArgs } from "@std/cli/parse-args";
import { registryFlags } from "../../tools/registry.ts";

/** The checkout, with a slash at the end. */
export const root: string = new URL("../../", import.meta.url).pathname;

/** One comparison with what was asked for. */
export interface Row {
  /** The row's name for `--only`. */
  readonly name: string;
  /** What is compared. */
  readonly what: string;
  /** The number that was asked for, as text. */
  readonly target: string;
  /** The number that was measured, as text. */
  readonly result: string;
  /** Whether the target was reached; undefined where there is none, `undecided` where the noise covers the difference. */
  readonly reached: boolean | "undecided" | undefined;
  /** Seconds on the wall of what the row is about: the middle one of its rounds. */
  readonly wallS?: number | undefined;
  /** Seconds of processors that its whole tree of processes took. */
  readonly cpuS?: number | undefined;
  /** Seconds of `dd` before and after the series. */
  readonly ddS?: readonly (number | undefined)[] | undefined;
}

/** The command line of a bench. */
export interface BenchArgs<Name extends string> {
  /** Whether it is to be seen only that everything works: little data, few rounds. Not to be quoted. */
  readonly isQuick: boolean;
  /** The value of an option, or what its absence means. */
  text(name: Name, fallback: string): string;
  /** The same for a number above 0, a whole one unless `isWhole` is false. */
  number(name: Name, fallback: number, isWhole?: boolean): number;
  /** Prints the rows: a table, or JSON or Markdown where `--json` or `--markdown` was given. */
  print(rows: readonly Row[]): void;
}

/**
 * Reads the command line. Every bench takes `--quick`, `--json`, `--markdown`, `--help` and `--priority`, which starts it
 * once more, ahead of everything else that wants the processors (Linux, as root).
 *
 * @param file Name of the script.
 * @param names What it takes beside these, with a value each.
 */
export async function benchArgs<const Name extends string = never>(
  file: string,
  names: readonly Name[] = [],
): Promise<BenchArgs<Name>> {
  const switches = ["quick", "json", "markdown", "help", "priority"] as const;
  const given = parseArgs(Deno.args, { string: [...names], boolean: [...switches] });
  const known = new Set<string>([...names, ...switches, "_"]);
  const usage = [...names.map((name) => `[--${name} ...]`), ...switches.map((name) => `[--${name}]`)].join(" ");
  const wrong = [...given._.map(String), ...Object.keys(given).filter((name) => !known.has(name))];
  if (given.help || wrong.length > 0) {
    if (wrong.length > 0) console.error(`${wrong.join(", ")}: unknown`);
    console.error(`${file} ${usage}`);
    Deno.exit(wrong.length > 0 ? 2 : 0);
  }
  if (given.priority) await takePriority(file);
  const text = (name: Name, fallback: string) => (given as Record<string, unknown>)[name]?.toString() ?? fallback;
  return {
    isQuick: given.quick,
    text,
    number(name, fallback, isWhole = true) {
      const value = Number(text(name, String(fallback)));
      if (value > 0 && (isWhole ? Number.isInteger(value) : Number.isFinite(value))) return value;
      throw new RangeError(`--${name} ${value}: not a ${isWhole ? "whole " : ""}number above 0`);
    },
    print(rows) {
      if (given.json) console.log(JSON.stringify({ isQuick: given.quick, rows }));
      else console.log(given.markdown ? markdown(rows) : verdicts(rows));
    },
  };
}

/** Says something to the reader; standard output is for the rows. */
export function say(text: string): void {
  console.error(text);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Whether a program can be started at all. */
export function isInstalled(program: string): boolean {
  try {
    new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

/** A command line. */
export type Words = readonly [string, ...string[]];

/**
 * Runs a command to its end.
 *
 * @returns What it printed.
 * @throws {Error} When it fails, with what it said.
 */
export async function run([program, ...args]: Words): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd: root }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim()) as [string, string];
  if (!success) throw new Error(`running ${[program, ...args].join(" ").slice(0, 200)}: ${(err || out).slice(-500)}`);
  return out;
}

/** The command line of a script of this folder. */
export async function script(name: string, ...args: string[]): Promise<Words> {
  const path = `${root}tests/bench/${name}`;
  return [Deno.execPath(), "run", "-A", "--quiet", "--no-check", ...await registryFlags(root), path, ...args];
}

/** A table of texts with aligned columns. */
export function table(lines: readonly (readonly string[])[]): string {
  const widths = lines.reduce<number[]>((most, line) => line.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  return lines.map((line) => `  ${line.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")}`.trimEnd()).join("\n");
}

const head = ["row", "what", "target", "result", "wall s", "CPU s", "dd s", "verdict"];

function cellsOf({ name, what, target, result, wallS, cpuS, ddS, reached }: Row): string[] {
  const seconds = (value: number | undefined) => value === undefined ? "-" : value.toFixed(value < 0.1 ? 3 : 2);
  const verdict = reached === undefined ? "-" : reached === "undecided" ? reached : reached ? "reached" : "NOT REACHED";
  return [name, what, target, result, seconds(wallS), seconds(cpuS), ddS?.map(seconds).join(" / ") ?? "-", verdict];
}

/** The rows as a table. */
export function verdicts(rows: readonly Row[]): string {
  return table([head, ...rows.map(cellsOf)]);
}

/** The same as Markdown. */
export function markdown(rows: readonly Row[]): string {
  const lines = [head, head.map(() => "---"), ...rows.map(cellsOf)];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}

/** Starts the bench `name` once more and ends with it. Returns at once inside that second start. */
async function takePriority(name: string): Promise<void> {
  const mark = "CIVIKIT_BENCH_PRIORITY";
  if (Deno.env.has(mark)) return;
  const raise = 'echo -20 > /proc/self/autogroup 2>/dev/null; exec nice -n -15 "$@"';
  const { code } = await new Deno.Command("setsid", {
    args: ["-w", "sh", "-c", raise, "sh", ...await script(name), ...Deno.args],
    cwd: root,
    env: { [mark]: "1" },
  }).spawn().status;
  Deno.exit(code);
}
