/**
 * A fleet on one machine, with real processes, a real Redis and an embedded bucket:
 *
 *     deno task bench:fleet [--jobs 300] [--only deaths,limit,second,cache,queue] [--quick] [--json]
 *
 * `deaths`: three workers, one killed every three seconds, Redis killed and started anew twice. `limit`: starts a second at
 * the origin by three workers. `second`: what a second worker adds where the origin limits each connection. `cache`: a hit
 * beside that of SQLite. `queue`: what jobs cost in time and memory.
 *
 * @module
 */
import { join } from "node:path";
import { httpCache, memoryStore, sqliteStore } from "../../cache/mod.ts";
import { bullQueue, openRedis, redisStore } from "../../fleet/mod.ts";
import { sqliteQueue } from "../../hub/queue/mod.ts";
import { compose, type Transport } from "../../transport/mod.ts";
import { hasRedis, startRedis } from "../_support/redis.ts";
import { type Lab, startLab, verdictOf } from "../fleet/_lab.ts";
import { benchArgs, median, type Row, say } from "./_bench.ts";

const args = await benchArgs("fleet.ts", ["jobs", "only"]);
const jobs = args.number("jobs", args.isQuick ? 12 : 300);
const only = args.text("only", "deaths,limit,second,cache,queue").split(",");
const rows: Row[] = [];
const machines = ["one", "two", "three"];
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const mebibytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

/** Three workers, one of which dies every three seconds. */
async function deaths(): Promise<void> {
  const bytes = 1024 ** 2;
  await using lab = await startLab({ files: jobs, bytes, bytesPerSecond: args.isQuick ? 2 * bytes : bytes / 2 });
  await lab.addAll();
  const workers = await Promise.all(machines.map((name) => lab.start(name, {}, "--jobs", "4")));
  const startedMs = performance.now();
  const ending = new AbortController();
  let killed = 0;
  const killing = (async () => {
    for (;;) {
      await sleep(3000);
      if (ending.signal.aborted) return;
      const which = killed++ % machines.length;
      await workers[which]!.kill();
      workers[which] = await lab.start(machines[which]!, {}, "--jobs", "4");
    }
  })();
  for (const share of [1, 2]) {
    await lab.over(Math.floor(jobs * share / 3));
    await lab.redis.restart();
  }
  await lab.over(jobs);
  const seconds = (performance.now() - startedMs) / 1000;
  ending.abort();
  await killing;
  const { notDone, right, objects, wastedBytes, sentTwiceBytes } = await verdictOf(lab, bytes);
  say(`deaths: ${killed} workers killed, ${seconds.toFixed(1)} s, not done ${JSON.stringify(notDone)}`);
  rows.push({
    ...{ name: "deaths", what: `${jobs} jobs, 3 workers, one killed every 3 s (${killed}), Redis killed twice` },
    target: `${jobs} files in the bucket, each once, right to the byte`,
    result: `${right} right, ${objects} objects, ${jobs - Object.values(notDone).reduce((a, b) => a + b, 0)} jobs done`,
    reached: right === jobs && objects === jobs && Object.keys(notDone).length === 0,
    wallS: seconds,
  }, {
    ...{ name: "deaths", what: `bytes of ${mebibytes(jobs * bytes)} that came or went more than once`, target: "told" },
    result: `${mebibytes(wastedBytes)} from the origin, ${mebibytes(sentTwiceBytes)} to the bucket`,
    reached: undefined,
  });
}

/** Requests a second by all workers together. */
async function limit(): Promise<void> {
  const perSecond = 20;
  const files = args.isQuick ? 40 : jobs;
  await using lab = await startLab({ files, bytes: 2048, isKept: false });
  await lab.addAll();
  const env = { CIVIKIT_FLEET_PER_SECOND: String(perSecond) };
  await Promise.all(machines.map((name) => lab.start(name, env, "--jobs", "16")));
  await lab.over(files);
  const starts = lab.asked.map(({ at }) => at).sort((a, b) => a - b);
  // from when all three are at it
  const from = starts[perSecond]!;
  const within = starts.filter((at) => at >= from);
  const rate = (within.length - 1) / ((within.at(-1)! - from) / 1000);
  const worst = Math.max(...within.map((at) => within.filter((other) => other >= at && other < at + 1000).length));
  say(`limit: ${rate.toFixed(2)} a second, at most ${worst} in any second`);
  rows.push({
    ...{ name: "limit", what: `${perSecond} requests a second for 3 workers`, target: "within 5 %" },
    result: `${rate.toFixed(2)} a second, at most ${worst} in any second`,
    reached: Math.abs(rate / perSecond - 1) <= 0.05,
  });
}

/** What the origin sends while every worker has all it takes at once. */
async function bytesPerSecond(lab: Lab, workers: number, files: number): Promise<number> {
  const sent = () => lab.asked.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  const reached = async (requests: number) => {
    while (lab.asked.length < requests) await sleep(10);
    return { at: performance.now(), bytes: sent() };
  };
  await lab.addAll();
  for (const name of machines.slice(0, workers)) await lab.start(name, {}, "--jobs", "3", "--parallel", "1");
  const from = await reached(6 * workers);
  const to = await reached(files);
  await lab.over(files);
  return (to.bytes - from.bytes) / ((to.at - from.at) / 1000);
}

