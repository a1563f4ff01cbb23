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

/** Batches before anything counts: functions that ran often are others than those that did not. */
const warmUps = 8;

async function timeBatch(call: Call, { batch, width }: Turns): Promise<[wall: number, cpu: number]> {
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
export async function takeTurns(calls: Readonly<Record<string, Call>>, turns: Turns): Promise<Times> {
  const contestants = Object.entries(calls);
  const times = new Map<string, [number, number][]>(contestants.map(([name]) => [name, []]));
  for (const [, call] of contestants) for (let n = 0; n < warmUps; n++) await timeBatch(call, turns);
  for (let round = 0; round < turns.rounds; round++) {
    const turn = round % contestants.length;
    for (const [name, call] of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      times.get(name)!.push(await timeBatch(call, turns));
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
