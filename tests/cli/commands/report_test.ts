import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { readSettings } from "../../../cli/settings/read_settings.ts";
import { monitorOptions } from "../../../cli/run/monitor.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { inWorld } from "../_world.ts";
import { testIo } from "../_io.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

Deno.test("civikit download records what civikit report and civikit logs show", () =>
  inWorld(async ({ civitai, folder, run }) => {
    // without the cache every answer is a request
    const env = {
      CIVIKIT_CACHE: "off",
      CIVIKIT_STATE_DIR: join(folder, "state"),
      CIVITAI_API_KEY: "demo-key-demo-key",
    };
    const dir = join(folder, "models");
    assertEquals((await run(["download", "2002", "--dir", dir], { env })).code, 0);
    assertEquals((await run(["download", "2002", "--dir", dir], { env })).code, 0); // is there already
    assertEquals((await run(["download", "999999", "--dir", dir], { env })).code, 4);

    const { code, io } = await run(["report", "--json"], { env });
    assertEquals(code, 0, io.err);
    const report = JSON.parse(io.out);
    // every hop is a request to one of the two hosts; the hop to the storage is part of the attempt
    const redirected = civitai.log.filter(({ status }) => status >= 300 && status < 400).length;
    assertEquals(report.total_requests, civitai.log.length + civitai.storage.log.length - redirected);
    assertEquals([report.downloads.finished, report.downloads.skipped, report.downloads.failed], [1, 1, 0]);
    assertEquals(report.errors.map(({ code }: { code: string }) => code), ["not_found"]);
    assertEquals(report.failed_requests, civitai.log.filter(({ status }) => status === 404).length);
    const size = (await Array.fromAsync(Deno.readDir(dir)))
      .reduce((sum, { name }) => sum + Deno.statSync(join(dir, name)).size, 0);
    assertEquals(report.downloads.megabytes, Math.round(size / 1024 ** 2 * 100) / 100);
    assert(report.memory.rss_mb > 1);

    const text = (await run(["report", "--since", "1h", "--lang", "zh-TW"], { env })).io.out;
    assert(text.includes("總覽") && text.includes("not_found") && text.includes("找不到"), text);
    assert((await run(["report", "--markdown"], { env })).io.out.startsWith("# civikit report"));
    const csv = (await run(["report", "--export", "csv"], { env })).io.out.trim().split("\r\n");
    assert(csv.length > 2 && csv[0]!.startsWith("time,host,route"), csv.join());
    const lines = (await run(["report", "--export", "json"], { env })).io.out.trim().split("\n");
    assertEquals(lines.length, csv.length - 1);
    assert(lines.every((line) => JSON.parse(line).requests > 0), lines.join());

    const errors = JSON.parse((await run(["logs", "errors", "--json"], { env })).io.out);
    assertEquals(errors.by_status, { "404": report.failed_requests });
    const latency = JSON.parse((await run(["logs", "latency", "--json"], { env })).io.out);
    assertEquals(latency.count, report.total_requests);
    const tail = (await run(["logs", "tail", "--limit", "2"], { env })).io.out.trim().split("\n");
    assert(tail.length === 2 && tail.every((line) => line.startsWith("[http_client] ")), tail.join());
    const kept = [...Deno.readDirSync(join(folder, "state", "logs"))]
      .map(({ name }) => Deno.readTextFileSync(join(folder, "state", "logs", name))).join();
    assert(kept.length > 100 && !kept.includes("demo-key"), kept);

    assertEquals((await run(["report", "--clear"], { env })).code, 0);
    assertEquals(JSON.parse((await run(["report", "--json"], { env })).io.out).total_requests, 0);
  }));

