// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import { type BrowserPage, findChromium, startChromium } from "../../_support/chromium.ts";
import { type ServedHub, serveHub } from "../_service.ts";

const hasChromium = findChromium() !== undefined;
if (!hasChromium) console.log("chromium is not installed: the tests of the queue page in a browser are skipped");

const isLive = "document.getElementById('connection')?.className.includes('is-live')";
const rows = "[...document.querySelectorAll('#list-waiting .job')].map((row) => row.dataset.job).join()";

async function filled(hub: ServedHub, count: number): Promise<string[]> {
  await hub.queue.add(Array.from({ length: count }, (_, i) => ({ reference: String(i + 1) })));
  return (await hub.queue.list()).jobs.map(({ id }) => id);
}

Deno.test({
  name: "the queue page in Chromium",
  ignore: !hasChromium,
  // the browser's own process and socket outlive single steps
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    await using page = await startChromium();
    const step = (name: string, work: (page: BrowserPage, hub: ServedHub) => Promise<void>) =>
      t.step(name, async () => {
        await using hub = await serveHub();
        page.problems.length = page.requested.length = 0;
        await page.scripts(true);
        await page.resize(1280, 900);
        await work(page, hub);
        assertEquals(page.problems, []);
        assertEquals(page.requested.filter((asked) => !asked.startsWith(hub.url) && asked !== "about:blank"), []);
        await page.open("about:blank");
      });

    await step("adds what is pasted, without leaving the page", async (page, hub) => {
      await page.open(hub.url);
      await page.until(isLive);
      await page.evaluate("document.getElementById('references').value = '2002\\nmodel:1001'");
      await page.evaluate("document.getElementById('add-now').click()");
      await page.until("document.querySelectorAll('#list-waiting .job').length === 2");
      assertEquals(await page.evaluate("document.getElementById('references').value"), "");
      assertEquals((await hub.queue.counts()).waiting, 2);
    });

    await step(
      "looks up what is dropped, keeps that while the page renews itself, and queues it",
      async (page, hub) => {
        await page.open(hub.url);
        await page.until(isLive);
        await page.evaluate(`(() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["2002\\n"], "list.txt", { type: "text/plain" }));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
      })()`);
        await page.until("document.querySelector('#preview .path')?.textContent.includes('paper_lantern')");
        await hub.queue.add([{ reference: "9" }]);
        await page.until("document.querySelectorAll('#list-waiting .job').length === 1");
        await page.evaluate("document.getElementById('queue-these').click()");
        await page.until("document.querySelectorAll('#list-waiting .job').length === 2");
        assertEquals(await page.evaluate("document.getElementById('preview')"), null);
      },
    );

    await step("what was unticked in a look-up stays so while the page renews itself", async (page, hub) => {
      await page.open(`${hub.url}/?lang=en`);
      await page.until(isLive);
      await page.evaluate("document.getElementById('references').value = '2002\\n2020\\nnonsense'");
      await page.evaluate("document.getElementById('look').click()");
      await page.until("document.getElementById('preview-problems')?.textContent.includes('line 3')");
      await page.until("document.querySelector('#line-1 .path') !== null");
      await page.evaluate("document.getElementById('take-0').click()");
      await hub.queue.add([{ reference: "2020" }]);
      await page.until("document.querySelectorAll('#list-waiting .job').length === 1");
      assertEquals(await page.evaluate("document.getElementById('take-0').checked"), false);
      await page.evaluate("document.getElementById('discard').click()");
      await page.until("document.getElementById('preview') === null && location.search === ''");
      assertEquals((await hub.queue.counts()).waiting, 1);
    });

    await step("moves a row by the arrow keys, and the focus stays on it", async (page, hub) => {
      const [a, b, c] = await filled(hub, 3);
      await page.open(hub.url);
      await page.until(isLive);
      await page.evaluate(`document.getElementById('handle-${c}').focus()`);
      await page.press("ArrowUp");
      await page.until(`${rows} === '${[a, c, b]}'`);
      assertEquals(await page.evaluate("document.activeElement.id"), `handle-${c}`);
      await page.press("ArrowDown");
      await page.until(`${rows} === '${[a, b, c]}'`);
    });

    await step(
      "moves a row as often as a key was pressed, though the first move is still under way",
      async (page, hub) => {
        const [a, b, c] = await filled(hub, 3);
        await page.open(hub.url);
        await page.until(isLive);
        const key = "new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true, cancelable: true })";
        await page.evaluate(`for (let n = 0; n < 2; n++) document.getElementById('handle-${c}').dispatchEvent(${key})`);
        await page.until(`${rows} === '${[c, a, b]}'`);
      },
    );

    await step("moves a row by the mouse", async (page, hub) => {
      const [a, b, c] = await filled(hub, 3);
      await page.open(hub.url);
      await page.until(isLive);
      await page.drag(`#handle-${c}`, `#handle-${a}`);
      await page.until(`${rows} === '${[c, a, b]}'`);
      assertEquals((await hub.queue.list()).jobs.map(({ id }) => id), [c, a, b]);
    });

    await step("pauses from the keyboard, and the focus follows the button", async (page, hub) => {
      const [a] = await filled(hub, 1);
      await page.open(hub.url);
      await page.until(isLive);
      await page.evaluate(`document.getElementById('pause-${a}').focus()`);
      await page.press("Enter");
      await page.until(`document.activeElement?.id === 'resume-${a}'`);
      assertEquals((await hub.queue.get(a!))?.state, "paused");
    });

    await step("works without JavaScript", async (page, hub) => {
      const [a] = await filled(hub, 1);
      await page.scripts(false);
      await page.open(hub.url);
      await page.evaluate(`document.getElementById('pause-${a}').click()`);
      await page.until(`document.readyState === 'complete' && document.getElementById('resume-${a}') !== null`);
      assertEquals((await hub.queue.get(a!))?.state, "paused");
    });

    await step("fits on 360 pixels in both languages, with targets of 24 pixels", async (page, hub) => {
      await filled(hub, 3);
      await page.resize(360, 800);
      for (const lang of ["en", "zh-TW"]) {
        await page.open(`${hub.url}/?lang=${lang}`);
        await page.until(isLive);
        assertEquals(await page.evaluate("document.documentElement.lang"), lang);
        assert(await page.evaluate<boolean>("document.documentElement.scrollWidth <= 360"), lang);
        const small = await page.evaluate<string[]>(`[...document.querySelectorAll('button, .handle, nav a, .brand a')]
          .filter((node) => node.checkVisibility()).map((node) => [node, node.getBoundingClientRect()])
          .filter(([, { width, height }]) => width < 24 || height < 24).map(([node]) => node.id || node.textContent)`);
        assertEquals(small, [], lang);
      }
    });
  },
});
