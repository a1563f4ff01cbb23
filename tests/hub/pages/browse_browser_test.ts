// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import { type BrowserPage, findChromium, startChromium } from "../../_support/chromium.ts";
import { type ServedHub, serveHub } from "../_service.ts";
import { projectOf } from "./_project.ts";

const hasChromium = findChromium() !== undefined;
if (!hasChromium) console.log("chromium is not installed: the tests of the browse page in a browser are skipped");

const isLive = "document.getElementById('connection')?.className.includes('is-live')";
const isQueued = "document.querySelector('#model-1001 .marks')?.textContent.includes('queued')";

Deno.test({
  name: "the pages Browse and Project in Chromium",
  ignore: !hasChromium,
  // the browser's own process and socket outlive single steps
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    await using page = await startChromium();
    const step = (name: string, work: (page: BrowserPage, hub: ServedHub) => Promise<void>) =>
      t.step(name, async () => {
        await using hub = await serveHub({ project: projectOf() });
        page.problems.length = page.requested.length = 0;
        await page.scripts(true);
        await page.resize(1280, 900);
        await work(page, hub);
        assertEquals(page.problems, []);
        assertEquals(page.requested.filter((asked) => !asked.startsWith(hub.url) && asked !== "about:blank"), []);
        await page.open("about:blank");
      });

    await step("search, choose a card, add it to the queue, see it marked", async (page, hub) => {
      await page.open(`${hub.url}/browse?lang=en`);
      await page.until(isLive);
      await page.evaluate("document.getElementById('query').value = 'lantern'");
      await page.evaluate("document.getElementById('search-now').click()");
      await page.until("location.search.includes('query=lantern') && document.querySelectorAll('.card').length === 1");
      await page.until(isLive);
      await page.evaluate("document.getElementById('choice-1001').value = '2001'");
      await page.evaluate("document.getElementById('add-1001').click()");
      await page.until(isQueued);
      assert((await page.evaluate<string>("document.getElementById('note').textContent")).includes("version:2001"));
      assertEquals(await page.evaluate("new URL(location.href).searchParams.get('query')"), "lantern");
      const { jobs } = await hub.queue.list();
      assertEquals(jobs.map(({ reference }) => reference), ["version:2001"]);
    });

    await step("the keyboard alone searches and adds", async (page, hub) => {
      await page.open(`${hub.url}/browse?lang=en`);
      await page.until(isLive);
      await page.evaluate(
        "(document.getElementById('query').value = 'lantern', document.getElementById('query').focus())",
      );
      await page.press("Enter");
      await page.until("location.search.includes('query=lantern') && document.querySelectorAll('.card').length === 1");
      await page.until(isLive);
      await page.evaluate("document.getElementById('choice-1001').focus()");
      await page.press("Tab");
      assertEquals(await page.evaluate("document.activeElement.id"), "add-1001");
      await page.press("Enter");
      await page.until(isQueued);
      assertEquals(await page.evaluate("document.activeElement.id"), "add-1001");
    });

    await step("what was chosen stays chosen while the page renews itself", async (page, hub) => {
      await page.open(`${hub.url}/browse?query=lantern&lang=en`);
      await page.until(isLive);
      await page.evaluate("document.getElementById('choice-1001').value = '2001'");
      await hub.queue.add([{ reference: "version:2002" }]);
      await page.until(isQueued);
      assertEquals(await page.evaluate("document.getElementById('choice-1001').value"), "2001");
    });

    await step("works without JavaScript", async (page, hub) => {
      await page.scripts(false);
      await page.open(`${hub.url}/browse?query=lantern&lang=en`);
      await page.evaluate("document.getElementById('add-1001').click()");
      await page.until(`document.readyState === 'complete' && ${isQueued}`);
      assertEquals((await hub.queue.counts()).waiting, 1);
    });

    await step(
      "both fit on 360 pixels in both languages, dark and light, with names for all controls",
      async (page, hub) => {
        await page.resize(360, 800);
        for (const path of ["/browse", "/project"]) {
          for (const [lang, scheme] of [["en", "dark"], ["zh-TW", "light"]] as const) {
            const where = `${path} ${lang}`;
            await page.media({ "prefers-color-scheme": scheme });
            await page.open(`${hub.url}${path}?lang=${lang}`);
            await page.until(isLive);
            assertEquals(await page.evaluate("document.documentElement.lang"), lang);
            assert(await page.evaluate<boolean>("document.documentElement.scrollWidth <= 360"), where);
            const small = await page.evaluate<string[]>(`[...document.querySelectorAll('button, select, input, nav a')]
            .filter((node) => node.checkVisibility()).map((node) => [node, node.getBoundingClientRect()])
            .filter(([, { width, height }]) => width < 24 || height < 24).map(([node]) => node.id || node.textContent)`);
            assertEquals(small, [], where);
            const nameless = await page.evaluate<string[]>(`[...document.querySelectorAll('select, input, img, button')]
            .filter((node) => !node.labels?.length && !node.alt && !node.textContent.trim())
            .map(({ outerHTML }) => outerHTML)`);
            assertEquals(nameless, [], where);
          }
        }
      },
    );
  },
});
