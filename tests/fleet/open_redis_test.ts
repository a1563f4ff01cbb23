import { assert, assertEquals, assertRejects } from "@std/assert";
import { openRedis } from "../../fleet/mod.ts";
import { CivikitError, InputError } from "../../transport/mod.ts";
import { hasRedis, startRedis } from "../_support/redis.ts";

const ignore = !hasRedis;

Deno.test({
  name: "openRedis() connects, and connects anew when the server was away",
  ignore,
  async fn() {
    await using redis = await startRedis();
    const client = await openRedis(redis.url);
    await client.set("a", "1");
    await redis.restart();
    assertEquals(await client.get("a"), "1");
    client.disconnect();
  },
});

Deno.test({
  name: "openRedis() refuses wrong credentials, without telling them",
  ignore,
  async fn() {
    await using redis = await startRedis(["--requirepass", "richtig-geheim"]);
    for (const user of ["", ":falsch-geheim@"]) {
      const url = redis.url.replace("//", `//${user}`);
      const error = await assertRejects(() => openRedis(url), InputError);
      assertEquals(error.code, "invalid_config");
      assert(error.message.includes("password"), error.message);
      assert(!`${error.message} ${error.input}`.includes("geheim"), error.message);
    }
    const client = await openRedis(redis.url.replace("//", "//:richtig-geheim@"));
    client.disconnect();
  },
});

Deno.test({
  name: "openRedis() refuses a server that throws keys away, but for a cache",
  ignore,
  async fn() {
    await using redis = await startRedis(["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
    const error = await assertRejects(() => openRedis(redis.url), InputError);
    assert(error.message.includes("allkeys-lru") && error.message.includes("noeviction"), error.message);
    const client = await openRedis(redis.url, { mayEvict: true });
    client.disconnect();
  },
});

Deno.test({
  name: "openRedis() uses the database that is named, and refuses one that is not there",
  ignore,
  async fn() {
    await using redis = await startRedis();
    const third = await openRedis(`${redis.url}/3`);
    await third.set("a", "1");
    third.disconnect();
    const first = await openRedis(redis.url);
    assertEquals(await first.get("a"), null);
    first.disconnect();
    for (const name of ["99", "lab", "-1", "1/2"]) {
      const error = await assertRejects(() => openRedis(`${redis.url}/${name}`), InputError);
      assertEquals(error.code, "invalid_config");
      assert(error.message.includes("database"), error.message);
    }
  },
});

Deno.test("openRedis() says by name what is no address of a Redis, and where nobody answers", async () => {
  const error = await assertRejects(() => openRedis("http://127.0.0.1"), InputError);
  assertEquals(error.code, "invalid_config");
  const away = await assertRejects(() => openRedis("redis://127.0.0.1:1"), CivikitError);
  assertEquals(away.code, "connect_failed");
});