/** What a second worker adds. */
async function second(): Promise<void> {
  const files = args.isQuick ? 24 : 60;
  const bytes = 512 * 1024;
  const rates: number[] = [];
  for (const workers of [1, 2]) {
    await using lab = await startLab({
      files,
      bytes,
      bytesPerSecond: args.isQuick ? 2 * bytes : bytes / 2,
      isKept: false,
    });
    rates.push(await bytesPerSecond(lab, workers, files));
  }
  const added = rates[1]! / rates[0]! - 1;
  rows.push({
    ...{ name: "second", what: "what a second worker adds, the origin limiting each connection", target: ">= 0.9" },
    result: `${added.toFixed(2)} (${mebibytes(rates[0]!)}/s, then ${mebibytes(rates[1]!)}/s)`,
    reached: added >= 0.9,
  });
}

/** A hit of the shared cache, beside one of SQLite and one of memory. */
async function cache(): Promise<void> {
  await using redis = await startRedis();
  const client = await openRedis(redis.url);
  const folder = await Deno.makeTempDir();
  const body = JSON.stringify({ items: Array.from({ length: 20 }, (_, id) => ({ id, text: "x".repeat(80) })) });
  const origin: Transport = {
    fetch: () =>
      Promise.resolve(
        new Response(body, { headers: { "content-type": "application/json", "cache-control": "max-age=3600" } }),
      ),
  };
  const stores = {
    memory: memoryStore(),
    sqlite: sqliteStore(join(folder, "http.sqlite")),
    redis: await redisStore(client),
  };
  const turns = args.isQuick ? 10 : 40;
  const times = Object.fromEntries(Object.keys(stores).map((name) => [name, [] as number[]]));
  const clients = Object.entries(stores).map(([name, store]) => [name, compose(origin, httpCache({ store }))] as const);
  const hit = async (transport: Transport) =>
    await (await transport.fetch(new Request("https://a.test/api/v1/models"))).text();
  for (let turn = 0; turn <= turns; turn++) {
    for (const [name, transport] of clients) {
      const from = performance.now();
      for (let n = 0; n < 50; n++) await hit(transport);
      if (turn > 0) times[name]!.push((performance.now() - from) * 1000 / 50);
    }
  }
  const [memory, sqlite, shared] = ["memory", "sqlite", "redis"].map((name) => median(times[name]!));
  rows.push({
    ...{ name: "cache", what: "a hit of 2 KB in Redis on this machine, beside SQLite", target: "measured" },
    result: `${shared!.toFixed(0)} us, SQLite ${sqlite!.toFixed(0)} us, memory ${memory!.toFixed(0)} us`,
    reached: undefined,
  });
  for (const store of Object.values(stores)) store.close();
  client.disconnect();
  await Deno.remove(folder, { recursive: true });
}

/** What a job costs. */
async function queue(): Promise<void> {
  const count = args.isQuick ? 200 : 10_000;
  await using redis = await startRedis();
  const client = await openRedis(redis.url);
  const folder = await Deno.makeTempDir();
  const memory = async () => Number(/^used_memory:(\d+)/m.exec(await client.info("memory"))![1]);
  {
    await using shared = await bullQueue({ redis: client });
    await using alone = sqliteQueue(join(folder, "queue.sqlite"));
    const before = await memory();
    const wanted = Array.from({ length: count }, (_, index) => ({ reference: String(index + 1) }));
    const from = performance.now();
    for (let at = 0; at < count; at += 1000) await shared.add(wanted.slice(at, at + 1000));
    const addS = (performance.now() - from) / 1000;
    const perJob = (await memory() - before) / count;
    const keys = await client.dbsize();
    await alone.add(wanted);
    const through: Record<string, number> = {};
    const some = args.isQuick ? 50 : 500;
    for (const [name, one] of Object.entries({ shared, alone })) {
      const from = performance.now();
      for (let n = 0; n < some; n++) {
        const [job] = await one.lease("bench", 1, 120_000);
        await one.finish("bench", job!.id, { state: "done", verdict: "verified", path: "/srv/a", bytes: 1 });
      }
      through[name] = some / ((performance.now() - from) / 1000);
    }
    rows.push({
      ...{ name: "queue", what: `${count} jobs in Redis`, target: "told", reached: undefined },
      result: `${Math.round(count / addS)} added a second, ${Math.round(perJob)} bytes and ${
        (keys / count).toFixed(2)
      } keys each`,
    }, {
      ...{ name: "queue", what: "jobs taken and finished a second by one worker", target: "told", reached: undefined },
      result: `${Math.round(through["shared"]!)} in Redis, ${Math.round(through["alone"]!)} in SQLite`,
    });
  }
  client.disconnect();
  await Deno.remove(folder, { recursive: true });
}

if (!hasRedis) {
  rows.push({ name: "-", what: "a fleet", target: "-", result: "skipped: no redis-server here", reached: undefined });
} else {
  const benches = { deaths, limit, second, cache, queue };
  for (const [name, bench] of Object.entries(benches)) if (only.includes(name)) await bench();
}
args.print(rows);