Deno.test("civikit report counts what comes after its file was damaged, says so, and leaves a newer civikit's alone", () =>
  inWorld(async ({ folder, run }) => {
    const env = { CIVIKIT_CACHE: "off", CIVIKIT_STATE_DIR: join(folder, "state") };
    const path = join(folder, "state", "stats.sqlite");
    const get = () => run(["versions", "get", "2002"], { env });
    await get();
    Deno.writeFileSync(path, Deno.readFileSync(path).fill(0xaa, 4096, 8192));
    const first = await run(["report", "--json"], { env });
    assertEquals([first.code, JSON.parse(first.io.out).total_requests], [0, 0], first.io.err);
    assert(first.io.err.includes(`${path}.corrupt-`), first.io.err);
    assertEquals((await get()).code, 0);
    assertEquals(JSON.parse((await run(["report", "--json"], { env })).io.out).total_requests, 1);
    {
      using file = new DatabaseSync(path);
      file.exec("PRAGMA user_version = 99");
    }
    const before = Deno.readFileSync(path);
    assertEquals((await get()).code, 0, "what cannot be recorded stops nothing");
    const { code, io } = await run(["report"], { env });
    assert(code > 0 && io.err.includes(path) && io.err.includes("newer civikit"), io.err);
    assertEquals(Deno.readFileSync(path), before);
  }));

Deno.test({
  name: "a pipe in the place of the statistics, the hashes or the cache holds up no command",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inWorld(async ({ folder, run }) => {
      const env = {
        CIVIKIT_CACHE: join(folder, "pipes", "http.sqlite"),
        CIVIKIT_STATE_DIR: join(folder, "pipes"),
        XDG_CACHE_HOME: join(folder, "cache"),
      };
      const hashes = join(folder, "cache", "civikit", "hashes.sqlite");
      const stats = join(folder, "pipes", "stats.sqlite");
      for (const path of [env.CIVIKIT_CACHE, hashes, stats]) {
        Deno.mkdirSync(join(path, ".."), { recursive: true });
        await new Deno.Command("mkfifo", { args: [path] }).output();
      }
      const scanned = await run(["scan", folder], { env });
      assertEquals(scanned.code, 0, scanned.io.err);
      assert(scanned.io.err.includes("hashes are not kept"), scanned.io.err);
      assertEquals((await run(["versions", "get", "2002"], { env })).code, 0);
      const { code, io } = await run(["report"], { env });
      assert(code === 8 && io.err.includes(stats), io.err);
    }),
});

/** How many rows each table of a database has; but for what was there from the beginning. */
function keptIn(path: string): Record<string, number> {
  using db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(({ name }) =>
    String(name)
  );
  const own = tables.filter((name) => !name.startsWith("sqlite_") && name !== "totals_since");
  return Object.fromEntries(
    own.map((name) => [name, Number(db.prepare(`SELECT count(*) AS n FROM ${name}`).get()!["n"])]),
  );
}

Deno.test("civikit download records nothing when told not to, and where it may not write", () =>
  inWorld(async ({ folder, run }) => {
    const state = join(folder, "state");
    const dir = join(folder, "models");
    const quiet = { CIVIKIT_STATE_DIR: state, CIVIKIT_MONITOR: "off" };
    assertEquals((await run(["download", "2002", "--dir", dir], { env: quiet })).code, 0);
    const again = await run(["download", "2002", "--dir", dir, "--no-monitor"], { env: { CIVIKIT_STATE_DIR: state } });
    assertEquals(again.code, 0);
    // others saw the transfers while they ran; nothing of them, no number and no log stays
    assertEquals(Object.values(keptIn(join(state, "stats.sqlite"))).filter((rows) => rows > 0), []);
    assertEquals((await Array.fromAsync(Deno.readDir(state), ({ name }) => name)).includes("logs"), false);
    await Deno.remove(state, { recursive: true });
    await Deno.writeTextFile(state, "a file, not a folder");
    const blocked = await run(["download", "2002", "--dir", dir], { env: { CIVIKIT_STATE_DIR: state } });
    assertEquals([blocked.code, await Deno.readTextFile(state)], [0, "a file, not a folder"]);
  }));

