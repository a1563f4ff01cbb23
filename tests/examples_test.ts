import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { png } from "../testing/mod.ts";
import { registryFlags } from "../tools/registry.ts";
import { type Civitai, startCivitai } from "./_civitai/mod.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const examples = join(root, "examples");

/** The command of an example with the rights that its first line names, and no other. */
async function command(name: string, args: string[], { civitai, folder }: World): Promise<Deno.Command> {
  const [first = ""] = (await Deno.readTextFile(join(examples, name))).split("\n");
  const [, flags] = /^\/\/ deno run ((?:--allow-\S+ )+)examples\/(\S+)/.exec(first) ?? [];
  assert(flags && first.includes(`examples/${name}`), `${name}: its first line is not how it is run`);
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      ...flags.trim().split(" "),
      ...await registryFlags(root),
      join(examples, name),
    ]
      .concat(args),
    cwd: folder,
    env: { CIVIKIT_BASE_URL: civitai.url, NO_COLOR: "1" },
    ...{ stdout: "piped", stderr: "piped" },
  });
}

interface World {
  readonly civitai: Civitai;
  readonly folder: string;
  /** What an example prints. */
  run(name: string, ...args: string[]): Promise<string>;
}

/** A Civitai, and an empty folder in which examples are run. */
async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  await using civitai = await startCivitai();
  const folder = await Deno.makeTempDir();
  const world: World = {
    civitai,
    folder,
    async run(name, ...args) {
      const { code, stdout, stderr } = await (await command(name, args, world)).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""], name);
      return new TextDecoder().decode(stdout);
    },
  };
  try {
    await work(world);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("examples/search.ts lists models", () =>
  inWorld(async ({ run }) => {
    assertMatch(await run("search.ts", "lantern"), /^1001 {2}LORA {2}Paper Lantern.* {2}SDXL/m);
  }));

Deno.test("examples/download_with_progress.ts downloads, verifies, and is at an end when run again", () =>
  inWorld(async ({ run, folder, civitai }) => {
    const first = await run("download_with_progress.ts", "2002");
    assertMatch(first, /^paper_lantern_v2\.safetensors: 100%, [\d.]+ MB\/s$/m);
    assertMatch(first, /models\/paper_lantern_v2\.safetensors verified\n$/);
    const { size } = await Deno.stat(join(folder, "models", "paper_lantern_v2.safetensors"));
    assertEquals(size, civitai.file(3002).file.content.size);
    const asked = civitai.storage.log.length; // by several connections, where the first one was slow
    assert(asked > 0);
    assertMatch(await run("download_with_progress.ts", "2002"), /verified\n$/);
    assertEquals(civitai.storage.log.length, asked);
  }));

Deno.test("examples/what_a_picture_needs.ts says what is here, missing and unknown", () =>
  inWorld(async ({ run, folder, civitai }) => {
    const hash = (await civitai.sha256(3002)).slice(0, 10);
    const parameters = `a <lora:nobody_knows:1>\nSteps: 20, Sampler: Euler, Lora hashes: "paper: ${hash}"`;
    await Deno.writeFile(join(folder, "lantern.png"), png({ parameters }));
    assertEquals(
      await run("what_a_picture_needs.ts"),
      "missing: paper models/loras/paper_lantern_v2.safetensors\nunknown: nobody_knows\n",
    );
  }));

Deno.test("examples/cached_fetch.ts is sent once what it prints twice", () =>
  inWorld(async ({ run, civitai }) => {
    const [first, second] = [await run("cached_fetch.ts"), await run("cached_fetch.ts")].map((text) =>
      text.split("\n")
    );
    assertMatch(first![0]!, /fwd=uri-miss; stored/);
    assertMatch(second![0]!, /hit/);
    assertEquals(first![1], second![1]);
    assertEquals(civitai.log.filter(({ status }) => status === 200).length, 1);
  }));

Deno.test("examples/own_middleware.ts sees each call, and its header arrives", () =>
  inWorld(async ({ run, civitai }) => {
    assertMatch(await run("own_middleware.ts"), /^GET \/api\/v1\/models\/1001: \d+ ms\n.+\n$/);
    assertEquals(civitai.log.map(({ headers }) => headers.get("x-application")), ["lantern-shop"]);
  }));

Deno.test("examples/metrics_and_report.ts counts what the server saw", () =>
  inWorld(async ({ run, civitai }) => {
    const text = await run("metrics_and_report.ts");
    assert(text.includes("not_found\n404404 undefined\n"), text);
    assert(text.includes(`${civitai.log.length} requests, 0 % failed`), text);
  }));

Deno.test({
  name: "examples/diagnostics_in_hono.ts serves its own route and the pages, and ends at Ctrl-C",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inWorld(async (world) => {
      const child = (await command("diagnostics_in_hono.ts", ["0"], world)).spawn();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value: line = "" } = await reader.read();
      const [model, pages] = line.match(/http:\S+/g) ?? [];
      assertEquals((await (await fetch(model!)).json()).id, 1001);
      const page = await (await fetch(pages!)).text();
      assert(page.includes('href="/diag/assets/style.css"'), page);
      const { total_requests } = await (await fetch(`${pages}api/report`)).json();
      assertEquals(total_requests, 1);
      const events = (await fetch(`${pages}events`)).body!.getReader();
      await events.read();
      child.kill("SIGINT");
      assertEquals((await child.status).code, 0);
      await events.cancel().catch(() => {});
      await reader.cancel();
      assertEquals(await new Response(child.stderr).text(), "");
    }),
});

Deno.test("every example is short, tested here, and linked from README.md", async () => {
  const tests = await Deno.readTextFile(join(root, "tests", "examples_test.ts"));
  const readme = await Deno.readTextFile(join(root, "README.md"));
  for await (const { name } of Deno.readDir(examples)) {
    const lines = (await Deno.readTextFile(join(examples, name))).trimEnd().split("\n").length;
    assert(lines < 40, `${name} has ${lines} lines`);
    assert(tests.includes(`("${name}"`), `no test runs ${name}`);
    assert(readme.includes(`(examples/${name})`), `README.md does not link ${name}`);
  }
});
