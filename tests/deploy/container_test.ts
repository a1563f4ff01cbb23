import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { everyRight, heapFlags } from "../../cli/terminal/deno_flags.ts";
import { version } from "../../transport/http/version.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { build, canImitate, containerfile, start } from "./_container.ts";
import { environmentOf, execForm, parseContainerfile, textsOf } from "./_containerfile.ts";
import { freePort } from "../_support/free_port.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const [building, image] = containerfile.stages;

Deno.test("the image is the bundle on Deno's own distroless image, with digests that a release fills in", () => {
  assertEquals(containerfile.stages.map(({ from, name }) => [from, name]), [
    ["${BUILD_IMAGE}", "build"],
    ["${RUN_IMAGE}", undefined],
  ]);
  assertEquals(containerfile.args, {
    BUILD_IMAGE: "docker.io/denoland/deno:debian-2.9.6",
    RUN_IMAGE: "docker.io/denoland/deno:distroless-2.9.6",
  });
  assertEquals(containerfile.args["RUN_IMAGE"]!.split("-")[1], Deno.version.deno);
  assertEquals(textsOf(image!, "ARG"), [`VERSION=${version}`]);
  // nothing but what the first stage made
  for (const copy of textsOf(image!, "COPY")) assertMatch(copy, /^--from=build (?:--chown=65532:65532 )?\/\S+ \/\S*$/);
  assertEquals([textsOf(image!, "RUN"), textsOf(image!, "ADD")], [[], []]);
  assertStringIncludes(textsOf(building!, "RUN").join("\n"), "deno task bundle");
});

Deno.test("the image runs as nobody in particular, asks for no right it does not use, and holds no secret", () => {
  assertEquals(textsOf(image!, "USER"), ["65532:65532"]);
  const [entry] = textsOf(image!, "ENTRYPOINT").map(execForm);
  assertEquals(entry!.slice(0, 4), ["/tini", "--", "/bin/deno", "run"]);
  assertEquals(entry!.at(-1), "/app/civikit.js");
  const rights = entry!.filter((word) => word.startsWith("--allow-")).map((word) => word.split("=")[0]!);
  assertEquals(rights.sort(), everyRight.toSorted());
  // what is compiled under other flags is compiled again
  assertEquals(environmentOf(image!)["DENO_V8_FLAGS"], heapFlags.join());
  assertStringIncludes(textsOf(building!, "RUN").join("\n"), `DENO_V8_FLAGS=${heapFlags.join()} deno run`);
  const volumes = JSON.parse(textsOf(image!, "VOLUME")[0]!) as string[];
  assertStringIncludes(entry!.join(" "), `--allow-write=${[...volumes, "/tmp"].join(",")}`);
  for (const flag of ["--no-prompt", "--no-remote", "--no-npm", "--cached-only", "--no-config"]) {
    assert(entry!.includes(flag));
  }
  const all = image!.instructions.map(({ text }) => text).join("\n");
  assert(!/TOKEN|API_KEY|PASSWORD/.test(all), all);
  const health = execForm(textsOf(image!, "HEALTHCHECK")[0]!);
  assertEquals(health.slice(-3), ["/app/civikit.js", "service", "health"]);
});

Deno.test("the parser of Containerfiles refuses what is none", () => {
  for (const source of ["hello", "COPY a b\nFROM x", "FROM x\nrun"]) {
    try {
      parseContainerfile(source);
    } catch (error) {
      assert(error instanceof SyntaxError);
      continue;
    }
    throw new Error(`taken: ${source}`);
  }
});

