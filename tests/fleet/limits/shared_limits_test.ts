import { assert, assertEquals, assertRejects } from "@std/assert";
import { openRedis, type RedisClient, sharedLimits, type SharedLimitsOptions } from "../../../fleet/mod.ts";
import { compose, HttpError, type Transport } from "../../../transport/mod.ts";
import { type FakeClock, fakeClock, settle } from "../../_support/clock.ts";
import { hasRedis, type RedisServer, startRedis } from "../../_support/redis.ts";

interface World {
  readonly redis: RedisServer;
  readonly clock: FakeClock;
  /** When requests started, in milliseconds since the test began. */
  readonly starts: number[];
  /** How the origin answers. */
  answer: () => Response | Promise<Response>;
  /** Another machine. */
  machine(options?: SharedLimitsOptions): Promise<{ readonly transport: Transport; readonly client: RedisClient }>;
  /** Lets time go on, and Redis answer, until `isReached`. */
  until(isReached: () => boolean, stepMs?: number): Promise<void>;
}

function test(name: string, work: (world: World) => Promise<void>): void {
  Deno.test({
    name: `sharedLimits() ${name}`,
    ignore: !hasRedis,
    async fn() {
      await using redis = await startRedis();
      const clock = fakeClock();
      const clients: RedisClient[] = [];
      const starts: number[] = [];
      const world: World = {
        ...{ redis, clock, starts },
        answer: () => new Response("here"),
        async machine(options) {
          const client = await openRedis(redis.url);
          clients.push(client);
          const origin: Transport = {
            async fetch() {
              starts.push(clock.now());
              return await world.answer();
            },
          };
          return { client, transport: compose(origin, sharedLimits(client, { clock, ...options })) };
        },
        async until(isReached, stepMs = 10) {
          for (let step = 0; step < 20_000 && !isReached(); step++) {
            for (const client of clients) if (client.status === "ready") await client.ping();
            await settle();
            await clock.advance(stepMs);
          }
        },
      };
      try {
        await work(world);
      } finally {
        for (const client of clients) client.disconnect();
      }
    },
  });
}

const ask = (transport: Transport, signal?: AbortSignal) =>
  transport.fetch(new Request("https://a.test/x", signal ? { signal } : {}));

test("lets all machines together start as many as one may", async (world) => {
  const [one, other] = [await world.machine({ perSecond: 10 }), await world.machine({ perSecond: 10 })];
  const all = Array.from({ length: 21 }, (_, index) => ask((index % 2 === 0 ? one : other).transport));
  await world.until(() => world.starts.length === 21);
  await Promise.all(all);
  // 21 starts at 10 a second take two seconds; a wait ends at the next step of the clock
  const took = world.starts.at(-1)! - world.starts[0]!;
  assert(took >= 2000 && took <= 2100, String(took));
});

test("gives back what was saved in a quiet time, up to the burst", async (world) => {
  const { transport } = await world.machine({ perSecond: 10, burst: 5 });
  const all = Array.from({ length: 6 }, () => ask(transport));
  await world.until(() => world.starts.length === 6);
  await Promise.all(all);
  assertEquals(world.starts.filter((at) => at === world.starts[0]).length >= 4, true, world.starts.join(" "));
});

test("pauses every machine when one is refused, also those that wait already", async (world) => {
  const [one, other] = [await world.machine({ perSecond: 10 }), await world.machine({ perSecond: 10 })];
  world.answer = () => new Response("later", { status: 429, headers: { "retry-after": "30" } });
  assertEquals((await ask(one.transport)).status, 429);
  world.answer = () => new Response("here");
  const startMs = world.clock.now();
  const all = [ask(other.transport), ask(other.transport), ask(one.transport)];
  await world.until(() => world.starts.length === 4, 100);
  await Promise.all(all);
  const [first, ...rest] = world.starts.slice(1);
  assert(first! - startMs >= 30_000 && first! - startMs < 30_500, String(first! - startMs));
  assertEquals(rest.length, 2);
  // after the pause one by one, not all at once
  assert(rest.at(-1)! - first! >= 100, world.starts.join(" "));
});

test("holds those who had a place before the refusal came", async (world) => {
  const [one, other] = [await world.machine({ perSecond: 1 }), await world.machine({ perSecond: 1 })];
  const { promise: later, resolve: answer } = Promise.withResolvers<Response>();
  world.answer = () => later;
  const refused = ask(one.transport);
  await world.until(() => world.starts.length === 1, 0);
  const waiting = ask(other.transport);
  await settle();
  // answered after the place was given: both go over one connection
  await other.client.ping();
  answer(new Response("later", { status: 429, headers: { "retry-after": "20" } }));
  assertEquals((await refused).status, 429);
  world.answer = () => new Response("here");
  await world.until(() => world.starts.length === 2, 100);
  await waiting;
  assert(world.starts[1]! - world.starts[0]! >= 20_000, world.starts.join(" "));
});

test("doubles its own pause with each refusal in a row, and counts each once", async (world) => {
  const { transport, client } = await world.machine({ pauseMs: 1000 });
  world.answer = () => new Response("later", { status: 429 });
  await Promise.all([ask(transport), ask(transport), ask(transport)]);
  assertEquals(await client.hget("{civikit}:limits:a.test", "strikes"), "1");
  const before = world.clock.now();
  const again = ask(transport);
  await world.until(() => world.starts.length === 4, 100);
  await again;
  assert(world.starts[3]! - before >= 1000, world.starts.join(" "));
  assertEquals(await client.hget("{civikit}:limits:a.test", "strikes"), "2");
});

test("refuses what would wait too long, and says for how long", async (world) => {
  const [one, other] = [await world.machine(), await world.machine()];
  world.answer = () => new Response("later", { status: 429, headers: { "retry-after": "600" } });
  await ask(one.transport);
  const error = await assertRejects(() => ask(other.transport), HttpError);
  assertEquals([error.code, error.status], ["rate_limited", 429]);
  assert(error.retryAfterMs! > 599_000 && error.retryAfterMs! <= 600_000, String(error.retryAfterMs));
});

test("lets a caller who gives up go", async (world) => {
  const { transport } = await world.machine({ perSecond: 1 });
  await ask(transport);
  const stop = new AbortController();
  const waiting = ask(transport, stop.signal);
  await settle();
  stop.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
});

test("keeps to its share while Redis is away, and fails nothing", async (world) => {
  const [one, other] = [await world.machine({ perSecond: 10 }), await world.machine({ perSecond: 10 })];
  await ask(other.transport);
  const last = ask(one.transport);
  await world.until(() => world.starts.length === 2);
  await last;
  await world.redis.stop();
  while (one.client.status === "ready") await settle();
  world.starts.length = 0;
  const all = Array.from({ length: 6 }, () => ask(one.transport));
  await world.until(() => world.starts.length === 6);
  await Promise.all(all);
  // half of ten a second: the other machine has the other half
  const took = world.starts.at(-1)! - world.starts[0]!;
  assert(took >= 1000 && took <= 1100, world.starts.join(" "));
});
