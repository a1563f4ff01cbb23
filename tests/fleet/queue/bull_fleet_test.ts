import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath as fromFileUrl } from "node:url";
import { type BullQueue, bullQueue, type BullQueueOptions, openRedis, type RedisClient } from "../../../fleet/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { CivikitError, DiskError, InputError } from "../../../transport/mod.ts";
import { type FakeClock, fakeClock } from "../../_support/clock.ts";
import { hasRedis, type RedisServer, startRedis } from "../../_support/redis.ts";

interface World {
  readonly redis: RedisServer;
  readonly client: RedisClient;
  readonly clock: FakeClock;
  open(options?: Partial<BullQueueOptions>): Promise<BullQueue>;
}

function test(name: string, work: (world: World) => Promise<void>): void {
  Deno.test({
    name: `bullQueue() ${name}`,
    ignore: !hasRedis,
    async fn() {
      // what it has answered it has written, also where the disk is busy
      await using redis = await startRedis(["--appendfsync", "always"]);
      const client = await openRedis(redis.url);
      const clock = fakeClock();
      try {
        await work({ redis, client, clock, open: (options) => bullQueue({ redis: client, clock, ...options }) });
      } finally {
        client.disconnect();
      }
    },
  });
}

const referencesOf = (jobs: readonly { readonly reference: string }[]) => jobs.map(({ reference }) => reference);

test("leaves a job of a newer civikit alone, and says so", async ({ client, open }) => {
  const told: [string, number][] = [];
  await using queue = await open({ onNewer: (id, form) => told.push([id, form]) });
  const [first] = await queue.add([{ reference: "1" }, { reference: "2" }]);
  const { id } = first!.job;
  // both parts: what is handed out, and what the book has
  await client.hset(`{civikit}:bull:jobs:job-${id}`, "data", JSON.stringify({ v: 2, where: "new" }));
  const place = `{civikit}:book:job:${id}`;
  const json = JSON.stringify({ ...JSON.parse((await client.hget(place, "j"))!), v: 2, mood: "new" });
  await client.hset(place, "j", json);
  assertEquals(referencesOf(await queue.lease("me", 2, 1000)), ["2"]);
  assertEquals(told, [[id, 2]]);
  const left = await queue.get(id);
  assertEquals([left!.state, left!.why?.code], ["waiting", "newer_format"]);
  const { message } = await assertRejects(() => queue.change(id, "cancel"), InputError);
  assert(message.includes("newer civikit"), message);
  assertEquals(await queue.changeAll(["waiting"], "cancel"), 0);
  assertEquals(await client.hget(place, "j"), json);
});

test("refuses a second fleet on its prefix, and one of a newer civikit", async ({ client, clock, open }) => {
  await using first = await open({ store: "s3://one/models" });
  await first.add([{ reference: "1" }]);
  const { message, code } = await assertRejects(() => open({ store: "s3://other/models" }), InputError);
  assertEquals(code, "invalid_config");
  for (const word of ['"civikit"', "s3://one/models", "s3://other/models", "prefix"]) assert(message.includes(word));
  await assertRejects(() => open({ store: "s3://one/models", site: { baseUrl: "https://other.example" } }), InputError);
  await using _third = await open({ store: "s3://other/models", prefix: "{other}" });
  // a worker is there, a job waits no more: not before both are gone it may be another fleet
  const [job] = await first.lease("me", 1, 1000);
  await first.finish("me", job!.id, { state: "failed", code: "not_found" });
  await assertRejects(() => open({ store: "s3://other/models" }), InputError);
  await clock.advance(1001);
  await using _fourth = await open({ store: "s3://other/models" });
  await client.set("{later}:fleet", JSON.stringify({ v: 2, site: "", store: "" }));
  const error = await assertRejects(() => open({ prefix: "{later}" }), DiskError);
  assertEquals(error.code, "newer_format");
});

test("gives up a job that kills who works on it, not one that gets on", async ({ clock, open }) => {
  await using queue = await open();
  await queue.add([{ reference: "1" }, { reference: "2" }]);
  for (let time = 1; time <= 4; time++) {
    const jobs = await queue.lease(`mortal-${time}`, 2, 1000);
    assertEquals(jobs.length, 2);
    await queue.update(`mortal-${time}`, jobs.find(({ reference }) => reference === "2")!.id, { bytes: time * 100 });
    await clock.advance(1000);
  }
  assertEquals(referencesOf(await queue.lease("last", 2, 1000)), ["2"]);
  const { jobs: [job] } = await queue.list({ states: ["failed"] });
  assertEquals([job!.reference, job!.code], ["1", "internal_error"]);
  assert(job!.why!.message!.includes("4 workers"), job!.why!.message);
  await queue.change(job!.id, "retry");
  assertEquals(referencesOf(await queue.lease("last", 2, 1000)), ["1"]);
});

