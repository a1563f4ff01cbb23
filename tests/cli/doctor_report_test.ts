import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLogs, statsStore } from "../../monitor/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import { homeIn, inWard, noModels, site } from "./_doctor.ts";

const secret = "s3cr3t-k3y-0f-n0b0dy-4711";

function readReport(path: string) {
  const text = Deno.readTextFileSync(path);
  return { text, report: JSON.parse(text) };
}

Deno.test("civikit doctor --report says what is in it, writes one new file nobody else can read, and cuts secrets out", () =>
  inWard(async ({ folder, examine }) => {
    await using there = site(() => Response.json({ error: "no" }, { status: 401 }));
    const state = join(folder, "state", "civikit");
    {
      using logs = openLogs({ folder: join(state, "logs") });
      for (let n = 0; n < 300; n++) logs.httpClient.info(`asked ${n} times`);
      logs.application.error("failed", { path: join(folder, "models", "a.safetensors") });
    }
    // whatever an older civikit or another hand wrote there
    const leak = `x ${
      "y".repeat(5000)
    }\nAuthorization: Bearer ${secret}\nhttps://b2.example/f?X-Amz-Signature=${secret}\n`;
    Deno.writeTextFileSync(join(state, "logs", "error.log"), leak, { append: true });
    statsStore(join(state, "stats.sqlite")).close();
    const path = join(folder, "report.json");
    const env = { CIVITAI_API_KEY: secret, CIVIKIT_LOG_LEVEL: "DEBUG" };
    const { code, io } = await examine(there.url, { args: ["--report", path, "--lang", "zh-TW"], env });
    assertEquals(code, 3, io.out);
    const { text, report } = readReport(path);
    assert(io.out.indexOf("的內容：") < io.out.indexOf("已寫入："), io.out);
    assertStringIncludes(io.out, path);
    for (const shown of [text, io.out, io.err]) assert(!shown.includes(secret));
    assert(!text.includes(folder), "the home folder");
    assertEquals(Object.keys(report), [
      "civikit",
      "written",
      "platform",
      "settings",
      "faults",
      "doctor",
      "errors",
      "logs",
    ]);
    assertEquals([report.logs.http_client.length, report.logs.http_client.at(-1).includes("asked 299")], [100, true]);
    assertStringIncludes(JSON.stringify(report.logs.application), "~/models/a.safetensors");
    assert(report.doctor.length > 12 && !/[\u4e00-\u9fff]/.test(text), "it is in English");
    const level = report.settings.find(({ value }: { value: unknown }) => value === "DEBUG");
    assertEquals(level?.source, "environment");
    assert(text.length < 512 * 1024, `${text.length}`);
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  }));

Deno.test("civikit doctor --report overwrites nothing", () =>
  inWard(async ({ folder, examine }) => {
    await using there = site(noModels);
    const path = join(folder, "mine.txt");
    Deno.writeTextFileSync(path, "mine");
    const { code, io } = await examine(there.url, { args: ["--report", path] });
    assertEquals([code, Deno.readTextFileSync(path)], [8, "mine"], io.err);
    assertStringIncludes(io.err, path);
  }));

Deno.test("civikit doctor --report --json keeps the standard output to its lines", () =>
  inWard(async ({ folder, examine }) => {
    await using there = site(noModels);
    const path = join(folder, "report.json");
    const { code, io, of } = await examine(there.url, { args: ["--report", "--json", path] });
    assertEquals([code, of("network").length, readReport(path).report.doctor.length > 0], [0, 1, true]);
    assertStringIncludes(io.err, path);
  }));

const canAsk = new Deno.Command("script", { args: ["--version"], stderr: "null" }).output().then(
  ({ stdout }) => new TextDecoder().decode(stdout).includes("util-linux"),
  () => false,
);

/** What a program says on a terminal where nobody answers. */
async function onTerminal(words: readonly string[], env: Record<string, string>): Promise<string> {
  const { stdout } = await new Deno.Command("timeout", {
    args: ["60", "script", "-qec", words.map((word) => `'${word}'`).join(" "), "/dev/null"],
    env,
    clearEnv: true,
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "civikit that may not read its own modules says so in both languages, and asks for nothing",
  ignore: !(await canAsk),
  fn: async () => {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const { PATH = "", DENO_DIR, HOME = "." } = Deno.env.toObject();
    const env = { PATH, DENO_DIR: DENO_DIR ?? join(HOME, ".cache", "deno"), NO_COLOR: "1" };
    const flags = ["--quiet", "--no-check", ...await registryFlags(root), "--allow-env"];
    for (
      const [LANG, told] of [["C", "Deno was not given --allow-read for them"], ["zh_TW.UTF-8", "沒有給"]] as const
    ) {
      for (const word of ["--help", "doctor"]) {
        const words = [Deno.execPath(), "run", ...flags, join(root, "cli", "main.ts"), word];
        const said = await onTerminal(words, { ...env, LANG });
        assert(!/Allow\?|Deno requests/.test(said), said);
        assertStringIncludes(said, told);
        assertStringIncludes(said, "--allow-read");
      }
    }
  },
});

Deno.test({
  name: "civikit doctor without any right asks for none, on a terminal either, and tells which it takes",
  ignore: !(await canAsk),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const root = fileURLToPath(new URL("../../", import.meta.url));
    try {
      const flags = await registryFlags(root);
      const { PATH = "", DENO_DIR, HOME = "." } = Deno.env.toObject();
      const env = { ...homeIn(folder), PATH, DENO_DIR: DENO_DIR ?? join(HOME, ".cache", "deno"), NO_COLOR: "1" };
      for (const [rights, told] of [[[], "--allow-net=127.0.0.1:1"], [["--allow-env"], "--allow-read="]] as const) {
        // the program itself is read from disk here
        const main = [
          ...flags,
          ...rights,
          `--allow-read=${root}`,
          join(root, "cli", "main.ts"),
          "doctor",
          "--base-url",
          "http://127.0.0.1:1",
        ];
        const words = [Deno.execPath(), "run", "--quiet", "--no-check", ...main];
        const said = await onTerminal(words, env);
        assert(!/Allow\?|Deno requests/.test(said), said);
        assertStringIncludes(said, "civikit was not given the right to reach it");
        assertStringIncludes(said, told);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
