/**
 * Contestants that take turns in short batches: whatever else the machine does meets all of them.
 *
 * @module
 */
import process from "node:process";
import { median, script } from "./_bench.ts";
import { Lines } from "./_lines.ts";
import { pairedRatio, type Ratio, ratioText } from "./_meter.ts";

/** One call of a contestant, whole. */
export type Call = () => Promise<unknown>;

/** One turn. */
export interface Turn {
  /** Calls in it. */
  readonly batch: number;
  /** Calls at a time. */
  readonly width: number;
}

/** Microseconds for a call, of the clock and of the processors: a pair for each round, by contestant. */
export type Times = ReadonlyMap<string, readonly (readonly [wall: number, cpu: number])[]>;

/** Makes the calls of one batch; microseconds for each of them. */
async function timeBatch(call: Call, { batch, width }: Turn): Promise<[wall: number, cpu: number]> {
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

/**
 * What a contestant's process does: says that it is ready, makes a batch for each line of its input, `width calls`, and
 * prints what that took. It ends with its input; connections that are kept alive would keep it.
 */
export async function takeTurn(call: Call): Promise<never> {
  const answer = (line: string) => Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
  await answer("ready");
  // whoever tells it waits for the answer: one chunk, one line
  for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const [width = 1, batch = 1] = line.split(" ").map(Number);
    await answer(JSON.stringify(await timeBatch(call, { width, batch })));
  }
  Deno.exit(0);
}

/** The contestants of a bench, each in a process of its own, as in a program that uses it. */
export class Contestants implements AsyncDisposable {
  readonly #processes = new Map<string, Lines>();

  /** Starts `script NAME ADDRESS` for each name; resolves when all are ready. */
  static async start(names: Iterable<string>, file: string, address: string): Promise<Contestants> {
    const contestants = new Contestants();
    for (const name of names) {
      const lines = new Lines(await script(file, name, address));
      contestants.#processes.set(name, lines);
      await lines.read();
    }
    return contestants;
  }

  /** Lets them take turns; see {@linkcode takeTurns}. After each there is a rest of `restMs`, where it leaves work for later. */
  race({ batch, width }: Turn, rounds: number, warmUps: number, restMs = 0): Promise<Times> {
    const batches = [...this.#processes].map(([name, lines]) =>
      [name, async () => {
        const time = JSON.parse(await lines.tell(`${width} ${batch}`)) as [number, number];
        if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
        return time;
      }] as const
    );
    return takeTurns(Object.fromEntries(batches), rounds, warmUps);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lines of this.#processes.values()) await lines[Symbol.asyncDispose]();
  }
}

/**
 * Lets contestants take turns, each of which times its own batch; who begins rotates. The batches of the warm-up do not
 * count: functions that ran often are others than those that did not.
 */
async function takeTurns(
  batches: Readonly<Record<string, () => Promise<[wall: number, cpu: number]>>>,
  rounds: number,
  warmUps: number,
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