test("puts in again what a process left out that ended between book and hand-out", async ({ client, open }) => {
  await using queue = await open();
  await queue.add([{ reference: "1" }, { reference: "2" }, { reference: "3" }]);
  for (const key of await client.keys("{civikit}:bull:*")) await client.del(key);
  assertEquals(referencesOf(await queue.lease("me", 9, 1000)), ["1", "2", "3"]);
});

test("drops what is handed out that the book says is over", async ({ client, open }) => {
  await using queue = await open();
  const [one] = await queue.add([{ reference: "1" }, { reference: "2" }]);
  await queue.change(one!.job.id, "cancel");
  // as a process that ended before it could take it out would leave it
  await client.zadd("{civikit}:bull:jobs:prioritized", 1, `job-${one!.job.id}`);
  await client.hset(`{civikit}:bull:jobs:job-${one!.job.id}`, {
    name: "file",
    data: '{"v":1}',
    opts: "{}",
    priority: 1,
  });
  assertEquals(referencesOf(await queue.lease("me", 9, 1000)), ["2"]);
});

test("tells Redis neither keys nor signed addresses, and BullMQ ids alone", async ({ client, open }) => {
  await using queue = await open();
  await queue.add([{ reference: "https://civitai.com/models/1/a?modelVersionId=5&token=geheim12345678" }]);
  await assertRejects(() => queue.add([{ reference: "https://example.com/a?X-Amz-Signature=geheim0123456789" }]));
  for (const key of await client.keys("*")) {
    const type = await client.type(key);
    const value = type === "hash"
      ? await client.hgetall(key)
      : type === "zset"
      ? await client.zrange(key, "0", "-1")
      : type === "string"
      ? await client.get(key)
      : "";
    assert(!JSON.stringify([key, value]).includes("geheim"), key);
    if (/bull:jobs:job-\d+$/.test(key)) assertEquals((value as Record<string, string>)["data"], '{"v":1}');
  }
});

test("goes on where it was when Redis is started anew", async ({ redis, open }) => {
  await using queue = await open();
  await queue.add([{ reference: "1" }, { reference: "2" }]);
  const [job] = await queue.lease("me", 1, 60_000);
  await redis.restart();
  assertEquals(await queue.update("me", job!.id, { bytes: 7 }), true);
  await redis.restart();
  const ending = { state: "done", verdict: "verified", path: "/srv/1", bytes: 7 } as const;
  assertEquals((await queue.finish("me", job!.id, ending))!.state, "done");
  assertEquals(referencesOf(await queue.lease("me", 9, 1000)), ["2"]);
});

/** A process of this machine that takes a job, prints a line when it stands where it is to be killed, and goes no further. */
async function theirs(url: string, marks: string, body: string): Promise<{ kill(): Promise<void> }> {
  const module = new URL("../../../fleet/mod.ts", import.meta.url);
  const program = `${marks}.ts`;
  await Deno.writeTextFile(
    program,
    `import { bullQueue, openRedis } from "${module}";
    const redis = await openRedis(${JSON.stringify(url)});
    const queue = await bullQueue({ redis, marks: ${JSON.stringify(marks)}, clock: {
      now: () => performance.now(), date: () => ${Date.parse("2026-01-01")}, after: () => () => {},
    } });
    const lease = () => queue.lease("theirs", 1, 3_600_000);
    setInterval(() => {}, 1000);
    ${body}`,
  );
  const config = fromFileUrl(new URL("../../../deno.json", import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `--config=${config}`, ...await registryFlags(), program],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value).trim(), "here");
  return {
    async kill() {
      process.kill("SIGKILL");
      await process.status;
      await reader.cancel();
    },
  };
}

