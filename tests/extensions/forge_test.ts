import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { findChromium, startChromium } from "../_support/chromium.ts";
import { hasHost } from "./_host.ts";
import { inUi, raw, serveToken } from "./_world.ts";

const ignore = !hasHost("forge");
const json = { "content-type": "application/json" };

Deno.test({
  name: "forge: what a pasted text lacks is got by a button, and the UI's lists are read anew",
  ignore: ignore || findChromium() === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    inUi("forge", [], async ({ civitai, host }) => {
      civitai.faults.limitConnections(512 * 1024);
      await using browser = await startChromium();
      await browser.open(host.url);
      await browser.until("document.querySelector('.civikit') !== null");
      const hash = (await civitai.sha256(3100)).slice(0, 10).toLowerCase();
      const text = `a lantern\nSteps: 20, Sampler: Euler a, Seed: 1, Size: 512x512, Model hash: ${hash}, Model: big`;
      await (await fetch(`${host.url}/test/paste`, { method: "POST", body: text })).text();
      await browser.until("document.querySelector('.needs .missing button') !== null");
      await browser.evaluate("document.querySelector('.needs .missing button').click()");
      await browser.until("document.querySelector('.jobs progress')?.value > 0");
      await browser.until(
        "document.querySelector('.needs .here') !== null && document.querySelector('.jobs').children.length === 0",
      );
      assertEquals(await browser.evaluate("clicks"), { refresh_sd_model_checkpoint: 1 });
      assertEquals(await (await fetch(`${host.url}/test/counts`)).json(), { checkpoints: 1, vaes: 1, loras: 1 });
      // the page asked its own server alone
      assertEquals(browser.requested.filter((url) => url.startsWith("http") && !url.startsWith(host.url)), []);
      assertEquals(browser.problems, []);
    }),
});

Deno.test({
  name: "forge: only pages of the UI on this machine may ask, and only what is on the list",
  ignore,
  fn: () =>
    inUi("forge", [], async ({ host: { port }, pairing }) => {
      const status = async (line: string, headers: Record<string, string> = {}, body = "") =>
        (await raw(port, line, headers, body))[0];
      const get = "GET /civikit/api/queue?limit=1";
      assertEquals(await status(get), 200);
      assertEquals(await status(get, { host: `localhost:${port}` }), 200);
      // a name that was pointed here, a tunnel, a proxy, a page elsewhere
      assertEquals(await status(get, { host: "evil.example" }), 403);
      assertEquals(await status(get, { host: "127.0.0.1.evil.example" }), 403);
      assertEquals(await status(get, { "x-forwarded-for": "203.0.113.7" }), 403);
      assertEquals(await status(get, { "sec-fetch-site": "cross-site" }), 403);
      const add = JSON.stringify({ references: ["2002"] });
      const post = "POST /civikit/api/queue";
      assertEquals(await status(post, { ...json, origin: "https://evil.example" }, add), 403);
      assertEquals(await status(post, { "content-type": "text/plain" }, add), 415);
      assertEquals(await status(post, { ...json, origin: `http://127.0.0.1:${port}` }, add), 202);
      assertEquals(await status("POST /civikit/refresh", { origin: "https://evil.example", ...json }, "{}"), 403);
      assertEquals(await status("GET /civikit/pasted", { host: "evil.example" }), 403);
      for (const path of ["settings", "openapi.json", "queue%2F1", "..%2F..%2Fmetrics", "search", "transfers"]) {
        assertEquals(await status(`GET /civikit/api/${path}`), 404, path);
      }
      assertEquals(await status("DELETE /civikit/api/queue"), 405);
      const [, body] = await raw(port, get, {});
      assert(!body.includes(pairing) && !body.includes(serveToken));
    }),
});

Deno.test({
  name: "forge: a browser elsewhere needs the code of the installation, and may not guess it",
  ignore,
  fn: () =>
    inUi("forge", ["--remote"], async ({ host: { port }, code }) => {
      const get = "GET /civikit/api/queue";
      const elsewhere = { "x-forwarded-for": "203.0.113.7", host: "webui.example" };
      const [status, body] = await raw(port, get, elsewhere);
      assertEquals([status, JSON.parse(body).code], [403, "code_due"]);
      assertEquals((await raw(port, get, { ...elsewhere, "x-civikit-code": code }))[0], 200);
      for (let n = 0; n < 10; n++) await raw(port, get, { ...elsewhere, "x-civikit-code": `wrong ${n}` });
      assertEquals((await raw(port, get, { ...elsewhere, "x-civikit-code": code }))[0], 429);
      // who is here is not kept out
      assertEquals((await raw(port, get, {}))[0], 200);
    }),
});

Deno.test({
  name: "forge: says what is wrong with the way to civikit serve, and shows no token",
  ignore,
  fn: () =>
    inUi("forge", [], async ({ host: { port }, extension, serve, pairing }) => {
      const path = join(extension, "civikit.json");
      const told = async (settings: Record<string, unknown>, mode = 0o600) => {
        await Deno.writeTextFile(path, JSON.stringify(settings), { mode });
        await Deno.chmod(path, mode);
        const [status, body] = await raw(port, "GET /civikit/api/queue", {});
        assert(!body.includes(pairing), body);
        return [status, JSON.parse(body).code ?? "ok"];
      };
      assertEquals(await told({ url: serve.url, token: pairing }), [200, "ok"]);
      assertEquals(await told({ url: serve.url, token: "wrong" }), [502, "token_wrong"]);
      assertEquals(await told({ url: "http://127.0.0.1:9", token: pairing }), [502, "serve_away"]);
      assertEquals(await told({ url: "http://192.0.2.1:8787", token: pairing }), [500, "settings_wrong"]);
      assertEquals(await told({ url: serve.url, token: pairing }, 0o644), [500, "settings_open"]);
      await Deno.writeTextFile(path, "{", { mode: 0o600 });
      await Deno.chmod(path, 0o600);
      const [status, body] = await raw(port, "GET /civikit/api/queue", {});
      assertEquals(status, 500);
      assertStringIncludes(body, "settings_unread");
    }),
});
