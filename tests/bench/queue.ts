/**
 * How quick the queue is with many jobs: adding, a page, a move, handing out, a progress note, counting.
 *
 *     deno task bench:queue [--jobs 10000] [--quick] [--priority] [--json]
 *
 * @module
 */
import { join } from "node:path";
import { sqliteQueue } from "../../hub/queue/mod.ts";
import { benchArgs, median, type Row } from "./_bench.ts";

const args = await benchArgs("queue.ts", ["jobs"]);
const jobs = args.number("jobs", args.isQuick ? 1000 : 10_000, true);
const turns = args.isQuick ? 20 : 200;
const mostMs = 5;

const folder = await Deno.makeTempDir();
const queue = sqliteQueue(join(folder, "queue.sqlite"));
const rows: Row[] = [];

async function measure(what: string, work: (turn: number) => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const started = performance.now();
    await work(turn);
    times.push(performance.now() - started);
  }
  const middle = median(times);
  const worst = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  const result = `${middle.toFixed(2)} ms (99th of a hundred ${worst.toFixed(2)} ms)`;
  rows.push({ name: "-", what: `${what}, ${jobs} jobs`, target: `< ${mostMs} ms`, result, reached: middle < mostMs });
}

try {
  const started = performance.now();
  const added = await queue.add(Array.from({ length: jobs }, (_, index) => ({ reference: String(index + 1) })));
  const seconds = (performance.now() - started) / 1000;
  const most = 2 * Math.max(1, jobs / 1000);
  rows.push({
    ...{ name: "-", what: `adding ${jobs} jobs`, target: `< ${most} s` },
    ...{ result: `${seconds.toFixed(2)} s`, reached: seconds < most },
  });
  const ids = added.map(({ job }) => job.id);
  const some = () => ids[Math.floor(Math.random() * ids.length)]!;
  let after: string | undefined;
  await measure("a page of 100", async () => after = (await queue.list({ after })).next ?? undefined);
  await measure("a page of 100 of two states", () => queue.list({ states: ["waiting", "failed"] }));
  await measure("moving a job", () => queue.move(some(), { before: some() }));
  await measure("counting", () => queue.counts());
  const versions = Array.from({ length: 240 }, (_, index) => index * 50 + 1);
  await measure(
    "marks of 24 models with 240 versions",
    () => queue.queued({ versions, models: versions.slice(0, 24) }),
  );
  await measure("handing out a job", () => queue.lease("bench", 1, 60_000));
  const [held] = await queue.renew("bench", 60_000);
  await measure("a progress note", (turn) => queue.update("bench", held!.id, { bytes: turn }));
} finally {
  await queue.close();
  await Deno.remove(folder, { recursive: true });
}
args.print(rows);
