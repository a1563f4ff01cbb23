import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { everyRight, heapOption } from "../../cli/terminal/deno_flags.ts";
import { lateLoading } from "../../tools/bundle.ts";
import { version } from "../../transport/http/version.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { bundle } from "../_support/bundle.ts";
import { withFolder } from "../_support/folder.ts";

const MiB = 1024 ** 2;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Starts the bundle with the documented rights on a machine where nothing else is: no home, no cache, no registry. */
async function start(args: readonly string[], folder: string, env: Record<string, string> = {}) {
  const { entry } = await bundle();
  const rights = ["--no-prompt", "--cached-only", "--no-config", heapOption, ...everyRight];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...rights, entry, ...args],
    cwd: folder,
    env: { HOME: join(folder, "home"), DENO_DIR: join(folder, "deno"), NO_COLOR: "1", ...env },
    clearEnv: true,
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
}

Deno.test("the bundle tells its version and its help, with nothing but Deno there", () =>
  withFolder(async (folder) => {
    const told = await (await start(["--version"], folder)).output();
    assertEquals([told.code, text(told.stdout), text(told.stderr)], [0, `civikit ${version}\n`, ""]);
    const help = await (await start(["download", "--help"], folder)).output();
    assertEquals([help.code, text(help.stderr)], [0, ""]);
    assertStringIncludes(text(help.stdout), "--dry-run");
  }));

/** Names of the threads of a process; none where the system does not tell. */
function threads(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/task`;
    return [...Deno.readDirSync(folder)].map(({ name }) => Deno.readTextFileSync(`${folder}/${name}/comm`).trim());
  } catch {
    return []; // it has just ended
  }
}

Deno.test("the bundle downloads and verifies, and a worker that starts inside it hashes what lies there", () =>
  withFolder(async (folder) => {
    await using civitai = await startCivitai({ bigBytes: 48 * MiB });
    const env = { CIVIKIT_BASE_URL: civitai.url };
    const { code, stdout, stderr } = await (await start(["download", "2100", "--json"], folder, env)).output();
    assertEquals(code, 0, text(stderr));
    const events = text(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
    const done = events.find(({ event }) => event === "done");
    assertEquals(done.hashes.SHA256.toUpperCase(), await civitai.sha256(3100));
    const models = join(folder, "downloads");
    const bytes = await Deno.readFile(join(models, "bigHarbour_v10.safetensors"));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().toUpperCase();
    assertEquals(digest, await civitai.sha256(3100));

    // a hole is read as fast as memory; hashing it takes long enough to be looked at
    await Deno.writeTextFile(join(models, "hole.ckpt"), "");
    await Deno.truncate(join(models, "hole.ckpt"), 3 * 1024 * MiB);
    const child = await start(["scan", models, "--json"], folder, env);
    const output = child.output();
    if (Deno.build.os === "linux") {
      while (!threads(child.pid).some((name) => name.startsWith("worker-"))) {
        assert(threads(child.pid).length > 0, "ended without a worker");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    const scanned = await output;
    assertEquals(scanned.code, 0, text(scanned.stderr));
    assertStringIncludes(text(scanned.stdout).toUpperCase(), await civitai.sha256(3100));
  }));

Deno.test("the bundle serves its pages with their scripts and styles", () =>
  withFolder(async (folder) => {
    const child = await start(["serve", "--port", "0"], folder);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value: line = "" } = await reader.read();
    const url = line.trim();
    assert(/^http:\/\/127\.0\.0\.1:\d+\/$/.test(url), line);
    const problems: string[] = [];
    for (const path of ["", "settings", "library", "status/", "healthz", "api/openapi.json"]) {
      const response = await fetch(url + path);
      const page = await response.text();
      if (!response.ok || page.length < 10) problems.push(`${path}: ${response.status} ${page.slice(0, 80)}`);
      for (const [, asset] of page.matchAll(/(?:src|href)="([^"]+\.(?:js|css|svg))"/g)) {
        const got = await fetch(new URL(asset!, url + path));
        if (!got.ok || (await got.text()).length < 100) problems.push(`${path} -> ${asset}: ${got.status}`);
      }
    }
    assertEquals(problems, []);
    child.kill("SIGINT");
    assertEquals((await child.status).code, 0);
    await reader.cancel();
    assertEquals(text(await new Response(child.stderr).bytes()), "");
  }));

Deno.test("the bundle reads four small files for --version, and loads its commands late", async () => {
  const { entry } = await bundle();
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config", entry],
  }).output();
  const { modules } = JSON.parse(text(stdout)) as { modules: { specifier: string; size?: number }[] };
  const kilobytes = modules.reduce((sum, { size = 0 }) => sum + size, 0) / 1000;
  assertEquals(modules.filter(({ specifier }) => !specifier.startsWith("file:")), []);
  assert(modules.length <= 10 && kilobytes < 30, `${modules.length} files, ${kilobytes} kB`);
});

Deno.test("what Deno would load or read early in a bundle is made late", () => {
  const early = 'import{createRequire as __c} from "node:module";var n=__c(import.meta.url);' +
    'f(()=>import("./a-1.js"));var t=`import("x")`;import b from"./b.js";';
  assertEquals(
    lateLoading(early, "chunk-1.js"),
    'var n=(id)=>process.getBuiltinModule("node:module").createRequire(import.meta.url)(id);' +
      'f(()=>import(""||"./a-1.js"));var t=`import("x")`;import b from"./b.js";',
  );
});
