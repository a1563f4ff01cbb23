import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { bullQueue, openRedis, redisStore, sharedLimits } from "../../fleet/mod.ts";
import { compose, InputError } from "../../transport/mod.ts";
import { hasRedis, startRedisCluster } from "../_support/redis.ts";

Deno.test({
  name: "a fleet lives in a cluster, whichever node is named, and moves with its keys; an unfit node is found",
  ignore: !hasRedis,
  async fn() {
    await using cluster = await startRedisCluster();
    const prefix = "{lab}";
    await using things = new AsyncDisposableStack();
    const queues = [];
    for (const { url } of cluster.nodes) {
      const redis = things.adopt(await openRedis(url), (client) => client.disconnect());
      queues.push(things.use(await bullQueue({ redis, prefix })));
    }
    const [one, other, third] = queues as [typeof queues[0], typeof queues[0], typeof queues[0]];
    const stop = new AbortController();
    const heard: string[] = [];
    const listening = (async () => {
      for await (const { jobs } of third.events(stop.signal)) heard.push(...jobs.map(({ state }) => state));
    })();
    await one.add(Array.from({ length: 20 }, (_, index) => ({ reference: String(1000 + index) })));
    const [job] = await other.lease("me", 1, 120_000);
    assertEquals(job?.state, "resolving");
    assertEquals((await third.engine()).isDurable, true);

    // all of the first two nodes' slots go to the third, with whatever keys are in them
    const { url } = cluster.nodes[0]!;
    const host = new URL(url).host;
    const ids = new TextDecoder().decode(
      await redisCli("-h", "127.0.0.1", "-p", host.split(":")[1]!, "cluster", "nodes"),
    );
    const leaving = ids.trim().split("\n").slice(0, 2).map((line) => `${line.split(" ")[0]}=0`);
    const weights = leaving.flatMap((weight) => ["--cluster-weight", weight]);
    const moving = redisCli("--cluster", "rebalance", host, ...weights);
    for (let index = 0; index < 50; index++) await one.add([{ reference: String(2000 + index) }]);
    await moving;
    assertEquals(await other.finish("me", job!.id, { state: "released" }) !== undefined, true);
    assertEquals((await third.lease("me", 100, 120_000)).length, 70);
    assertEquals((await one.counts()).resolving, 70);
    stop.abort();
    await listening;
    assertEquals(heard.includes("resolving"), true);

    const redis = things.adopt(await openRedis(url), (client) => client.disconnect());
    const store = await redisStore(redis, { prefix: "{lab}:cache:", patienceMs: 60_000 });
    assertEquals(await store.get({ url: "https://example.test/", partition: "" }), []);
    const limited = compose(
      { fetch: () => Promise.resolve(new Response("x")) },
      sharedLimits(redis, { prefix: "{lab}:limits:", perSecond: 1000 }),
    );
    assertEquals((await limited.fetch(new Request("https://example.test/"))).status, 200);

    const second = await assertRejects(() => openRedis(`${url}/2`), InputError);
    assertStringIncludes(second.message, "no such database");
    await redisCli("-p", new URL(cluster.nodes[1]!.url).port, "config", "set", "maxmemory-policy", "allkeys-lru");
    const error = await assertRejects(() => openRedis(url), InputError);
    assertStringIncludes(error.message, "allkeys-lru");
    (await openRedis(url, { mayEvict: true })).disconnect();
  },
});

async function redisCli(...args: string[]): Promise<Uint8Array> {
  return (await new Deno.Command("redis-cli", { args, stdin: "null" }).output()).stdout;
}
