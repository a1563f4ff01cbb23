import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { embeddedS3 } from "../../../testing/mod.ts";
import { hasOpenssl, testAuthority } from "../../_tls/mod.ts";
import { hasRedis, type RedisServer, startRedis } from "../../_support/redis.ts";
import { main } from "../../../cli/mod.ts";
import { type TestIo, testIo } from "../_io.ts";
import { events, inWorld, type Ran, sha256, tree, type World } from "../_world.ts";

/** A machine of a fleet: its own state, its own folder. */
type Machine = (...args: string[]) => Promise<Ran>;

interface Lab extends World {
  readonly redis: RedisServer;
  /** Starts a worker, and ends it by Ctrl-C once it has said what is waited for. */
  until(words: RegExp, env: Readonly<Record<string, string>>, ...args: string[]): Promise<TestIo>;
  machine(name: string, env?: Readonly<Record<string, string>>): Machine;
}

function test(name: string, work: (lab: Lab) => Promise<void>, options: readonly string[] = []): void {
  Deno.test({
    name: `fleet: ${name}`,
    ignore: !hasRedis,
    fn: () =>
      inWorld(async (world) => {
        await using redis = await startRedis(options);
        await work({
          ...world,
          redis,
          async until(words, env, ...args) {
            const io = testIo({
              env: {
                ...{ CIVIKIT_BASE_URL: world.civitai.url, CIVIKIT_FLEET_REDIS: redis.url },
                ...{ XDG_CONFIG_HOME: world.folder, XDG_CACHE_HOME: join(world.folder, ".cache") },
                ...{ CIVIKIT_STATE_DIR: join(world.folder, ".until"), ...env },
              },
            });
            const running = main(["fleet", "worker", ...args], io);
            const isSaid = async () => {
              while (!words.test(io.out + io.err)) await new Promise((resolve) => setTimeout(resolve, 10));
            };
            await Promise.race([isSaid(), running]);
            io.interrupt();
            await running;
            return io;
          },
          machine: (name, env) => (...args) =>
            world.run(args, {
              env: {
                CIVIKIT_STATE_DIR: join(world.folder, `.${name}`),
                CIVIKIT_FLEET_REDIS: redis.url,
                CIVIKIT_DOWNLOAD_DIRECTORY: join(world.folder, name),
                ...env,
              },
            }),
        });
      }),
  });
}

test("what one machine adds another one fetches, and every machine sees it", async ({ folder, civitai, machine }) => {
  const [one, other] = [machine("one"), machine("other")];
  assertEquals((await one("queue", "add", "2002", "model:1003", "999999")).code, 0);
  const ran = await other("fleet", "worker", "--once", "--json", "--jobs", "2");
  assertEquals(ran.code, 4, ran.io.err + ran.io.out);
  const told = events(ran.io);
  assertEquals(told[0]!["event"], "joined");
  const { done, failed, left } = told.at(-1)!;
  assertEquals([done, failed, left], [2, 1, 0]);
  const paths = told.filter(({ event }) => event === "done").map(({ path }) => String(path));
  const file = paths.find((path) => path.endsWith("paper_lantern_v2.safetensors"))!;
  assertEquals(await sha256(file), await civitai.sha256(3002));
  const listed = events((await one("queue", "list", "--json")).io);
  assertEquals(listed.map(({ state }) => state), ["done", "done", "failed"]);
  const { io: { out } } = await one("fleet", "status");
  for (const word of ["redis ", "2 done", "1 failed"]) assert(out.includes(word), out);
  assertEquals(tree(join(folder, "other")).length, 2);
});

test("files go into the bucket before their jobs are done, each once", async ({ machine, civitai }) => {
  await using s3 = embeddedS3({ region: "eu-west-3" }).listen();
  const env = {
    AWS_ACCESS_KEY_ID: s3.user.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.user.secretAccessKey,
    CIVIKIT_S3_ENDPOINT: s3.url,
    CIVIKIT_S3_REGION: "eu-west-3",
    CIVIKIT_FLEET_STORE: "s3://models/lab",
  };
  const [one, other] = [machine("one", env), machine("other", env)];
  await one("queue", "add", "2002");
  const first = await one("fleet", "worker", "--once", "--json");
  assertEquals(first.code, 0, first.io.err + first.io.out);
  assertEquals(events(first.io).filter(({ event }) => event === "kept").length, 1);
  const hash = (await civitai.sha256(3002)).toLowerCase();
  assertEquals([...s3.objects().keys()].map((key) => String(key).includes(hash)), [true]);
  await other("queue", "add", "2002");
  const again = await other("fleet", "worker", "--once", "--json");
  assertEquals(again.code, 0, again.io.err + again.io.out);
  assertEquals(events(again.io).filter(({ event }) => event === "kept"), []);
  assertEquals(s3.objects().size, 1);
  // without the bucket it is another fleet, as long as this one has work
  await one("queue", "add", "model:1003");
  const { code, io } = await machine("third")("fleet", "status");
  assert(code !== 0);
  assertMatch(io.err, /s3:\/\/models\/lab/);
});

