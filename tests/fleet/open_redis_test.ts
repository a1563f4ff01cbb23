import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Cluster } from "ioredis";
import { bullQueue, openRedis } from "../../fleet/mod.ts";
import { CivikitError, InputError } from "../../transport/mod.ts";
import { freePort } from "../_support/free_port.ts";
import { hasRedis, startRedis, startRedisCluster } from "../_support/redis.ts";
import { hasOpenssl, testAuthority } from "../_tls/mod.ts";

const ignore = !hasRedis;

Deno.test({
  name: "openRedis() connects, and connects anew when the server was away",
  ignore,
  async fn() {
    await using redis = await startRedis(["--appendfsync", "always"]);
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

Deno.test({
  name: "openRedis() speaks TLS with an authority of one's own, and with a user's password",
  ignore: ignore || !hasOpenssl,
  async fn() {
    const authority = testAuthority();
    const acl = [
      "--user",
      "lab",
      "on",
      ">lab-geheim-123",
      "~{civikit}*",
      "&*",
      "+@all",
      "--user",
      "default",
      "off",
      "~*",
      "&*",
      "+@all",
    ];
    await using redis = await startRedis(acl, authority.sign(["IP:127.0.0.1", "DNS:localhost"]));
    const caCerts = [authority.ca];
    const url = redis.url.replace("//", "//lab:lab-geheim-123@");
    const client = await openRedis(url, { caCerts });
    await using queue = await bullQueue({ redis: client });
    await queue.add([{ reference: "128713" }]);
    const { signal } = new AbortController();
    const events = queue.events(signal)[Symbol.asyncIterator]();
    const heard = events.next();
    const [job] = await queue.lease("me", 1, 120_000);
    assertEquals([job?.reference, (await heard).done], ["128713", false]);
    await redis.restart();
    assertEquals((await queue.counts()).resolving, 1);
    client.disconnect();

    const said = async (url: string, options = {}) => {
      const error = await assertRejects(() => openRedis(url, options), CivikitError);
      const shown = `${error.message} ${JSON.stringify(error)} ${Deno.inspect(error)}`;
      assert(!shown.includes("geheim"), shown);
      return `${error.code} ${error.message}`;
    };
    assertMatch(await said(url), /^tls_failed .*certificate is not trusted/);
    const other = testAuthority().ca;
    assertMatch(await said(url, { caCerts: [other] }), /^tls_failed/);
    assertMatch(await said(redis.url, { caCerts }), /^invalid_config .*user or password/);
    assertMatch(await said(url.replace("123", "124"), { caCerts }), /^invalid_config .*user or password/);
    // one speaks TLS and the other does not
    assertMatch(await said(url.replace("rediss:", "redis:")), /^connect_failed/);
  },
});

Deno.test({
  name: "a queue says that Redis would not read back what it wrote, which it does not without a default user's rights",
  ignore,
  async fn() {
    const options = ["--user", "lab", "on", ">lab-geheim-123", "~*", "&*", "+@all", "--user", "default", "off"];
    await using redis = await startRedis(options);
    const client = await openRedis(redis.url.replace("//", "//lab:lab-geheim-123@"));
    await using queue = await bullQueue({ redis: client });
    const { isDurable, forgets } = await queue.engine();
    assertEquals([isDurable, forgets], [false, "default_user"]);
    await client.acl("SETUSER", "default", "off", "~*", "&*", "+@all");
    assertEquals((await queue.engine()).forgets, null);
    await client.config("SET", "appendonly", "no");
    assertEquals((await queue.engine()).forgets, "appendonly");
    client.disconnect();
  },
});

Deno.test({
  name: "openRedis() refuses a certificate for another name, and one that is over",
  ignore: ignore || !hasOpenssl,
  async fn() {
    const authority = testAuthority();
    for (const certificate of [authority.sign(["DNS:other.test"]), authority.sign(["IP:127.0.0.1"], -1)]) {
      await using redis = await startRedis([], certificate);
      const error = await assertRejects(() => openRedis(redis.url, { caCerts: [authority.ca] }), CivikitError);
      assertEquals(error.code, "tls_failed");
    }
  },
});

Deno.test({
  name: "openRedis() refuses a user who may too little, and says so",
  ignore,
  async fn() {
    await using redis = await startRedis(["--user", "lab", "on", ">lab-geheim-123", "~*", "+ping"]);
    const url = redis.url.replace("//", "//lab:lab-geheim-123@");
    const error = await assertRejects(() => openRedis(url), InputError);
    assertMatch(error.message, /may not do there what a fleet needs/);
    assert(!error.message.includes("geheim"));
  },
});

Deno.test({
  name: "openRedis() refuses a Sentinel and a replica, by what they are",
  ignore,
  async fn() {
    await using redis = await startRedis();
    const { port } = new URL(redis.url);
    await using replica = await startRedis(["--replicaof", `127.0.0.1 ${port}`]);
    const second = await assertRejects(() => openRedis(replica.url), InputError);
    assertMatch(second.message, /it is a replica/);
    const folder = await Deno.makeTempDir();
    const config = `${folder}/sentinel.conf`;
    await Deno.writeTextFile(config, `sentinel monitor lab 127.0.0.1 ${port} 1\n`);
    await using sentinel = await startRedis([], undefined, [config, "--sentinel"]);
    const error = await assertRejects(() => openRedis(sentinel.url), InputError);
    assertMatch(error.message, /it is a Sentinel.*redis\+sentinel:/);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "openRedis() finds the primary by its Sentinels, and a queue goes on with the new one after a failover",
  ignore,
  async fn() {
    const login = ["--requirepass", "geheim", "--masterauth", "geheim"];
    await using primary = await startRedis(login);
    const first = new URL(primary.url);
    await using replica = await startRedis([...login, "--replicaof", `127.0.0.1 ${first.port}`]);
    const folder = await Deno.makeTempDir();
    const config = `${folder}/sentinel.conf`;
    // who is told to, fails over; a busy machine does not
    const watched = [
      `sentinel monitor lab 127.0.0.1 ${first.port} 1`,
      "sentinel auth-pass lab geheim",
      "sentinel down-after-milliseconds lab 600000",
    ];
    for (const own of [[], ["requirepass geheim", "sentinel sentinel-pass geheim"]]) {
      await Deno.writeTextFile(config, [...watched, ...own, ""].join("\n"));
      await using sentinel = await startRedis([], undefined, [config, "--sentinel"]);
      const { host } = new URL(sentinel.url);
      // one that is away is no trouble
      const client = await openRedis(`redis+sentinel://:geheim@127.0.0.1:${freePort()},${host}/lab/1`);
      assertEquals(client instanceof Cluster ? undefined : client.options.db, 1);
      client.disconnect();
      for (
        const [url, message] of [
          [`redis+sentinel://:geheim@${host}/other`, /no Sentinel there names a primary "other"/],
          [`redis+sentinel://:falsch@${host}/lab`, /user or password are not taken/],
          [`redis+sentinel://${host}`, /what the Sentinels call the primary is missing/],
        ] as const
      ) {
        const error = await assertRejects(() => openRedis(url), CivikitError);
        assertMatch(error.message, message);
        assert(!error.message.includes("geheim"));
      }
    }
    await Deno.writeTextFile(config, [...watched, ""].join("\n"));
    await using sentinel = await startRedis([], undefined, [config, "--sentinel"]);
    const redis = await openRedis(`redis+sentinel://:geheim@${new URL(sentinel.url).host}/lab`);
    const asked = await openRedis(primary.url.replace("//", "//:geheim@"));
    {
      await using queue = await bullQueue({ redis, prefix: "{lab}" });
      await queue.add([{ reference: "1" }]);
      const stop = new AbortController();
      const heard = queue.events(stop.signal)[Symbol.asyncIterator]();
      const [job] = await queue.lease("me", 1, 600_000);
      // the replica has what the primary has
      if (asked instanceof Cluster) throw new Error("no cluster was started");
      assertEquals(await asked.wait(1, 0), 1);
      const ask = async (...words: string[]) => {
        const { stdout } = await new Deno.Command("redis-cli", {
          args: ["-p", new URL(sentinel.url).port, "sentinel", ...words],
          stdin: "null",
        }).output();
        return new TextDecoder().decode(stdout);
      };
      // it knows of no replica in its first seconds
      while (!(await ask("failover", "lab")).startsWith("OK")) await new Promise((done) => setTimeout(done, 100));
      const { port } = new URL(replica.url);
      while (!(await ask("get-master-addr-by-name", "lab")).includes(port)) {
        await new Promise((done) => setTimeout(done, 100));
      }
      asked.disconnect();
      await primary.stop();
      assertEquals(
        (await queue.finish("me", job!.id, { state: "done", verdict: "there", path: null, bytes: 1 }))?.state,
        "done",
      );
      await queue.add([{ reference: "2" }]);
      assertEquals((await queue.counts()).done, 1);
      for (;;) {
        const { value } = await heard.next();
        if (value!.jobs.some(({ reference }: { reference: string }) => reference === "2")) break;
      }
      stop.abort();
    }
    redis.disconnect();
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "openRedis() takes several addresses of a cluster, of which some are away, and no others",
  ignore,
  async fn() {
    await using cluster = await startRedisCluster();
    const hosts = cluster.nodes.map(({ url }) => new URL(url).host);
    const client = await openRedis(`redis://127.0.0.1:${freePort()},${hosts.slice(1).join(",")}`);
    assert(client instanceof Cluster);
    assertEquals(client.nodes("master").length, 3);
    client.disconnect();
    await using one = await startRedis();
    const { host } = new URL(one.url);
    const error = await assertRejects(() => openRedis(`redis://127.0.0.1:${freePort()},${host}`), InputError);
    assertMatch(error.message, /several addresses are those of a cluster/);
    assertEquals(error.reason, "redis_unfit");
    const away = `redis://127.0.0.1:${freePort()},127.0.0.1:${freePort()}`;
    assertEquals((await assertRejects(() => openRedis(away), CivikitError)).code, "connect_failed");
  },
});

Deno.test("openRedis() refuses a version that lacks what a queue needs", async () => {
  // what an old one answers: there is none to start
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const info = "# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\nrole:master\r\n";
      const buffer = new Uint8Array(4096);
      for (let read = 0; (read = await connection.read(buffer) ?? 0) > 0;) {
        const asked = new TextDecoder().decode(buffer.subarray(0, read)).split(/(?=\*\d+\r\n)/);
        const answers = asked.map((one) => /\r\ninfo\r\n/i.test(one) ? `$${info.length}\r\n${info}\r\n` : "+OK\r\n");
        await connection.write(new TextEncoder().encode(answers.join("")));
      }
      connection.close();
    }
  })();
  const error = await assertRejects(() => openRedis(`redis://127.0.0.1:${listener.addr.port}`), InputError);
  assertMatch(error.message, /version 5\.0\.14; 6\.2\.0 or newer/);
  listener.close();
  await serving.catch(() => {});
});

Deno.test("openRedis() says by name what is no address of a Redis, and where nobody answers", async () => {
  const error = await assertRejects(() => openRedis("http://127.0.0.1"), InputError);
  assertEquals(error.code, "invalid_config");
  for (const login of ["user:pa%ss-4711", "u%ser:pass-4711"]) {
    const { code, message } = await assertRejects(() => openRedis(`redis://${login}@127.0.0.1:1`), InputError);
    assertEquals([code, message.includes("%25"), message.includes("ss-4711")], ["invalid_config", true, false]);
  }
  const away = await assertRejects(() => openRedis("redis://127.0.0.1:1"), CivikitError);
  assertEquals(away.code, "connect_failed");
});

Deno.test("openRedis() names where it connects to and never who, also where the address is mistyped", async () => {
  const two = `redis://ann:pass-phrase@127.0.0.1:${freePort()},127.0.0.1:${freePort()}`;
  for (const url of [two, "redis:/ann:pass-phrase@127.0.0.1", "redis://ann:pass-phrase/or so@127.0.0.1,10.0.0.6"]) {
    const { message } = await assertRejects(() => openRedis(url, { connectMs: 500 }), CivikitError);
    assertEquals(message.includes("phrase"), false, message);
    assertEquals(message.includes(url.split("@")[1]!), true, message);
  }
});