Deno.test("CIVIKIT_LOG_FORMAT and CIVIKIT_LOG_LEVEL shape the logs, and civikit logs reads both forms", () =>
  inWorld(async ({ folder, run }) => {
    const env = { CIVIKIT_STATE_DIR: join(folder, "state"), CIVIKIT_LOG_FORMAT: "json", CIVIKIT_LOG_LEVEL: "error" };
    assertEquals((await run(["download", "999999", "--dir", folder], { env })).code, 4);
    const text = await Deno.readTextFile(join(folder, "state", "logs", "http_client.log"));
    const records = text.trim().split("\n").map((line) => JSON.parse(line));
    assert(records.length > 0 && records.every(({ level, code }) => level === "ERROR" && code === "not_found"), text);
    const errors = JSON.parse((await run(["logs", "errors", "--json"], { env })).io.out);
    assertEquals(errors.by_status, { "404": records.length });
  }));

Deno.test("civikit logs reads files it is given, gzip too, and counts their failures", () =>
  inWorld(async ({ folder, run }) => {
    const path = join(folder, "old.log.gz");
    await Deno.writeFile(
      path,
      gzipSync("[http_client] HTTP 524 error for https://a/\n[http_client] response_time: 80\n"),
    );
    const { out } = (await run(["logs", "errors", path])).io;
    assert(/failures +1\n/.test(out) && / 524 +1\n/.test(out), out);
    assert(/mean +80 ms/.test((await run(["logs", "latency", path])).io.out));
    assertEquals((await run(["logs", "errors", join(folder, "none.log")])).code, 8);
  }));

Deno.test("civikit logs reads all three files by name, with their rotated parts", () =>
  inWorld(async ({ folder, run }) => {
    const logs = join(folder, "logs");
    const show = async (...args: string[]) =>
      (await run(["logs", ...args, "--log-dir", logs])).io.out.trimEnd().split("\n");
    await Deno.mkdir(logs);
    for (const name of ["http_client", "application", "error"]) {
      await Deno.writeTextFile(join(logs, `${name}.log.1`), `[${name}] old HTTP 500 error for https://a/\n`);
      await Deno.writeTextFile(join(logs, `${name}.log`), `[${name}] new response_time: 5\n`);
      assertEquals(await show("tail", name), [
        `[${name}] old HTTP 500 error for https://a/`,
        `[${name}] new response_time: 5`,
      ]);
      assertEquals((await show("errors", name)).slice(0, 2), ["lines     2", "failures  1"]);
      assert((await show("latency", name)).some((line) => /^response times +1$/.test(line)));
    }
    assertEquals(await show("tail"), await show("tail", "http_client"));
    assertEquals((await show("tail", "application", "error")).length, 4);
    await Deno.writeTextFile(join(folder, "error"), "a file of that name\n");
    assertEquals(await show("tail", join(folder, "error")), ["a file of that name"]);
  }));

