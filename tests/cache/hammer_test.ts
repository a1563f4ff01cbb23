// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { sqliteStore } from "../../cache/mod.ts";

/** Seconds under the hammer; `CIVIKIT_HAMMER_SECONDS=30` for the long run. */
const seconds = Number(Deno.env.get("CIVIKIT_HAMMER_SECONDS") ?? 5);
const worker = new URL("./_hammer.ts", import.meta.url);
const config = new URL("../../deno.json", import.meta.url);

function start(path: string, ms: number): Deno.ChildProcess {
  const args = [
    "run",
    "-A",
    "--quiet",
    "--no-check",
    "--cached-only",
    "--config",
    config.pathname,
    worker.href,
    path,
    String(ms),
  ];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
}

function lastCounts(stdout: Uint8Array): Record<string, number | string> {
  const line = new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "";
  return line.endsWith("}") ? JSON.parse(line) : {};
}

Deno.test({
  name: `two processes on one store for ${seconds} s, one killed every second: no error, no wrong body`,
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/http.sqlite`;
    try {
      const steady = start(path, seconds * 1000);
      const steadyOutput = steady.output();
      let right = 0;
      let killed = 0;
      for (const end = performance.now() + seconds * 1000; performance.now() < end || killed < 3;) {
        const victim = start(path, 60_000);
        const output = victim.output();
        const timer = setTimeout(() => victim.kill("SIGKILL"), 1000);
        const { stdout, stderr, signal } = await output;
        clearTimeout(timer);
        assertEquals([signal, new TextDecoder().decode(stderr)], ["SIGKILL", ""]);
        right += Number(lastCounts(stdout)["right"] ?? 0);
        killed++;
      }
      const { code, stdout, stderr } = await steadyOutput;
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
      const counts = lastCounts(stdout);
      console.log(`    killed ${killed}, right bodies of the killed ${right}, of the steady one`, counts);
      assertEquals(counts["failure"], undefined);
      assert(Number(counts["hits"]) > 0, "nothing came from the store");

      // what the last one killed had too much of goes when the next one opens
      const store = sqliteStore(path, { maxBytes: 5_000_000 });
      const { checked, removed } = await store.verify();
      const { entries, bytes } = await store.stats();
      store.close();
      assertEquals([removed, checked > 0], [0, true]);
      const db = new DatabaseSync(path);
      const sums = db.prepare("SELECT count(*) AS entries, sum(bytes) AS bytes FROM entries").get()!;
      const whole = db.prepare("SELECT sum(bytes) AS bytes FROM entries WHERE whole = 1").get()!;
      db.close();
      assertEquals([entries, bytes], [Number(sums["entries"]), Number(sums["bytes"])]);
      assert(Number(whole["bytes"]) <= 5_000_000, `${whole["bytes"]} bytes held`);
      assert(bytes <= 5_000_000 + killed * 1_000_000, `${bytes} bytes held, with what the killed left unfinished`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
