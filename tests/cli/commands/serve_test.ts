import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { metricsRegistry, recorder, statsStore } from "../../../monitor/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

async function start(args: readonly string[], env: Record<string, string>): Promise<Deno.ChildProcess> {
  const flags = await registryFlags(root);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", ...flags, join(root, "cli", "main.ts"), "serve", ...args],
    env: { NO_COLOR: "1", CIVIKIT_LANG: "en", ...env },
    ...{ stdout: "piped", stderr: "piped" },
  }).spawn();
}

async function withState(work: (env: Record<string, string>, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work({ CIVIKIT_STATE_DIR: folder, XDG_CACHE_HOME: folder }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("civikit serve prints its URL, shows what others recorded, and ends in order at SIGINT", () =>
  withState(async (env, folder) => {
    const registry = metricsRegistry();
    {
      using store = statsStore(join(folder, "stats.sqlite"));
      using _keeping = recorder({ registry, store });
      for (let i = 0; i < 3; i++) {
        registry.begin();
        const url = "https://civitai.com/api/v1/models/5";
        const code = undefined;
        registry.record({ method: "GET", url, durationMs: 9, status: 200, bytes: 1, code, isAborted: false });
      }
    }
    const child = await start(["--port", "0"], env);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value: line = "" } = await reader.read();
    assert(/^http:\/\/127\.0\.0\.1:\d+\/\n$/.test(line), line);
    const url = line.trim();
    assertEquals((await (await fetch(`${url}api/report`)).json()).total_requests, 3);
    assert((await (await fetch(`${url}status/`)).text()).includes("Last 24 hours"));
    const events = (await fetch(`${url}events`)).body!.getReader(); // an open stream must not keep it from ending
    await events.read();
    child.kill("SIGINT");
    assertEquals((await child.status).code, 0);
    await events.cancel().catch(() => {});
    await reader.cancel();
    assertEquals(await new Response(child.stderr).text(), "");
  }));

/** Reads a file as soon as something is in it. */
async function written(path: string): Promise<string> {
  for (;;) {
    const text = await Deno.readTextFile(path).catch(() => "");
    if (text.endsWith("\n")) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test({
  name: "civikit serve --open gives its address to what opens browsers here, and does not wait until that ends",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withState(async (env, folder) => {
      const programs = join(folder, "programs");
      await Deno.mkdir(programs);
      const told = join(folder, "told");
      // open until the folder is removed
      const script = `#!/bin/sh\necho "$@" > "${told}"\nwhile [ -e "$0" ]; do sleep 0.1; done\n`;
      await Deno.writeTextFile(join(programs, "xdg-open"), script, { mode: 0o755 });
      const child = await start(["--port", "0", "--open"], {
        ...env,
        CIVIKIT_BASE_URL: "http://127.0.0.1:1",
        PATH: `${programs}:${Deno.env.get("PATH")}`,
      });
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value: line = "" } = await reader.read();
      assertEquals(await written(told), line);
      // the browser is open still, and the queue is worked on all the same
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ references: ["2002"] });
      const queue = `${line.trim()}api/v1/queue`;
      await (await fetch(queue, { method: "POST", headers, body })).body?.cancel();
      for (let state = "waiting"; state === "waiting";) {
        const { items: [job] } = await (await fetch(queue)).json();
        state = job.why === null ? job.state : "tried";
      }
      child.kill("SIGINT");
      assertEquals((await child.status).code, 0);
      await reader.cancel();
      assertEquals(await new Response(child.stderr).text(), "");
    }),
});

Deno.test("civikit serve --open says where to go where nothing can open a browser", () =>
  withState(async (env, folder) => {
    const child = await start(["--port", "0", "--open"], { ...env, PATH: folder });
    const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await errors.read();
    assertEquals(value, "no browser could be opened: open the address above\n");
    child.kill("SIGINT");
    assertEquals((await child.status).code, 0);
    await errors.cancel();
    await child.stdout.cancel();
  }));

Deno.test("civikit serve asks at the first start, and not again once it was told to leave all as it is", () =>
  withState(async (env, folder) => {
    for (const isAsking of [true, false]) {
      const child = await start(["--port", "0"], { ...env, XDG_CONFIG_HOME: join(folder, "config"), HOME: folder });
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const url = (await reader.read()).value!.trim();
      const page = await (await fetch(url, { headers: { accept: "text/html" } })).text();
      assertEquals(page.includes('id="start"'), isAsking);
      const body = new URLSearchParams({ later: "1", root: "/elsewhere" });
      if (isAsking) await (await fetch(`${url}start`, { method: "POST", body })).body?.cancel();
      child.kill("SIGINT");
      assertEquals((await child.status).code, 0);
      await reader.cancel();
      await child.stderr.cancel();
    }
    const kept = JSON.parse(await Deno.readTextFile(join(folder, "config", "civikit", "config.json")));
    assertEquals(kept.root, undefined);
  }));

Deno.test("civikit serve shows the project of a folder, and has no such page where there is none", () =>
  withState(async (env, folder) => {
    const project = join(folder, "project");
    await Deno.mkdir(project);
    await Deno.writeTextFile(join(project, "civikit.models.json"), '{ "version": 1, "models": ["civitai:5@7"] }');
    for (const [place, status] of [[project, 200], [folder, 404]] as const) {
      const child = await start(["--port", "0", "--project", place], env);
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value: line = "" } = await reader.read();
      const page = await fetch(`${line.trim()}project`, { headers: { accept: "text/html" } });
      assertEquals([page.status, (await page.text()).includes("civitai:5@7")], [status, status === 200]);
      child.kill("SIGINT");
      assertEquals((await child.status).code, 0);
      await reader.cancel();
      await child.stderr.cancel();
    }
  }));

