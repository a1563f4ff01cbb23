/**
 * Contestants that take turns in short batches: whatever else the machine does meets all of them.
 *
 * @module
 */
import process from "node:process";
import { median } from "./_bench.ts";
import { pairedRatio, type Ratio, ratioText } from "./_meter.ts";

/** One call of a contestant, whole. */
export type Call = () => Promise<unknown>;

/** How they take turns. */
export interface Turns {
  /** Batches of each. */
  readonly rounds: number;
  /** Calls of a batch. */
  readonly batch: number;
  /** Calls at a time. */
  readonly width: number;
}

/** Microseconds for a call, of the clock and of the processors: a pair for each round, by contestant. */
export type Times = ReadonlyMap<string, readonly (readonly [wall: number, cpu: number])[]>;

/** Makes the calls of one batch; microseconds for each of them. */
export async function timeBatch(
  call: Call,
  { batch, width }: Omit<Turns, "rounds">,
): Promise<[wall: number, cpu: number]> {
  let left = batch;
  const used = process.cpuUsage();
  const started = performance.now();
  await Promise.all(Array.from({ length: width }, async () => {
    while (left-- > 0) await call();
  }));
  const wall = (performance.now() - started) * 1000 / batch;
  const { user, system } = process.cpuUsage(used);
  return [wall, (user + system) / batch];
}

/** Lets the contestants take turns; who begins rotates. */
export function takeTurns(calls: Readonly<Record<string, Call>>, turns: Turns): Promise<Times> {
  const batches = Object.entries(calls).map(([name, call]) => [name, () => timeBatch(call, turns)] as const);
  return takeBatches(Object.fromEntries(batches), turns.rounds);
}

/**
 * The same where each contestant times its own batch. The batches of the warm-up do not count: functions that ran often are
 * others than those that did not.
 */
export async function takeBatches(
  batches: Readonly<Record<string, () => Promise<[wall: number, cpu: number]>>>,
  rounds: number,
  warmUps = 8,
): Promise<Times> {
  const contestants = Object.entries(batches);
  const times = new Map<string, [number, number][]>(contestants.map(([name]) => [name, []]));
  for (const [, take] of contestants) for (let n = 0; n < warmUps; n++) await take();
  for (let round = 0; round < rounds; round++) {
    const turn = round % contestants.length;
    for (const [name, take] of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      times.get(name)!.push(await take());
    }
  }
  return times;
}

/** How much longer `one` took than `other`, of the clock (0) or of the processors (1). */
export function ratioOf(times: Times, one: string, other: string, which: 0 | 1 = 0): Ratio {
  const series = (name: string) => times.get(name)!.map((time) => time[which]);
  return pairedRatio(series(one), series(other));
}

/** A line for each contestant, with its ratios to `base`. */
export function overview(times: Times, base: string): string[][] {
  return [
    ["", "us a call", "us of processors", `time to ${base}`, `processors to ${base}`],
    ...[...times].map(([name, pairs]) => [
      name,
      ...([0, 1] as const).map((which) => median(pairs.map((pair) => pair[which])).toFixed(1)),
      ...([0, 1] as const).map((which) => ratioText(ratioOf(times, name, base, which))),
    ]),
  ];
}