test("gives what a killed process of this machine had on at once", async ({ redis, open }) => {
  const folder = await Deno.makeTempDir();
  try {
    const marks = `${folder}/fleet`;
    await using queue = await open({ marks });
    await queue.add([{ reference: "1" }, { reference: "2" }]);
    const process = await theirs(redis.url, marks, `await lease(); console.log("here");`);
    assertEquals(referencesOf(await queue.lease("mine", 2, 1000)), ["2"]);
    assertEquals((await queue.workers()).find(({ id }) => id === "theirs")?.isAlive, true);
    await process.kill();
    assertEquals((await queue.workers()).find(({ id }) => id === "theirs")?.isAlive, false);
    assertEquals(referencesOf(await queue.lease("mine", 2, 1000)), ["1"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("gives on at once what a process had been handed that was killed before it wrote so", async ({ redis, open }) => {
  const folder = await Deno.makeTempDir();
  try {
    const marks = `${folder}/fleet`;
    await using queue = await open({ marks });
    await queue.add([{ reference: "1" }, { reference: "2" }, { reference: "3" }]);
    const body = `redis.eval = () => (console.log("here"), new Promise(() => {})); await lease();`;
    const process = await theirs(redis.url, marks, body);
    // while it lives, the job is its
    assertEquals(referencesOf(await queue.lease("mine", 1, 1000)), ["2"]);
    await process.kill();
    assertEquals((await queue.counts()).waiting, 2);
    assertEquals(referencesOf(await queue.lease("mine", 9, 1000)), ["1", "3"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("hands a job out that was handed to who could not write so", async ({ client, open }) => {
  await using queue = await open();
  await queue.add([{ reference: "1" }, { reference: "2" }]);
  const write = client.eval;
  client.eval = () => Promise.reject(new Error("Connection is closed."));
  await assertRejects(() => queue.lease("me", 1, 60_000), Error, "closed");
  client.eval = write;
  assertEquals(referencesOf(await queue.lease("other", 1, 60_000)), ["2"]);
  assertEquals(referencesOf(await queue.lease("me", 1, 60_000)), ["1"]);
});

test("lets a worker end that is asked to, and others go on", async ({ open }) => {
  await using queue = await open();
  await queue.add([{ reference: "1" }, { reference: "2" }]);
  const [job] = await queue.lease("old", 1, 60_000);
  await queue.drain(["old"]);
  assertEquals(await queue.lease("old", 1, 60_000), []);
  assertEquals(await queue.isDrained("old"), false);
  await queue.finish("old", job!.id, { state: "done", verdict: "verified", path: "/srv/1", bytes: 1 });
  assertEquals(await queue.isDrained("old"), true);
  assertEquals((await queue.workers()).map(({ id, isDraining }) => [id, isDraining]), [["old", true]]);
  assertEquals(referencesOf(await queue.lease("new", 1, 60_000)), ["2"]);
  const { version, isDurable, usedBytes } = await queue.engine();
  assert(/^(redis|valkey) \d/.test(version) && isDurable && usedBytes > 0, version);
});

test("hands a job out that was taken by a call whose answer got lost", async ({ client, open }) => {
  await using queue = await open();
  const [added] = await queue.add([{ reference: "1" }]);
  const { id } = added!.job;
  const place = `{civikit}:book:job:${id}`;
  const json = JSON.parse((await client.hget(place, "j"))!);
  await client.hset(place, {
    j: JSON.stringify({ ...json, state: "resolving", worker: "me" }),
    s: "resolving",
    w: "me",
  });
  await client.sadd("{civikit}:book:held:me", id);
  assertEquals(referencesOf(await queue.lease("me", 1, 60_000)), ["1"]);
});

test("says that Redis does not answer, to whoever asks, and goes on when it does", async ({ redis, client, open }) => {
  await using queue = await open();
  await queue.add([{ reference: "1" }]);
  await using hasty = await open({ patienceMs: 50 });
  await redis.stop();
  for (const asked of [() => hasty.list(), () => hasty.counts(), () => hasty.add([{ reference: "2" }])]) {
    const error = await assertRejects(asked, CivikitError);
    assertEquals(error.code, "connect_failed");
  }
  await redis.start();
  await client.ping();
  assertEquals(referencesOf((await queue.list()).jobs).includes("1"), true);
});

Deno.test({
  name: "bullQueue() loads no code of the machine, for which Deno would ask on a terminal",
  ignore: Deno.build.os !== "linux",
  fn() {
    const libraries = Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) => line.endsWith(".node"));
    assertEquals(libraries.filter((line) => line.includes("msgpackr")), []);
  },
});