Deno.test("the logs at DEBUG say more than at INFO: what was asked and answered, decisions and the cache, no secrets", () =>
  inWorld(async ({ folder, run }) => {
    const texts: Record<string, string> = {};
    for (const level of ["INFO", "DEBUG"]) {
      const state = join(folder, level);
      const env = {
        CIVIKIT_STATE_DIR: state,
        CIVIKIT_LOG_LEVEL: level,
        CIVITAI_API_KEY: "demo-key-demo-key",
        XDG_CACHE_HOME: join(state, "cache"),
      };
      for (let n = 0; n < 2; n++) {
        assertEquals((await run(["download", "2002", "--dir", join(state, "models")], { env })).code, 0);
      }
      texts[level] = ["http_client", "application"]
        .map((name) => Deno.readTextFileSync(join(state, "logs", `${name}.log`))).join("");
    }
    const debug = texts["DEBUG"]!;
    const lines = debug.split("\n").filter((line) => line.includes(" DEBUG "));
    assert(!texts["INFO"]!.includes(" DEBUG "), texts["INFO"]);
    const has = (pattern: RegExp) => assert(lines.some((line) => pattern.test(line)), `${pattern}\n${debug}`);
    has(/DEBUG asking GET http\S+ call: \w+ headers: \{.*"accept":"application\/json"/);
    has(/DEBUG answered 200 http\S+ .*headers: \{.*"content-type":"application\/json/);
    has(/DEBUG cache .*result: miss/);
    has(/DEBUG cache .*result: stale/);
    has(/DEBUG redirect .*to: http\S+/);
    has(/"authorization":"\[redacted\]"/);
    assert(!debug.includes("demo-key") && !/[?&](?:sig|signature|X-Amz-Signature|token)=/i.test(debug), debug);
  }));

Deno.test("civikit logs tail --follow prints what is written meanwhile, and ends at Ctrl-C", async () => {
  const { main } = await import("../../../cli/mod.ts");
  const folder = await Deno.makeTempDir();
  const path = join(folder, "http_client.log");
  await Deno.writeTextFile(path, "first\n");
  const io = testIo();
  const done = main(["logs", "tail", "--log-dir", folder, "--follow"], io);
  const until = async (text: string) => {
    while (!io.out.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await until("first\n");
  await Deno.writeTextFile(path, "second\nthi", { append: true });
  await until("second\n");
  await Deno.writeTextFile(path, "rd\n", { append: true });
  await until("third\n");
  await Deno.rename(path, `${path}.1`);
  await Deno.writeTextFile(path, "new\n");
  await until("new\n");
  io.interrupt();
  assertEquals([await done, io.out], [0, "first\nsecond\nthird\nnew\n"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("civikit report and civikit logs name what they cannot use", () =>
  inWorld(async ({ run }) => {
    const env = {};
    for (
      const [args, words] of [
        [["report", "--since", "soon"], "expected e.g. 90m, 24h or 7d"],
        [["report", "--export", "xml"], "expected json or csv"],
        [["report", "--json", "--markdown"], "give one of them"],
        [["report", "extra"], "not expected"],
        [["logs"], "give --log-dir"],
        [["logs", "errs"], `action "errs": unknown`],
        [["report"], "set CIVIKIT_STATE_DIR"],
        [["logs", "errors"], "give --log-dir"],
      ] as const
    ) {
      const { code, io } = await run(args, { env });
      assertEquals(code, 2, io.err);
      assert(io.err.includes(words), io.err);
    }
  }));

Deno.test({
  name: "monitorOptions() asks for no permission it was not given",
  permissions: { read: true, write: false },
  fn: async () => {
    const env = (name: string) => name === "CIVIKIT_STATE_DIR" ? "/nowhere/state" : undefined;
    assertEquals(monitorOptions({ env }, await readSettings({ env }), { command: "download" }), undefined);
  },
});

Deno.test("civikit report reads without a right to write, and says so of what it has to write", () =>
  inWorld(async ({ folder, run }) => {
    const env = { CIVIKIT_CACHE: "off", CIVIKIT_STATE_DIR: join(folder, "state") };
    const strict = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "--quiet", "--no-check", "--allow-read", "--allow-env", "--allow-sys"],
          ...await registryFlags(root),
          ...[join(root, "cli", "main.ts"), ...args],
        ],
        env: { ...env, NO_COLOR: "1" },
      }).output();
      return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
    };
    const empty = await strict("report", "--json");
    assertEquals([empty.code, JSON.parse(empty.out).total_requests], [0, 0], empty.err);
    assertStringIncludes(empty.err, `--allow-write=${join(folder, "state")}`, "noughts have a reason");
    assertEquals((await run(["download", "2002", "--dir", join(folder, "models")], { env })).code, 0);
    const found = await strict("report", "--json");
    assertEquals(found.code, 0, found.err);
    const { total_requests, transfers: [file] } = JSON.parse(found.out);
    assertEquals([total_requests > 0, file.verdict, file.reference], [true, "verified", "2002"]);
    assert(file.path.startsWith(join(folder, "models")) && file.bytes > 0, found.out);
    const listed = await strict("transfers", "--history");
    assert(listed.code === 0 && listed.out.includes(file.path), listed.err);
    const cleared = await strict("report", "--clear");
    assert(cleared.code !== 0 && cleared.err.includes("write"), cleared.err);
  }));
