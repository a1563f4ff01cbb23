import { assert, assertEquals } from "@std/assert";
import { startCivitai } from "../../_civitai/mod.ts";
import { freePort } from "../../_support/free_port.ts";
import { sha256, tree } from "../../cli/_world.ts";
import type { BrowserPage } from "../../_support/chromium.ts";
import { clean, drive, isAway, isLive } from "./_browser.ts";
import { type Serving, serving, type ServingOptions } from "./_serving.ts";
import { openWay } from "./_way.ts";

const bar = "document.querySelector('#list-downloading progress')";

/** What the connection is said to be from now on. */
const watchConnection = `globalThis.seen = [];
  new MutationObserver(() => seen.push(document.getElementById('connection').className))
    .observe(document.getElementById('connection'), { attributeFilter: ['class'] })`;

/** Waits until the page has tried `count` times more to hear what happens. */
async function moreAsked(page: BrowserPage, count: number): Promise<void> {
  const asked = () => page.requested.filter((url) => url.endsWith("/events")).length;
  const most = asked() + count;
  while (asked() < most) await page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))");
}

async function inFolder(
  work: (
    it: { folder: string; civitai: Awaited<ReturnType<typeof startCivitai>>; options: ServingOptions },
  ) => Promise<void>,
): Promise<void> {
  await using civitai = await startCivitai({ bigBytes: 4 * 1024 ** 2, loraBytes: 64 * 1024 });
  const folder = await Deno.makeTempDir();
  try {
    await work({ folder, civitai, options: { folder, site: civitai.url } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

drive("the pages of a real civikit serve in Chromium", {
  "a restart in mid-download, by SIGTERM and by SIGKILL: the page comes back by itself, the row goes on": (page) =>
    inFolder(async ({ folder, civitai, options }) => {
      civitai.faults.limitConnections(100_000);
      let service: Serving = await serving({ ...options, port: freePort() });
      const { url, port } = service;
      try {
        await page.open(`${url}/?lang=en`);
        await page.until(isLive);
        await page.evaluate("document.getElementById('references').value = '2100'");
        await page.evaluate("document.getElementById('add-now').click()");
        for (const signal of ["SIGTERM", "SIGKILL"] as const) {
          await page.until(`${bar}?.value > 0.02`);
          const before = await page.evaluate<number>(`${bar}.value`);
          const row = await page.evaluate<string>("document.querySelector('#list-downloading .job').id");
          await service.stop(signal);
          await page.until("document.getElementById('connection').className.includes('is-offline')");
          assertEquals(await page.evaluate(`document.getElementById('${row}') !== null`), true, "the row went away");
          await page.evaluate(watchConnection);
          await moreAsked(page, 2);
          assertEquals(await page.evaluate<string[]>("seen.filter((one) => !one.includes('is-offline'))"), []);
          service = await serving({ ...options, port });
          await page.until(`${isLive} && ${bar}?.value > ${before}`);
          assertEquals(await page.evaluate("document.querySelector('#list-downloading .job').id"), row);
        }
        civitai.faults.heal();
        await page.until("document.querySelectorAll('#list-done .job').length === 1");
        const path = `${folder}/downloads/${tree(`${folder}/downloads`)[0]}`;
        assertEquals(await sha256(path), await civitai.sha256(3100));
        const { size } = await Deno.stat(path);
        const cost = civitai.storage.log.reduce((sum, { bytes }) => sum + bytes, 0);
        assert(cost < 1.5 * size, `${cost} bytes for ${size}`);
        assertEquals(page.problems.filter((problem) => !isAway(problem)), []);
      } finally {
        await service.stop();
      }
    }),

  "search, add, queue, library: the file is had in Browse and stands in the library": (page) =>
    inFolder(async ({ options }) => {
      await using service = await serving(options);
      const { url } = service;
      await page.open(`${url}/browse?lang=en`);
      await page.until(isLive);
      await page.evaluate("document.getElementById('query').value = 'lantern'");
      await page.evaluate("document.getElementById('search-now').click()");
      await page.until("document.querySelectorAll('.card').length === 1");
      await page.until(isLive);
      await page.evaluate("document.getElementById('add-1001').click()");
      await page.until("document.getElementById('note').textContent.includes('2002')");
      // it becomes so on the same page
      await page.until("document.querySelector('#model-1001 .marks').textContent.includes('have it')");
      await page.open(`${url}/`);
      await page.until("document.querySelector('#list-done')?.textContent.includes('paper_lantern_v2.safetensors')");
      await page.open(`${url}/library`);
      await page.until("document.querySelector('#files')?.textContent.includes('Paper Lantern Style')");
      clean(page, url);
    }),

  "a setting acts from the next job on, a bad one is told, the key is set and read nowhere": (page) =>
    inFolder(async ({ folder, civitai, options }) => {
      await using service = await serving(options);
      const { url } = service;
      const put = async (key: string, value: string) => {
        await page.evaluate(`document.getElementById('set-${key}').value = ${JSON.stringify(value)}`);
        await page.evaluate(`document.getElementById('save-${key}').click()`);
      };
      await page.open(`${url}/settings?lang=en`);
      await page.until(isLive);
      await put("root", `${folder}/models`);
      await page.until("document.getElementById('unset-root') !== null");
      await put("layout", "comfyui");
      await page.until("document.getElementById('unset-layout') !== null");
      // what was typed and not sent stays, what was taken back is shown as it is now
      await page.evaluate("document.getElementById('set-download.limitRate').value = '3M'");
      await put("timeouts.api", "44s");
      await page.until("document.getElementById('unset-timeouts.api') !== null");
      await page.evaluate("document.getElementById('unset-timeouts.api').click()");
      await page.until("document.getElementById('unset-timeouts.api') === null");
      assertEquals(
        await page.evaluate(
          "['timeouts.api', 'download.limitRate'].map((key) => document.getElementById('set-' + key).value)",
        ),
        [await page.evaluate("document.getElementById('set-timeouts.api').defaultValue"), "3M"],
      );
      await put("download.concurrent", "many");
      await page.until(
        "document.querySelector('[id=\"row-download.concurrent\"] [role=alert]')?.textContent.includes('many')",
      );
      assertEquals(await page.evaluate("document.getElementById('set-download.concurrent').value"), "many");
      await page.evaluate(`document.getElementById('api-key').value = 'demo-key'`);
      await page.evaluate("document.getElementById('save-key').click()");
      await page.until("document.getElementById('key').textContent.includes('A key is set')");
      assertEquals(await page.evaluate("document.getElementById('api-key').value"), "");
      for (const path of ["/settings", "/api/v1/settings", "/status/", "/"]) {
        assertEquals((await (await fetch(url + path)).text()).includes("demo-key"), false, path);
      }
      await page.open(`${url}/`);
      await page.until(isLive);
      // a file that wants a login: the key acts at once
      await page.evaluate("document.getElementById('references').value = '2080'");
      await page.evaluate("document.getElementById('look').click()");
      await page.until(
        `document.querySelector('#preview .path')?.textContent.includes('${folder}/models/models/loras/')`,
      );
      await page.evaluate("document.getElementById('queue-these').click()");
      await page.until("document.querySelector('#list-done')?.textContent.includes('members_only.safetensors')");
      assertEquals(tree(`${folder}/models`), ["models/loras/members_only.safetensors"]);
      assert(civitai.log.some(({ headers }) => headers.get("authorization") === "Bearer demo-key"));
      assertEquals(page.problems.filter((problem) => !problem.includes("status of 400")), []);
    }),

  "a browser that slept for an hour, its streams dead and the service another one, catches up": (page) =>
    inFolder(async ({ options }) => {
      let service: Serving = await serving({ ...options, port: freePort() });
      await using way = openWay(service.port);
      try {
        // a page that renews itself at events alone, and the queue
        for (const path of ["/library?lang=en", "/?lang=en"]) {
          await page.open(way.url + path);
          await page.until(isLive);
          await page.freeze(true);
          way.sleep();
          await service.stop("SIGKILL");
          service = await serving({ ...options, port: service.port });
          const answer = await fetch(`${service.url}/api/v1/queue`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ references: [path.startsWith("/l") ? "2002" : "2001"] }),
          });
          assertEquals(answer.status, 202);
          await answer.body?.cancel();
          await page.evaluate("(() => { const { now } = Date; Date.now = () => now() + 3_600_000; })()");
          await page.freeze(false);
          const seen = path.startsWith("/l")
            ? "document.querySelector('#files')?.textContent.includes('Paper Lantern Style')"
            : "document.querySelector('#list-done')?.textContent.includes('paper_lantern.safetensors')";
          await page.until(`${isLive} && ${seen}`);
        }
        assertEquals(page.problems.filter((problem) => !isAway(problem)), []);
      } finally {
        await service.stop();
      }
    }),
});
