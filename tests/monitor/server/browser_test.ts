// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals } from "@std/assert";
import { metricsRegistry } from "../../../monitor/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { type BrowserPage, findChromium, startChromium } from "../../_support/chromium.ts";
import { lowContrast } from "../../_support/contrast.ts";
import { serve, type Served } from "./_served.ts";
import { attempt, stageQuarter, stageTransfers } from "./_stage.ts";

const hasChromium = findChromium() !== undefined;
if (!hasChromium) console.log("chromium is not installed: the tests of the pages in a browser are skipped");

const url = "https://civitai.com/api/v1/models/5";
const requests = "Number(document.querySelector('#figures dd').firstChild.data.replace(',', ''))";
const isLive = "document.getElementById('connection')?.className.includes('is-live')";

/** One browser for all of them: starting it is what takes time. */
async function inBrowser(t: Deno.TestContext, steps: Readonly<Record<string, (page: BrowserPage) => Promise<void>>>) {
  await using page = await startChromium();
  for (const [name, step] of Object.entries(steps)) {
    await t.step(name, async () => {
      page.problems.length = page.requested.length = 0;
      await page.headers({});
      await page.scripts(true);
      await page.resize(1280, 900);
      await page.media({});
      await step(page);
      await page.open("about:blank");
    });
  }
}

function only(served: Served, page: BrowserPage): void {
  assertEquals(page.problems, []);
  assertEquals(page.requested.filter((asked) => !asked.startsWith(`${served.url}/`) && asked !== "about:blank"), []);
}