test("a worker lets go of what the bucket has, and fetches nothing again that is there", async (lab) => {
  const { folder, machine, civitai } = lab;
  await using s3 = embeddedS3({ checksums: false }).listen();
  const env = {
    AWS_ACCESS_KEY_ID: s3.user.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.user.secretAccessKey,
    CIVIKIT_S3_ENDPOINT: s3.url,
    CIVIKIT_FLEET_STORE: "s3://models/lab",
  };
  const lying = (name: string) => {
    const below = (path: string): string[] =>
      [...Deno.readDirSync(path)].flatMap((entry) =>
        entry.isDirectory ? below(join(path, entry.name)) : [join(path, entry.name).slice(folder.length)]
      );
    return existsSync(join(folder, name)) ? below(join(folder, name)) : [];
  };
  const one = machine("one", env);
  const downloads = () => civitai.log.filter(({ path }) => path.startsWith("/api/download")).length;
  const placed = join(folder, "placed");
  await one("queue", "add", "2002");
  await one("queue", "add", "model:1003", "--dir", placed);
  // the bucket takes nothing yet: the file stays for the next attempt
  s3.add({ kind: "refuse", status: 403, code: "AccessDenied", on: "PutObject", times: 100 });
  const refused = await one("fleet", "worker", "--once", "--free", "--json");
  assertEquals(refused.code, 3, refused.io.err + refused.io.out);
  assertEquals(lying("one").length, 1);
  assertMatch(lying("one")[0]!, /\/one\/\.civikit-spool\/civikit\/\d+\/paper_lantern_v2\.safetensors$/);
  s3.heal();
  const before = downloads();
  await one("queue", "retry", "all");
  const kept = await one("fleet", "worker", "--once", "--free", "--json");
  assertEquals(kept.code, 0, kept.io.err + kept.io.out);
  assertEquals([lying("one"), tree(placed).length, s3.objects().size], [[], 1, 2]);
  // a store that keeps no checksums is read before the only copy here goes
  assertEquals(s3.log.filter(({ operation }) => operation === "GetObject").length, 2);
  const done = events(kept.io).filter(({ event }) => event === "done");
  assertEquals(done.map(({ path }) => path === null).sort(), [false, true]);

  await one("queue", "clear");
  await one("queue", "add", "2002");
  const again = events((await machine("other", env)("fleet", "worker", "--once", "--free", "--json")).io);
  assertEquals(again.find(({ event }) => event === "done")!["verdict"], "there");
  assertEquals([downloads(), lying("other")], [before, []]);
  const without = await machine("third", { ...env, CIVIKIT_FLEET_STORE: "" })("fleet", "worker", "--free");
  assertEquals(without.code, 2);
});

test("a bucket that is missing is said before anything is downloaded", async ({ machine, civitai }) => {
  await using s3 = embeddedS3({ region: "eu-west-3" }).listen();
  const worker = machine("one", {
    AWS_ACCESS_KEY_ID: s3.user.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.user.secretAccessKey,
    CIVIKIT_S3_ENDPOINT: s3.url,
    CIVIKIT_S3_REGION: "eu-west-3",
    CIVIKIT_FLEET_STORE: "s3://nowhere",
  });
  await worker("queue", "add", "2002");
  const before = civitai.log.length;
  const { code, io } = await worker("fleet", "worker", "--once");
  assert(code !== 0, io.out);
  assertMatch(io.err, /nowhere/);
  assertEquals(civitai.log.length, before);
});

test("a worker that is to end takes no more", async ({ machine }) => {
  const one = machine("one");
  await one("queue", "add", "2002");
  const { code, io } = await one("fleet", "drain", "nobody");
  assert(code !== 0);
  assertMatch(io.err, /nobody/);
  const all = await one("fleet", "drain", "all", "--json", "--dry-run");
  assertEquals([all.code, events(all.io).at(-1)!["workers"]], [0, 0]);
  const dry = await one("fleet", "worker", "--dry-run", "--json");
  assertEquals([dry.code, events(dry.io)[0]!["waiting"]], [0, 1]);
  assertEquals(events((await one("queue", "list", "--json")).io)[0]!["state"], "waiting");
});