Deno.test("civikit serve beyond this machine wants a token from the environment, and none on the command line", () =>
  withState(async (env) => {
    const ends = async (args: string[], more: Record<string, string> = {}) => {
      const { code, stderr } = await (await start(args, { ...env, ...more })).output();
      return [code, new TextDecoder().decode(stderr).split("\n")[0]!] as const;
    };
    const missing = 'error: option token: missing, and "0.0.0.0" lies beyond this machine; set CIVIKIT_SERVE_TOKEN';
    assertEquals(await ends(["--host", "0.0.0.0"]), [2, missing]);
    const short = "error: option token: not 16 to 512 plain characters; set CIVIKIT_SERVE_TOKEN";
    assertEquals(await ends([], { CIVIKIT_SERVE_TOKEN: "short" }), [2, short]);
    const [code, said] = await ends(["--token", "correct-horse-battery-staple"]);
    assertEquals([code, said.startsWith("error: option --token: not offered")], [2, true]);
    const busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [taken, message] = await ends(["--port", String(busy.addr.port)]);
    busy.close();
    assertEquals([taken, message.includes("error")], [2, true]);
  }));

Deno.test("civikit serve ends at SIGTERM though somebody never ends asking, and exits with 0", () =>
  withState(async (env) => {
    const child = await start(["--port", "0"], env);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value: line = "" } = await reader.read();
    const { hostname, port, host } = new URL(line.trim());
    const slow = await Deno.connect({ hostname, port: Number(port) });
    const head = `POST /api/v1/queue HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n`;
    await slow.write(new TextEncoder().encode(`${head}Content-Length: 5000\r\n\r\n{`));
    await (await fetch(line.trim())).text();
    child.kill("SIGTERM");
    const said = new Response(child.stderr).text();
    assertEquals([(await child.status).code, await said], [0, ""]);
    slow.close();
    await reader.cancel();
  }));

Deno.test("civikit serve knows the model folders of its settings, and nothing else below the root", () =>
  withState(async (env, folder) => {
    const root = join(folder, "forge");
    for (const name of ["models/Lora/a.safetensors", "own/b.safetensors", "outputs/c.safetensors"]) {
      await Deno.mkdir(join(root, name, ".."), { recursive: true });
      await Deno.writeTextFile(join(root, name), name);
    }
    const settings = join(folder, "settings.json");
    await Deno.writeTextFile(settings, JSON.stringify({ root, layout: "forge", folders: { VAE: "own" } }));
    const child = await start(["--port", "0", "--config", settings], { ...env, HOME: folder });
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const url = ((await reader.read()).value ?? "").trim();
    const looked = await fetch(`${url}api/v1/library/look`, { method: "POST", headers: { origin: url.slice(0, -1) } });
    assertEquals((await looked.json()).counts.all, 2);
    const { items } = await (await fetch(`${url}api/v1/library`)).json();
    assertEquals(items.map(({ name }: { name: string }) => name), ["Lora/a.safetensors", "b.safetensors"]);
    child.kill("SIGINT");
    assertEquals((await child.status).code, 0);
    await reader.cancel();
    assertEquals(await new Response(child.stderr).text(), "");
  }));