Deno.test({
  name:
    "the image, put together without a registry: built, read-only, healthy, downloads and verifies, ends at SIGTERM",
  ignore: !canImitate,
  async fn(test) {
    await using civitai = await startCivitai({ loraBytes: 300_000 });
    const folder = await Deno.makeTempDir();
    const token = "a-token-of-the-test-0123456789";
    try {
      await test.step("its build lines run, and fill the cache with what Deno compiles", async () => {
        await build(folder);
        const made = [...Deno.readDirSync(join(folder, "root", "deno-dir"))].map(({ name }) => name);
        assert(made.includes("v8_code_cache_v2"), made.join());
        assert(Deno.statSync(join(folder, "root", "app", "civikit.js")).isFile);
        for (const name of ["data", "models"]) assert(Deno.statSync(join(folder, "root", "rooms", name)).isDirectory);
      });

      await Deno.mkdir(join(folder, "secrets"));
      const run = async (words: readonly string[], env: Record<string, string> = {}) => {
        const { code, stdout, stderr } = await start(folder, words, { env }).child.output();
        return { code, out: text(stdout), err: text(stderr) };
      };

      await test.step("without a token it does not start, and says why", async () => {
        const { code, err } = await run(["serve"], { CIVIKIT_SERVE_PORT: "0" });
        assertEquals(code, 2, err);
        assertStringIncludes(err, "token");
      });

      await test.step("a command in it downloads a file, and writes nowhere but in its volumes", async () => {
        const before = snapshot(join(folder, "root", "app")) + snapshot(join(folder, "root", "deno-dir"));
        const { code, out, err } = await run(["download", "2002", "--json"], { CIVIKIT_BASE_URL: civitai.url });
        assertEquals(code, 0, err);
        const done = out.trimEnd().split("\n").map((line) => JSON.parse(line)).find(({ event }) => event === "done");
        assertMatch(done.path, /^\/models\//);
        const bytes = await Deno.readFile(join(folder, "root", "rooms", done.path));
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().toUpperCase();
        assertEquals(digest, await civitai.sha256(3002));
        assertEquals(snapshot(join(folder, "root", "app")) + snapshot(join(folder, "root", "deno-dir")), before);
      });

      await test.step("serve is healthy, works its queue off, and ends at SIGTERM", async () => {
        await Deno.writeTextFile(join(folder, "secrets", "serve_token"), `${token}\n`);
        await Deno.writeTextFile(join(folder, "secrets", "civitai_key"), "");
        const port = String(freePort());
        const env = { CIVIKIT_BASE_URL: civitai.url, CIVIKIT_SERVE_PORT: port };
        const { child, signal } = start(folder, undefined, { env });
        const errors = new Response(child.stderr).text();
        const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
        try {
          const { value: line = "" } = await reader.read();
          assertEquals(line, `http://127.0.0.1:${port}/\n`, await Promise.race([errors, Promise.resolve("")]));
          const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
          const url = (path: string) => `http://127.0.0.1:${port}${path}`;
          assertEquals((await discard(fetch(url("/healthz")))).status, 401);
          assertEquals((await (await fetch(url("/healthz"), { headers })).json()).serviceId, "civikit");
          const health = execForm(textsOf(image!, "HEALTHCHECK")[0]!);
          const healthy = await start(folder, health, { env, isWhole: true }).child.output();
          assertEquals([healthy.code, text(healthy.stderr)], [0, ""], text(healthy.stdout));

          const body = JSON.stringify({ references: ["2010"] });
          const added = await fetch(url("/api/v1/queue"), { method: "POST", headers, body });
          assertEquals(added.status, 202);
          const job = `/api/v1/queue/${(await added.json()).items[0].id}`;
          while (true) {
            const { state, error } = await (await fetch(url(job), { headers })).json();
            if (state === "done") break;
            assert(state !== "failed", JSON.stringify(error));
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        } finally {
          signal("SIGTERM");
          await reader.cancel();
        }
        assertEquals([(await child.status).code, await errors], [0, ""]);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function discard(asked: Promise<Response>): Promise<Response> {
  const response = await asked;
  await response.body?.cancel();
  return response;
}

/** Names, sizes and times of all files of a folder. */
function snapshot(folder: string): string {
  const parts: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const { size, mtime } = Deno.statSync(join(folder, name));
    parts.push(isDirectory ? snapshot(join(folder, name)) : `${name} ${size} ${mtime?.getTime()}`);
  }
  return parts.sort().join("\n");
}
