import { assert, assertEquals, assertMatch } from "@std/assert";
import { embeddedS3 } from "../../testing/mod.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { hasRedis, startRedis } from "../_support/redis.ts";
import { inWard } from "./_doctor.ts";

const ignore = !hasRedis;
const secret = "sehr-geheim-4711";

/** What a run said of one thing: its levels, and all its words. */
function said(
  { code, of, io }: { code: number; of: (check: string) => readonly object[]; io: { out: string } },
  check: string,
) {
  assert(!io.out.includes(secret), io.out);
  const lines = of(check) as readonly { level: string; detail: string; next: string | null }[];
  return [
    code,
    lines.map(({ level }) => level).join(),
    lines.map(({ detail, next }) => `${detail} ${next}`).join("\n"),
  ] as const;
}

Deno.test({
  name: "the doctor looks at the fleet's Redis: how it is, what it forgets, and what to do where it is not fit",
  ignore,
  fn: () =>
    inWard(async ({ examine }) => {
      await using civitai = await startCivitai();
      await using redis = await startRedis(["--requirepass", secret]);
      const url = redis.url.replace("//", `//:${secret}@`);
      const at = async (address: string) =>
        said(await examine(civitai.url, { env: { CIVIKIT_FLEET_REDIS: address } }), "redis");
      const [none] = (await examine(civitai.url)).of("redis");
      assertMatch(none!.detail, /^none: this machine alone/);
      const well = await at(url);
      assertEquals(well.slice(0, 2), [0, "ok"]);
      assertMatch(well[2], /127\.0\.0\.1: redis \d\S+, answers in \d+ ms/);

      const wrong = await at(url.replace("4711", "4712"));
      assertEquals(wrong.slice(0, 2), [3, "error"]);
      assertMatch(wrong[2], /user or password are not taken there .*CIVIKIT_FLEET_REDIS/);
      const nowhere = await at("redis://127.0.0.1:1");
      assertEquals(nowhere.slice(0, 2), [5, "error"]);
      assertMatch(nowhere[2], /nobody answers there Start Redis/);

      const cli = (...words: string[]) =>
        new Deno.Command("redis-cli", {
          args: ["-p", new URL(url).port, "-a", secret, "--no-auth-warning", ...words],
          stdout: "null",
        }).output();
      await cli("config", "set", "maxmemory-policy", "allkeys-lru");
      const evicts = await at(url);
      assertEquals(evicts.slice(0, 2), [1, "error"]);
      assertMatch(evicts[2], /allkeys-lru.* Set maxmemory-policy noeviction/);
      await cli("config", "set", "maxmemory-policy", "noeviction");
      await cli("acl", "setuser", "lab", "on", `>${secret}`, "~*", "&*", "+@all");
      await cli("acl", "setuser", "default", "-@all");
      const lab = redis.url.replace("//", `//lab:${secret}@`);
      const forgets = await at(lab);
      assertEquals(forgets.slice(0, 2), [1, "ok,warning"]);
      assertMatch(forgets[2], /default user lacks rights.*user default off ~\* &\* \+@all/);
      const chinese = await examine(civitai.url, { env: { CIVIKIT_FLEET_REDIS: lab }, args: ["--lang", "zh-TW"] });
      assertMatch(chinese.io.out, /警告 {2,}redis {2,}它的 default 使用者沒有權限/);
    }),
});

Deno.test("the doctor looks at the buckets: reachable, credentials, clock, and the right to write where it is asked for", () =>
  inWard(async ({ examine }) => {
    await using civitai = await startCivitai();
    const { user } = embeddedS3();
    const users = { [user.accessKeyId]: user, READER: { secretAccessKey: secret, may: "read" } } as const;
    await using s3 = embeddedS3({ users }).listen();
    const own = { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey };
    const reader = { AWS_ACCESS_KEY_ID: "READER", AWS_SECRET_ACCESS_KEY: secret };
    const at = async (env: Record<string, string>, ...args: string[]) => {
      const all = {
        CIVIKIT_S3_ENDPOINT: s3.url,
        CIVIKIT_INSTALL_MIRROR: "s3://models/lab",
        CIVIKIT_RETRY_DELAY: "0.1",
        ...env,
      };
      return said(await examine(civitai.url, { env: all, args: ["--json", ...args] }), "bucket");
    };
    const well = await at(own);
    assertEquals(well.slice(0, 2), [0, "ok"]);
    assertMatch(well[2], /^s3:\/\/models\/lab at 127\.0\.0\.1:\d+: can be read, \d+ ms null$/);
    assertEquals(s3.log.map(({ operation }) => operation), ["ListObjectsV2", "HeadObject"]);
    const two = await at({ ...own, CIVIKIT_FLEET_STORE: "s3://models/fleet" }, "--write");
    assertEquals(two.slice(0, 2), [0, "ok,ok"]);
    assertMatch(two[2], /s3:\/\/models\/fleet at .* can be read and written/);
    assertEquals([s3.objects().size, s3.uploads().size], [0, 0]);

    assertEquals((await at(reader)).slice(0, 2), [0, "ok"]);
    const denied = await at(reader, "--write");
    assertEquals(denied.slice(0, 2), [3, "error"]);
    assertMatch(denied[2], /AccessDenied.* Storing takes s3:PutObject/);
    const unknown = await at({ ...reader, AWS_ACCESS_KEY_ID: "NOBODY" });
    assertEquals(unknown.slice(0, 2), [3, "error"]);
    assertEquals((await at({ ...own, CIVIKIT_INSTALL_MIRROR: "s3://elsewhere" })).slice(0, 2), [1, "error"]);
    assertEquals((await at({ ...own, AWS_SECRET_ACCESS_KEY: "" })).slice(0, 2), [1, "error"]);
    const closed = embeddedS3().listen();
    await closed.close();
    const away = await at({ ...own, CIVIKIT_S3_ENDPOINT: closed.url, CIVIKIT_RETRY_MAX: "0" });
    assertEquals(away.slice(0, 2), [5, "error"], away[2]);
    assertMatch(away[2], /Look at s3\.endpoint/);

    await using late = embeddedS3({ skewMs: 3_600_000 }).listen();
    const skewed = await at({ ...own, CIVIKIT_S3_ENDPOINT: late.url });
    assertEquals(skewed.slice(0, 2), [1, "ok,warning"]);
    assertMatch(skewed[2], /this machine is \d+ s behind the clock of 127\.0\.0\.1/);
  }));

Deno.test("the doctor looks at a Redis of several addresses, each with its port", () =>
  inWard(async ({ examine }) => {
    await using civitai = await startCivitai();
    for (const [scheme, path] of [["redis", ""], ["redis+sentinel", "/lantern"]]) {
      const address = `${scheme}://ann:${secret}@127.0.0.1:1,[::1]:2${path}`;
      const [code, levels, words] = said(
        await examine(civitai.url, { env: { CIVIKIT_FLEET_REDIS: address } }),
        "redis",
      );
      assertEquals([code, levels], [5, "error"]);
      assertMatch(words, /127\.0\.0\.1:1,\[::1\]:2.* Start Redis/);
    }
  }));
