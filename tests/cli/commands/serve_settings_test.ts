import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import type { Civitai } from "../../_civitai/mod.ts";
import { type Origin, startOrigin } from "../../_origin/mod.ts";
import { inState, type Running, startServe } from "./_serve.ts";

interface Served {
  readonly running: Running;
  readonly origin: Origin;
  readonly civitai: Civitai;
  readonly models: string;
  readonly log: () => string;
  set(values: Readonly<Record<string, string>>): Promise<void>;
  /** Queues files of the origin and waits for their end. */
  fetched(...paths: string[]): Promise<void>;
}

const size = 1_000_000;

/** A service that runs, and an origin with twenty files. */
function served(work: (served: Served) => Promise<void>): Promise<void> {
  return inState(async (civitai, folder, env) => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`/${n}.bin`, { size, seed: n + 1 }]));
    await using origin = await startOrigin({ files });
    const models = join(folder, "downloads");
    await using running = await startServe(folder, env);
    const { ask, until } = running;
    await work({
      ...{
        running,
        origin,
        civitai,
        models,
        log: () => Deno.readTextFileSync(join(folder, "state", "logs", "http_client.log")),
      },
      async set(values) {
        for (const [key, value] of Object.entries(values)) {
          assertEquals(await ask("PUT", `/settings/${key}`, { value }), { ok: true }, key);
        }
      },
      async fetched(...paths) {
        const body = { references: paths.map((path) => origin.url + path), options: { dir: models } };
        const { items } = await ask("POST", "/queue", body);
        for (const { id } of items as { id: string }[]) await until(id, "done");
      },
    });
  });
}

/** How long it takes at least: the first bytes pass at once, the last only when those before them have. */
async function elapsed(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function rpc({ url }: Running, method: string, ...params: unknown[]): Promise<unknown> {
  const response = await fetch(`${url}/jsonrpc`, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return (await response.json()).result;
}

Deno.test("civikit serve takes other connections and parts for the next download, without a new start", () =>
  served(async ({ origin, set, fetched }) => {
    await set({ "download.pieceBytes": "128K", "download.parallel": "1" });
    await fetched("/0.bin");
    assertEquals(origin.log[0]!.range, "bytes=0-131071");
    assertEquals(origin.peak(), 1);
    await set({ "download.pieceBytes": "64K", "download.parallel": "4" });
    const before = origin.log.length;
    origin.add({ kind: "delay", ms: 30 });
    await fetched("/1.bin");
    assertEquals(origin.log[before]!.range, "bytes=0-65535");
    assert(origin.peak() > 1, `${origin.peak()}`);
  }));

Deno.test("civikit serve goes on where a part ends, and begins anew once download.resume is off", () =>
  served(async ({ running: { ask, until }, origin, models, set }) => {
    await set({ "download.parallel": "1", "download.retries": "0", "retry.max": "0", "retry.delay": "0" });
    for (const [n, resume] of [true, false].entries()) {
      await set({ "download.resume": String(resume) });
      // cut in the middle, refused until it is paused: what lies there is a part
      const path = `/${n + 2}.bin`;
      origin.add({ kind: "cut", after: 600_000, how: "fin", nth: 1, path });
      origin.add(
        ...Array.from({ length: 20 }, (_, more) => ({ kind: "no_answer", how: "rst", nth: more + 2, path }) as const),
      );
      const { items } = await ask("POST", "/queue", { references: [origin.url + path], options: { dir: models } });
      const { id } = (items as { id: string }[])[0]!;
      while ((await ask("GET", `/queue/${id}`))["attempts"] === 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await ask("PATCH", `/queue/${id}`, { paused: true });
      origin.heal();
      await origin.idle();
      const before = origin.sent(path);
      await ask("PATCH", `/queue/${id}`, { paused: false });
      await until(id, "done");
      const sent = origin.sent(path) - before;
      assertEquals(sent < size, resume, `${sent} bytes with download.resume ${resume}`);
    }
  }));

Deno.test("civikit serve waits between attempts as retry.delay says, from the next request on", () =>
  served(async ({ running: { ask }, civitai, log, set }) => {
    civitai.faults.maintenance(true);
    const waited = async (delay: string, reference: string) => {
      await set({ "retry.delay": delay, "retry.max": "1" });
      const before = log().length;
      await ask("POST", "/queue", { references: [reference] });
      for (;;) {
        const [, ms] = /retry.*?delayMs: ([\d.]+)/.exec(log().slice(before)) ?? [];
        if (ms !== undefined) return Number(ms);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    assertEquals(await waited("0", "1001"), 0);
    const ms = await waited("0.02", "1002");
    assert(ms >= 20 && ms <= 60, `${ms}`);
  }));

Deno.test("civikit serve obeys download.limitRate, slow mode with serve.slowRate, and aria2's limit while it runs", () =>
  served(async ({ running, set, fetched }) => {
    // four files of 1 MB at 4 MiB a second: three of them, at least
    const least = 3 * size / (4 * 1024 ** 2) * 1000 * 0.9;
    await set({ "download.limitRate": "4M" });
    assert(await elapsed(() => fetched("/6.bin", "/7.bin", "/8.bin", "/9.bin")) > least);
    const { "max-overall-download-limit": told } = await rpc(running, "aria2.getGlobalOption") as Record<
      string,
      string
    >;
    assertEquals(told, String(4 * 1024 ** 2));
    const answer = await running.ask("DELETE", "/settings/download.limitRate");
    assertEquals(answer, { ok: true });

    await set({ "serve.slowRate": "4M" });
    const slow = (on: string) =>
      fetch(`${running.url}/queue/slow`, {
        headers: { accept: "text/html", "accept-language": "en" },
        method: "POST",
        body: new URLSearchParams({ on }),
      }).then((page) => page.text());
    assertMatch(await slow("1"), /id="slow"[^>]*aria-pressed="true">[^<]*4 MB\/s/);
    assert(await elapsed(() => fetched("/10.bin", "/11.bin", "/12.bin", "/13.bin")) > least);
    await slow("");

    assertEquals(await rpc(running, "aria2.changeGlobalOption", { "max-overall-download-limit": "4M" }), "OK");
    assert(await elapsed(() => fetched("/14.bin", "/15.bin", "/16.bin", "/17.bin")) > least);
  }));