Deno.test({
  name: "the dashboard in Chromium",
  ignore: !hasChromium,
  // the browser's own process and socket outlive single steps
  sanitizeOps: false,
  sanitizeResources: false,
  fn: (t) =>
    inBrowser(t, {
      async "renews its numbers while one looks at it, and on events at once"(page) {
        await using served = serve();
        await page.open(served.url);
        await page.until(isLive);
        assertEquals(await page.evaluate(requests), 0);
        for (let i = 0; i < 1234; i++) attempt(served.registry, url);
        await page.until(`${requests} === 1234`);
        attempt(served.registry, url, { status: 429, code: "rate_limited" });
        await page.until("document.querySelector('#errors')?.textContent.includes('rate_limited')");
        assertEquals(await page.evaluate(requests), 1235);
        only(served, page);
      },

      async "is sent nothing while nothing has changed, and takes up what has"(page) {
        await using served = serve();
        await page.open(`${served.url}/transfers`);
        const renewed = "performance.getEntriesByType('resource').map(({ responseStatus }) => responseStatus)";
        await page.until(`${renewed}.includes(304)`);
        served.registry.transfers.track("new.bin");
        await page.until("document.getElementById('transfers').textContent.includes('new.bin')");
        only(served, page);
      },

      async "clears the numbers after asking once more"(page) {
        await using served = serve();
        attempt(served.registry, url);
        await page.open(served.url);
        await page.until(`${isLive} && ${requests} === 1`);
        assertEquals(await page.evaluate("document.getElementById('clear-now').checkVisibility()"), false);
        await page.evaluate("document.querySelector('#clear summary').click()");
        assertEquals(await page.evaluate("document.getElementById('clear-now').checkVisibility()"), true);
        await page.evaluate("document.getElementById('clear-now').click()");
        await page.until(`${requests} === 0 && !document.getElementById('clear').open`);
        assertEquals(served.registry.snapshot().series.length, 0);
        only(served, page);
      },

      async "pauses and resumes a transfer from the keyboard, and the focus stays"(page) {
        await using served = serve();
        stageTransfers(served.registry);
        const { id } = served.registry.transfers.list().find(({ state }) => state === "active")!;
        await page.open(`${served.url}/transfers`);
        await page.until(isLive);
        await page.evaluate(`document.getElementById('pause-${id}').focus()`);
        await page.press("Enter");
        await page.until(`document.activeElement?.id === 'resume-${id}'`);
        await page.press("Enter");
        await page.until(`document.activeElement?.id === 'pause-${id}'`);
        assertEquals(served.registry.transfers.list().find((one) => one.id === id)!.state, "active");
        only(served, page);
      },

      async "shows progress that moves"(page) {
        await using served = serve();
        const { options } = served.registry.transfers.track("a.safetensors", { sizeBytes: 1000 });
        options.onProgress?.({ downloadedBytes: 250, totalBytes: 1000, bytesPerSecond: 100 });
        await page.open(`${served.url}/transfers`);
        const bar = "document.querySelector('#transfers progress')";
        assertEquals(await page.evaluate(`${bar}.value`), 0.25);
        await page.until(isLive);
        options.onProgress?.({ downloadedBytes: 500, totalBytes: 1000, bytesPerSecond: 100 });
        await page.until(`${bar}.value === 0.5`);
      },

      async "says that the connection is lost, and goes on by itself"(page) {
        const registry = metricsRegistry();
        let port = 0;
        {
          await using first = serve({ registry });
          port = first.port;
          await page.open(first.url);
          await page.until(isLive);
        }
        await page.until("document.getElementById('connection').className.includes('is-offline')");
        const { diagnostics } = await import("../../../monitor/mod.ts");
        using app = diagnostics({ registry });
        await using _server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, app.fetch);
        attempt(registry, url);
        await page.until(`${requests} === 1 && ${isLive}`);
        app.close();
      },

      async "holds still when asked"(page) {
        await using served = serve();
        await page.open(served.url);
        await page.until(isLive);
        await page.evaluate("document.getElementById('hold').click()");
        assertEquals(await page.evaluate("document.getElementById('connection').textContent"), "updates held");
        attempt(served.registry, url, { status: 429, code: "rate_limited" });
        await page.evaluate("new Promise((resolve) => setTimeout(resolve, 600))");
        assertEquals(await page.evaluate(requests), 0);
        await page.evaluate("document.getElementById('hold').click()");
        await page.until(`${requests} === 1`);
      },

      async "speaks Traditional Chinese by the browser's wish and by the switch"(page) {
        await using served = serve();
        await page.headers({ "accept-language": "zh-TW,zh;q=0.9" });
        await page.open(served.url);
        assertEquals(
          await page.evaluate("[document.documentElement.lang, document.querySelector('h1').textContent].join()"),
          "zh-TW,儀表板",
        );
        await page.until(`${isLive} && document.getElementById('connection').textContent === '即時更新中'`);
        await page.evaluate("document.querySelector('a[hreflang=en]').click()");
        await page.until(
          "document.documentElement.lang === 'en' && document.querySelector('h1')?.textContent === 'Dashboard'",
        );
        await page.open(`${served.url}/report`); // remembered
        assertEquals(await page.evaluate("document.documentElement.lang"), "en");
        only(served, page);
      },

      async "fits into 360 pixels, in both languages, on every page"(page) {
        const clock = fakeClock();
        const registry = metricsRegistry({ clock });
        await stageQuarter(registry, clock, 120);
        await using served = serve({ registry });
        await page.resize(360, 740);
        for (const path of ["/", "/report", "/errors", "/transfers", "/cache"]) {
          for (const lang of ["en", "zh-TW"]) {
            await page.open(`${served.url}${path}?lang=${lang}`);
            assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 360, `${path} ${lang}`);
          }
        }
      },

      async "is dark where that is preferred, with enough contrast in both"(page) {
        const clock = fakeClock();
        const registry = metricsRegistry({ clock });
        await stageQuarter(registry, clock, 60);
        await using served = serve({ registry });
        const backgrounds: string[] = [];
        for (const scheme of ["light", "dark"]) {
          await page.media({ "prefers-color-scheme": scheme });
          await page.open(served.url);
          backgrounds.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
          assertEquals(await page.evaluate<string[]>(lowContrast), [], scheme);
        }
        assertEquals(backgrounds, ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]);
      },

      async "moves nothing for those who want no motion"(page) {
        await using served = serve();
        const animations = "getComputedStyle(document.getElementById('connection'), '::before').animationName";
        const hold = "document.getElementById('connection').className = 'connection is-connecting'";
        await page.open(served.url);
        await page.until(isLive);
        assertEquals(await page.evaluate(`${hold}, ${animations}`), "blink");
        await page.media({ "prefers-reduced-motion": "reduce" });
        assertEquals(await page.evaluate(`${hold}, ${animations}`), "none");
      },

      async "reads values off a chart with the arrow keys"(page) {
        const clock = fakeClock();
        const registry = metricsRegistry({ clock });
        await using served = serve({ registry });
        for (let second = 0; second < 30; second++) {
          attempt(registry, url, { durationMs: 100 });
          await clock.advance(1000);
        }
        await page.open(served.url);
        await page.until(isLive);
        await page.evaluate("document.getElementById('chart-latency').focus()");
        await page.press("ArrowLeft");
        const reading = "document.querySelector('#chart-latency .reading').textContent";
        const [time, p50, p95, p99] = (await page.evaluate<string>(reading)).split(" · ");
        assert(/^\d\d:\d\d:\d\d$/.test(time!), time);
        assertEquals([p50, p95, p99].map((text) => text?.split(" ")[0]), ["p50", "p95", "p99"]);
        await page.press("ArrowLeft");
        assert((await page.evaluate<string>(reading)).split(" · ")[0] !== time);
        only(served, page);
      },

      async "gives every control a name and every image a text"(page) {
        const clock = fakeClock();
        const registry = metricsRegistry({ clock });
        await stageQuarter(registry, clock, 60);
        await using served = serve({ registry });
        for (const path of ["/", "/report", "/errors", "/transfers"]) {
          await page.open(served.url + path);
          const nameless = await page.evaluate<string[]>(
            `[...document.querySelectorAll("a, button, input, svg[role=img], progress, [role=region]")]
            .filter((node) => !(node.getAttribute("aria-label") ?? node.textContent).trim()).map((node) => node.outerHTML.slice(0, 80))`,
          );
          assertEquals(nameless, [], path);
          const ids = await page.evaluate<string[]>("[...document.querySelectorAll('[id]')].map(({ id }) => id)");
          assertEquals(ids.length, new Set(ids).size, path);
          assertEquals(await page.evaluate("document.querySelectorAll('h1').length"), 1);
        }
        await page.open(served.url);
        await page.press("Tab");
        assertEquals(await page.evaluate("document.activeElement.className"), "skip");
      },

      async "shows its numbers and works without JavaScript"(page) {
        await using served = serve();
        attempt(served.registry, url);
        stageTransfers(served.registry);
        await page.scripts(false);
        await page.open(`${served.url}/?lang=en`);
        assertEquals(await page.evaluate(requests), 1);
        assert(await page.evaluate<boolean>("document.querySelector('noscript').textContent.includes('reload')"));
        assertEquals(await page.evaluate("document.querySelectorAll('svg path.stroke').length"), 6);
        await page.evaluate("document.querySelector('#clear-now').form.submit()");
        await page.until(
          `document.readyState === 'complete' && document.querySelector('#figures') && ${requests} === 0`,
        );
        assertEquals(await page.evaluate("location.pathname"), "/");
      },

      async "asks for the token once"(page) {
        const token = "correct-horse-battery-staple";
        await using served = serve({ token });
        await page.open(served.url);
        assertEquals(await page.evaluate("location.pathname"), "/login");
        await page.evaluate("document.querySelector('a[hreflang=en]').click()");
        await page.until("location.search === '?lang=en' && document.querySelector('h1')?.textContent === 'Log in'");
        await page.evaluate("document.getElementById('token').value = 'wrong', document.forms[0].submit()");
        await page.until("document.querySelector('.problem') !== null");
        await page.evaluate(`document.getElementById('token').value = '${token}', document.forms[0].submit()`);
        await page.until(`location.pathname === '/' && ${isLive}`);
        attempt(served.registry, url);
        await page.until(`${requests} === 1`);
        assert(page.requested.every((asked) => !asked.includes(token)));
      },
    }),
});