test("a worker says why a job waits, and for how long it takes no more", async ({ folder, machine, until }) => {
  const file = join(folder, "a file");
  Deno.writeTextFileSync(file, "");
  const env = { CIVIKIT_DOWNLOAD_DIRECTORY: join(file, "below") };
  await machine("one")("queue", "add", "2002");
  const { err } = await until(/again in/, env);
  assertMatch(err, /waiting {2}.*paper_lantern_v2\.safetensors {2}\w+: again in \d+s {2}.*a file/);
  assertMatch(err, /this machine takes no jobs for \d+s, others do: .*a file/);
  await machine("one")("queue", "retry", "all");
  const io = await until(/"resting"/, env, "--json");
  const resting = events(io).find(({ event }) => event === "resting")!;
  assertEquals([typeof resting["forMs"], resting["code"]], ["number", "invalid_path"]);
});

test("a worker whose clock is off takes nothing: the jobs of others would look abandoned", async ({ machine }) => {
  const one = machine("one");
  await one("queue", "add", "2002");
  const right = Date.now;
  for (const offMs of [180_000, -180_000]) {
    try {
      Date.now = () => right() + offMs;
      const { code, io } = await one("fleet", "worker", "--once");
      assertEquals(code, 2, io.err);
      assertMatch(io.err, /this machine's clock is 180 s (ahead of|behind) that of redis:/);
    } finally {
      Date.now = right;
    }
  }
  assertEquals((await one("fleet", "worker", "--once")).code, 0);
});

test("without Redis it is said what is missing, and where", async ({ machine }) => {
  const { code, io } = await machine("one", { CIVIKIT_FLEET_REDIS: "" })("fleet", "status");
  assert(code !== 0);
  assertMatch(io.err, /fleet\.redis/);
  const away = await machine("one", { CIVIKIT_FLEET_REDIS: "redis://:sehr-geheim-123@127.0.0.1:1" })("fleet", "status");
  assert(away.code !== 0);
  assertMatch(away.io.err, /127\.0\.0\.1:1/);
  assert(!`${away.io.err}${away.io.out}`.includes("sehr-geheim"), away.io.err);
});

Deno.test({
  name: "fleet: a Redis behind TLS, with an authority of one's own and a password that is never shown",
  ignore: !hasRedis || !hasOpenssl,
  fn: () =>
    inWorld(async (world) => {
      const authority = testAuthority();
      const secret = "sehr-geheim-4711";
      await using redis = await startRedis(["--requirepass", secret], authority.sign(["IP:127.0.0.1"]));
      const ca = join(world.folder, "ca.pem");
      Deno.writeTextFileSync(ca, authority.ca);
      const url = redis.url.replace("//", `//:${secret}@`);
      const state = { CIVIKIT_STATE_DIR: join(world.folder, "state"), CIVIKIT_FLEET_REDIS: url };
      const run = async (env: Record<string, string>, ...args: string[]) => {
        const { code, io } = await world.run(args, { env: { ...state, ...env } });
        assert(!`${io.out}${io.err}`.includes("geheim"), `${args}: ${io.out}${io.err}`);
        return `${code} ${io.out}${io.err}`;
      };
      assertMatch(await run({}, "fleet", "status"), /^5 [^]*certificate is not trusted[^]*network\.caFiles/);
      const env = { CIVIKIT_NETWORK_CA_FILES: ca };
      assertMatch(await run(env, "fleet", "status"), /^0 rediss:\/\/\S+: redis /);
      assertMatch(await run(env, "queue", "add", "2002"), /^0 /);
      assertMatch(await run(env, "fleet", "worker", "--dry-run"), /^0 would join the fleet "civikit" of rediss:/);
      for (
        const args of [["config", "list"], ["config", "get", "fleet.redis"], ["config", "list", "--json"]]
      ) await run(env, ...args);
      const wrong = { ...env, CIVIKIT_FLEET_REDIS: url.replace("4711", "4712") };
      assertMatch(await run(wrong, "queue", "list"), /^2 [^]*user or password are not taken there/);
    }),
});

test("a Redis that throws jobs away is refused, by what would have to change", async ({ machine }) => {
  const { code, io } = await machine("one")("queue", "add", "2002");
  assert(code !== 0);
  assertMatch(io.err, /noeviction/);
}, ["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]);
