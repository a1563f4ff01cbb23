import { assert, assertEquals } from "@std/assert";
import { type CacheStore, httpCache, memoryStore } from "../../../cache/mod.ts";
import { openRedis, type RedisClient, redisStore, type RedisStoreOptions } from "../../../fleet/mod.ts";
import { compose, type Transport } from "../../../transport/mod.ts";
import { hasRedis, type RedisServer, startRedis } from "../../_support/redis.ts";

interface World {
  readonly redis: RedisServer;
  /** Another machine: its own connection and its own local store. */
  machine(options?: RedisStoreOptions): Promise<{ readonly store: CacheStore; readonly client: RedisClient }>;
}

function test(name: string, work: (world: World) => Promise<void>): void {
  Deno.test({
    name: `redisStore() ${name}`,
    ignore: !hasRedis,
    async fn() {
      await using redis = await startRedis();
      const clients: RedisClient[] = [];
      try {
        await work({
          redis,
          async machine(options) {
            const client = await openRedis(redis.url);
            clients.push(client);
            // on a busy machine Redis may take longer than a cache is worth waiting for
            return { client, store: await redisStore(client, { patienceMs: 60_000, ...options }) };
          },
        });
      } finally {
        for (const client of clients) client.disconnect();
      }
    },
  });
}

const isReady = ({ status }: RedisClient): boolean => status === "ready";

/** An origin that counts, and answers when it is let. */
function origin(size = 10, gate: Promise<void> = Promise.resolve()) {
  const asked: string[] = [];
  const transport: Transport = {
    async fetch(request) {
      asked.push(new URL(request.url).pathname);
      await gate;
      return new Response(new Uint8Array(size).fill(7), { headers: { "cache-control": "max-age=60" } });
    },
  };
  return { asked, transport };
}

const get = async (transport: Transport, path = "/a", headers: HeadersInit = {}) =>
  (await (await transport.fetch(new Request(`https://a.test${path}`, { headers }))).bytes()).length;

test("gives one machine what another one has fetched", async ({ machine }) => {
  const { asked, transport } = origin();
  const [one, other] = [await machine(), await machine()];
  assertEquals(one.store.salt, other.store.salt);
  for (const { store } of [one, other, one]) {
    assertEquals(await get(compose(transport, httpCache({ store }))), 10);
  }
  assertEquals(asked, ["/a"]);
  await other.store.invalidate("https://a.test/a");
  await get(compose(transport, httpCache({ store: one.store })));
  assertEquals(asked, ["/a", "/a"]);
});

test("keeps bodies above 1 MiB on the machine that fetched them", async ({ machine }) => {
  const { asked, transport } = origin(1024 * 1024 + 1);
  const [one, other] = [await machine(), await machine()];
  for (const { store } of [one, one, other, other]) await get(compose(transport, httpCache({ store })));
  assertEquals(asked, ["/a", "/a"]);
  for (const key of await one.client.keys("*")) assert(await one.client.memory("USAGE", key) ?? 0 < 100_000, key);
});

test("lets one machine fetch what several want at once", async ({ machine }) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { asked, transport } = origin(10, promise);
  const machines = await Promise.all([machine(), machine(), machine()]);
  const all = machines.map(({ store }) => get(compose(transport, httpCache({ store }))));
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  // the others have asked by now: each of their questions is a round trip of its own
  for (const { client } of machines) for (let time = 0; time < 5; time++) await client.ping();
  resolve();
  assertEquals(await Promise.all(all), [10, 10, 10]);
  assertEquals(asked, ["/a"]);
});

test("waits no longer than it is told for what another machine fetches", async ({ machine }) => {
  const never = origin(10, new Promise(() => {}));
  const { asked, transport } = origin();
  const [one, other] = [await machine({ flightMs: 60_000 }), await machine({ flightMs: 50 })];
  void get(compose(never.transport, httpCache({ store: one.store })));
  while (never.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(await get(compose(transport, httpCache({ store: other.store }))), 10);
  assertEquals(asked, ["/a"]);
});

test("serves from this machine while Redis is away, and from Redis again when it is back", async ({ redis, machine }) => {
  const { asked, transport } = origin();
  const { store, client } = await machine({ local: memoryStore() });
  const fetching = compose(transport, httpCache({ store }));
  await get(fetching);
  await redis.stop();
  while (isReady(client)) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(await get(fetching), 10);
  assertEquals(await get(fetching, "/b"), 10);
  assertEquals(await get(fetching, "/b"), 10);
  assertEquals(asked, ["/a", "/b"]);
  const { failures, failure } = await store.stats();
  assert(failures > 0 && failure !== undefined, failure);
  await redis.start();
  while (!isReady(client)) await new Promise((resolve) => setTimeout(resolve, 5));
  const other = await machine();
  assertEquals((await other.store.list()).map(({ url }) => url), ["https://a.test/a"]);
});

test("takes a damaged entry for none", async ({ machine }) => {
  const { asked, transport } = origin();
  const { store, client } = await machine();
  const fetching = compose(transport, httpCache({ store: (await machine()).store }));
  await get(fetching);
  await client.hset("{civikit}:cache:e:1", "b", "damaged");
  assertEquals(await get(fetching), 10);
  assertEquals(asked.length, 2);
  await client.hset("{civikit}:cache:e:2", "h", "{}");
  assertEquals(await store.verify(), { checked: 1, removed: 1 });
});
