// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashesPath } from "../../cli/settings/places.ts";
import { checkNames } from "../../cli/run/doctor/finding.ts";
import { denoFinding } from "../../cli/run/doctor/machine.ts";
import { sqliteStore } from "../../cache/mod.ts";
import { statsStore } from "../../monitor/mod.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { inWard, noModels, site } from "./_doctor.ts";

function run(program: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

function canMount(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const folder = Deno.makeTempDirSync();
  const isMounted = run("mount", "-t", "tmpfs", "-o", "size=1m", "none", folder) && run("umount", folder);
  Deno.removeSync(folder);
  return isMounted;
}

const mayMount = canMount();
if (!mayMount) console.warn("skipped: the doctor on a full or read-only disk of its own needs the right to mount");

Deno.test("civikit doctor: all is well, every check has a line with four fields, and the exit code is 0", () =>
  inWard(async ({ folder, examine }) => {
    await using civitai = await startCivitai({ bigBytes: 1024 });
    const { code, io, unwell } = await examine(civitai.url, { env: { CIVITAI_API_KEY: "demo-key" } });
    assertEquals([code, unwell, io.err], [0, [], ""], io.out);
    const lines = io.out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals([...new Set(lines.map(({ check }) => check))], [...checkNames]);
    for (const line of lines) assertEquals(Object.keys(line), ["check", "level", "detail", "next"]);
    // it looked, and left nothing
    assertEquals([...Deno.readDirSync(folder)].length, 0);
    assert(!io.out.includes("demo-key"));
  }));

Deno.test("civikit doctor speaks the user's language, and says where there is nothing to do", () =>
  inWard(async ({ examine }) => {
    await using civitai = await startCivitai({ bigBytes: 1024 });
    for (const [lang, well, next] of [["en", "all well", "next: "], ["zh-TW", "一切正常", "處理："]] as const) {
      const { code, io } = await examine(civitai.url, { args: ["--lang", lang] });
      assertEquals([code, io.err], [0, ""]);
      assertStringIncludes(io.out, well);
      assertStringIncludes(io.out, next); // there is no key, which is not wrong
    }
    const { io } = await examine(civitai.url, { args: ["--json", "--lang", "zh-TW"] });
    assert(!/[\u4e00-\u9fff]/.test(io.out), "JSON is English");
  }));

Deno.test("civikit doctor: a refused key is exit code 3, and shows no key", () =>
  inWard(async ({ folder, examine }) => {
    await using civitai = await startCivitai({ bigBytes: 1024 });
    const refused = await examine(civitai.url, { env: { CIVITAI_API_KEY: "wrong-key-4711" } });
    assertEquals([refused.code, refused.unwell], [3, ["key"]], refused.io.out);
    assertStringIncludes(refused.of("key")[0]!.detail, "does not accept the one from CIVITAI_API_KEY");
    assert(!refused.io.out.includes("4711"));
    const blank = await examine(civitai.url, { env: { CIVITAI_API_KEY: "half a key" } });
    assertEquals([blank.code, blank.unwell], [3, ["key"]], blank.io.out);
    if (Deno.build.os === "windows") return;
    Deno.mkdirSync(join(folder, "config", "civikit"), { recursive: true });
    Deno.writeTextFileSync(join(folder, "config", "civikit", "key"), "demo-key", { mode: 0o644 });
    const open = await examine(civitai.url);
    assertEquals([open.code, open.unwell], [3, ["key"]], open.io.out);
    assertStringIncludes(open.of("key")[0]!.detail, "chmod 600");
  }));

Deno.test("civikit doctor does not call a key refused that it could not ask about", () =>
  inWard(async ({ examine }) => {
    const env = { CIVITAI_API_KEY: "demo-key" };
    await using broken = site((request) =>
      request.url.includes("/me") ? new Response("", { status: 503 }) : noModels()
    );
    const { code, of } = await examine(broken.url, { env });
    assertEquals([code, of("key")[0]?.level], [1, "warning"]);
  }));

Deno.test("civikit doctor: damaged databases are named with what to do, left as they are, and exit code 1", () =>
  inWard(async ({ folder, env, examine }) => {
    await using civitai = await startCivitai({ bigBytes: 1024 });
    const [cache, stats] = [join(folder, "cache/civikit/http.sqlite"), join(folder, "state/civikit/stats.sqlite")];
    sqliteStore(cache).close();
    statsStore(stats).close();
    const hashes = hashesPath((name) => env[name])!;
    const well = await examine(civitai.url);
    assertEquals([well.code, well.unwell], [0, []], well.io.out);
    assertEquals(well.of("databases").map(({ detail }) => detail.split(" ").slice(0, 3).join(" ")), [
      "http.sqlite is whole",
      "hashes.sqlite is not",
      "stats.sqlite is whole",
      "queue.sqlite is not",
      "watch.sqlite is not",
      "outbox.sqlite is not",
    ]);
    const nonsense = "this was a database once".repeat(1000);
    for (const path of [cache, hashes, stats]) Deno.writeTextFileSync(path, nonsense);
    const { code, unwell, of } = await examine(civitai.url);
    assertEquals([code, unwell, of("databases").length], [1, ["databases"], 6]);
    for (const { detail, next } of of("databases").slice(0, 3)) {
      assertStringIncludes(detail, "damaged");
      assertStringIncludes(next ?? "", ".corrupt-");
    }
    for (const path of [cache, hashes, stats]) assertEquals(Deno.readTextFileSync(path), nonsense);
    // SQLite makes logs beside a file it looks at
    const names = [...Deno.readDirSync(dirname(cache))].map(({ name }) => name.replace(/-(?:wal|shm)$/, ""));
    assertEquals([...new Set(names)].sort(), ["hashes.sqlite", "http.sqlite"]);
  }));

Deno.test("civikit doctor: a folder that cannot be written is exit code 8", () =>
  inWard(async ({ folder, examine }) => {
    await using civitai = await startCivitai({ bigBytes: 1024 });
    Deno.writeTextFileSync(join(folder, "file"), "");
    const env = { XDG_CACHE_HOME: join(folder, "file", "below") };
    const { code, unwell, of } = await examine(civitai.url, { env });
    assertEquals([code, unwell], [8, ["folders"]]);
    const [bad] = of("folders").filter(({ level }) => level === "error");
    assertMatch(bad!.detail, /^cache: .*not a folder/);
    assert(bad!.next);
    const homeless = await examine(civitai.url, { env: { HOME: "", XDG_STATE_HOME: "" } });
    assertEquals([homeless.code, homeless.unwell], [8, ["folders"]], homeless.io.out);
  }));

Deno.test({
  name: "civikit doctor: a disk that is full, nearly full or read-only is exit code 8, and nothing is left on it",
  ignore: !mayMount,
  fn: () =>
    inWard(async ({ folder, examine }) => {
      await using civitai = await startCivitai({ bigBytes: 1024 });
      const disk = join(folder, "disk");
      const cache = join(disk, "civikit");
      Deno.mkdirSync(disk);
      assert(run("mount", "-t", "tmpfs", "-o", "size=1m", "none", disk));
      try {
        Deno.mkdirSync(cache);
        const env = { XDG_CACHE_HOME: disk };
        const low = await examine(civitai.url, { env });
        assertEquals([low.code, low.unwell], [8, ["disk"]], low.io.out);
        assertMatch(
          low.of("disk").find(({ level }) => level === "warning")!.detail,
          /^only .* free for cache, 5\.0 GB are due$/,
        );
        assertEquals([...Deno.readDirSync(cache)], []);
        try {
          Deno.writeFileSync(join(disk, "fill"), new Uint8Array(2 * 1024 ** 2));
        } catch {
          // now it is full
        }
        const full = await examine(civitai.url, { env });
        assertEquals([full.code, full.unwell], [8, ["folders", "disk"]], full.io.out);
        assertStringIncludes(full.io.out, "no space left on the disk");
        assertEquals([...Deno.readDirSync(cache)], []);
        assert(run("mount", "-o", "remount,ro", disk));
        const sealed = await examine(civitai.url, { env });
        assertEquals([sealed.code, sealed.unwell], [8, ["folders", "disk"]], sealed.io.out);
        assertStringIncludes(sealed.io.out, "read-only file system");
      } finally {
        run("umount", disk);
      }
    }),
});

Deno.test("civikit doctor tells a Deno that is too old", () => {
  const levels = ["2.9.6", "2.10.0", "3.0.0-rc.1", "2.9.0+abc", "2.8.9", "1.46.3"].map((version) =>
    denoFinding(version).level
  );
  assertEquals(levels, ["ok", "ok", "ok", "ok", "error", "error"]);
});

Deno.test("civikit doctor takes a name only for a report", () =>
  inWard(async ({ folder, examine }) => {
    const { code, io } = await examine("http://127.0.0.1:1", { args: [join(folder, "x.json")] });
    assertEquals([code, existsSync(join(folder, "x.json"))], [2, false]);
    assertStringIncludes(io.err, "--report");
  }));
