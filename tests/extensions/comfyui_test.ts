import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { findChromium, startChromium } from "../_support/chromium.ts";
import { hasHost } from "./_host.ts";
import { inUi, raw, serveToken } from "./_world.ts";

const ignore = !hasHost("comfyui");
const json = { "content-type": "application/json" };
const rows =
  "[...document.querySelectorAll('.needs li')].map((row) => row.className + ' ' + row.firstChild.textContent)";

Deno.test({
  name: "comfyui: what the open graph lacks is got by a button under its strict policy, and its lists are read anew",
  ignore: ignore || findChromium() === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    inUi("comfyui", [], async ({ civitai, host }) => {
      civitai.faults.limitConnections(512 * 1024);
      await using browser = await startChromium();
      await browser.resize(420, 700);
      await browser.open(host.url);
      await browser.until("document.querySelector('.civikit') !== null");
      const url = `${civitai.url}/api/download/models/2100`;
      const models = [{ name: "big.safetensors", url, directory: "checkpoints" }, {
        name: "nowhere.safetensors",
        url: "http://10.0.0.1/a",
      }];
      await browser.evaluate(`window.testGraph = ${JSON.stringify({ nodes: [{ properties: { models } }] })}`);
      await browser.until("document.querySelectorAll('.needs li').length === 2");
      assertEquals(await browser.evaluate(rows), ["missing Big Harbour · v1.0", "unknown nowhere.safetensors"]);
      await browser.evaluate("document.querySelector('.needs .missing button').click()");
      await browser.until("document.querySelector('.jobs progress')?.value > 0");
      await browser.until(
        "document.querySelector('.needs .here') !== null && document.querySelector('.jobs').children.length === 0",
      );
      await browser.until("window.comfy.refreshed === 1");
      assertEquals(browser.requested.filter((one) => one.startsWith("http") && !one.startsWith(host.url)), []);
      assertEquals(browser.problems, []);
    }),
});

Deno.test({
  name: "comfyui: passes on what is on the list, puts other files into ComfyUI's own folder, and keeps the token",
  ignore,
  fn: () =>
    inUi("comfyui", [], async ({ host: { port }, program, pairing }) => {
      const [status, body] = await raw(port, "GET /api/civikit/queue?limit=1", {});
      assertEquals([status, JSON.parse(body).items], [200, []]);
      assert(!body.includes(pairing) && !body.includes(serveToken));
      assertEquals((await raw(port, "GET /civikit/queue", { host: "evil.example" }))[0], 403);
      assertEquals((await raw(port, "GET /civikit/settings", {}))[0], 404);
      assertEquals((await raw(port, "POST /civikit/queue", {}, "{}"))[0], 415);
      // the folder is outside what the service may write to: it says so, and the extension tells it
      const wish = JSON.stringify({ references: ["2002"], directory: "vae" });
      const [refused, why] = await raw(port, "POST /civikit/queue", json, wish);
      assertEquals([refused, JSON.parse(why).code], [400, "invalid_path"]);
      assert(why.includes(JSON.stringify(join(program, "other", "vae")).slice(1, -1)), why);
      // a folder nobody registered is civikit's to choose
      const unknown = JSON.stringify({ references: ["2002"], directory: "nothing" });
      assertEquals((await raw(port, "POST /civikit/queue", json, unknown))[0], 202);
    }),
});
