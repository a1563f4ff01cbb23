/**
 * Time as the benches count it: on the wall and on the processors, of a whole tree of processes; and what a ratio of such
 * times may claim. Writing to memory or to a disk costs something else from minute to minute on many machines, so `dd` says
 * before and after a series what it cost then.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { isInstalled, root, type Words } from "./_bench.ts";

/** What some work took. */
export interface Spent {
  /** Milliseconds from its start to its end. */
  readonly wallMs: number;
  /** Milliseconds of processors, by all its processes; undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
}

/** What came of a command that was counted. */
export interface Counted extends Spent {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const timesAtEnd = /(\d+\.\d{3}) (\d+\.\d{3}) (\d+\.\d{3})\n$/;

/**
 * Runs a command to its end, however that is, and counts it with everything it started and waited for.
 *
 * @param options `isHeard`: what it says on standard error goes to the terminal.
 */
export async function count(words: Words, { isHeard = false }: { isHeard?: boolean } = {}): Promise<Counted> {
  // the shell's own word counts to the millisecond, what the kernel tells of ended children to the hundredth
  const timed = ["bash", "-c", `TIMEFORMAT="%3R %3U %3S"; { time "$@" 2>&3; } 3>&2 2>&1`, "bash", ...words];
  const [program, ...args] = (isInstalled("bash") ? timed : words) as Words;
  const started = performance.now();
  const command = new Deno.Command(program, { args, cwd: root, stderr: isHeard ? "inherit" : "piped" });
  const output = await command.output();
  const ms = performance.now() - started;
  const all = new TextDecoder().decode(output.stdout);
  const [wall, user, system] = timesAtEnd.exec(all)?.slice(1).map((text) => Number(text) * 1000) ?? [];
  return {
    code: output.code,
    out: all.replace(timesAtEnd, "").trim(),
    err: isHeard ? "" : new TextDecoder().decode(output.stderr).trim(),
    wallMs: wall ?? ms,
    cpuMs: user === undefined ? undefined : user + system!,
  };
}

/** The same for a command that has to end well. @throws {Error} When it does not, with what it said. */
export async function spend(words: Words): Promise<Counted> {
  const counted = await count(words);
  const { code, out, err } = counted;
  if (code !== 0) throw new Error(`running ${words.join(" ").slice(0, 200)}: ${(err || out).slice(-500)}`);
  return counted;
}

/** Both, one after the other. */
export function plus(one: Spent, other: Spent): Spent {
  const isKnown = one.cpuMs !== undefined && other.cpuMs !== undefined;
  return { wallMs: one.wallMs + other.wallMs, cpuMs: isKnown ? one.cpuMs! + other.cpuMs! : undefined };
}

/** Begins to count this process, its threads among it; the function returned says how much it was by then. */
export function stopwatch(): () => Spent {
  const started = performance.now();
  const before = cpuUsage();
  return () => {
    const { user, system } = cpuUsage(before);
    return { wallMs: performance.now() - started, cpuMs: (user + system) / 1000 };
  };
}

const calibrationMiB = 256;

/**
 * Milliseconds that `dd` takes to write 256 MiB of zeros into `folder`; undefined where there is no `dd`.
 *
 * @param isSynced Whether it also waits for the disk.
 */
export async function calibrate(folder: string, isSynced = false): Promise<number | undefined> {
  if (!isInstalled("dd")) return undefined;
  const path = `${folder}/dd.bin`;
  const how = isSynced ? ["conv=fsync"] : [];
  try {
    const { wallMs } = await spend(["dd", "if=/dev/zero", `of=${path}`, "bs=1M", `count=${calibrationMiB}`, ...how]);
    return wallMs;
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

/** A ratio of two series that took turns. */
export interface Ratio {
  /** The middle one of the rounds' ratios. */
  readonly middle: number;
  /** Where the true one lies, with 95 % confidence, as far as so few rounds can tell; 0 to Infinity for a single one. */
  readonly low: number;
  /** See `low`. */
  readonly high: number;
  /** How many rounds there were. */
  readonly rounds: number;
}

/** Student's t at 95 %, by degrees of freedom. */
const students = [Infinity, 12.71, 4.303, 3.182, 2.776];

/** Round by round `upper / lower`: what the machine did meanwhile did it to both. */
export function pairedRatio(upper: readonly number[], lower: readonly number[]): Ratio {
  const rounds = Math.min(upper.length, lower.length);
  const logs = Array.from({ length: rounds }, (_, index) => Math.log(upper[index]! / lower[index]!));
  const sorted = logs.toSorted((a, b) => a - b);
  const middle = (sorted[(rounds - 1) >> 1]! + sorted[rounds >> 1]!) / 2;
  const [low, high] = rounds > students.length ? middleOf(sorted) : meanOf(logs);
  return { middle: Math.exp(middle), low: Math.exp(low), high: Math.exp(high), rounds };
}

/** Where the middle one lies, by the ranks around it: a round that met something else moves it by one rank at most. */
function middleOf(sorted: readonly number[]): [low: number, high: number] {
  const { length } = sorted;
  const rank = Math.max(0, Math.floor((length - 1.96 * Math.sqrt(length)) / 2));
  return [sorted[rank]!, sorted[length - 1 - rank]!];
}

/** The same for rounds that are too few for ranks: as if their noise were the usual one. */
function meanOf(logs: readonly number[]): [low: number, high: number] {
  const { length } = logs;
  const mean = logs.reduce((sum, log) => sum + log, 0) / length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (length - 1);
  const half = length < 2 ? Infinity : students[length - 1]! * Math.sqrt(variance / length);
  return [mean - half, mean + half];
}

/** Whether a ratio is at least, or at most, what was asked for: undecided where the noise covers the difference. */
export function judge({ low, high }: Ratio, bound: { least: number } | { most: number }): boolean | "undecided" {
  if ("least" in bound) return low >= bound.least ? true : high < bound.least ? false : "undecided";
  return high <= bound.most ? true : low > bound.most ? false : "undecided";
}

/** `1.12x (1.05 to 1.20, 7 rounds)`. */
export function ratioText({ middle, low, high, rounds }: Ratio): string {
  const spread = rounds < 2 ? "one round" : `${low.toFixed(2)} to ${high.toFixed(2)}, ${rounds} rounds`;
  return `${middle.toFixed(2)}x (${spread})`;
}
