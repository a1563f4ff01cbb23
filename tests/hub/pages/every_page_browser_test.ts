import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { settingsPort } from "../../../cli/settings/settings_port.ts";
import { watchStore } from "../../../hub/watch/mod.ts";
import { metricsRegistry } from "../../../monitor/mod.ts";
import type { BrowserPage } from "../../_support/chromium.ts";
import { lowContrast } from "../../_support/contrast.ts";
import { identity } from "../library/_library.ts";
import { testTidy } from "../library/_tidy.ts";
import { attempt } from "../../monitor/server/_stage.ts";
import { pairingOf, type ServedHub, serveHub } from "../_service.ts";
import { clean, drive, isLive } from "./_browser.ts";
import { projectOf } from "./_project.ts";

const languages = ["en", "zh-TW"] as const;
const schemes = ["light", "dark"] as const;
/** Every page of the service, with something on it. */
const paths = [
  ...[
    "/",
    "/?group=waiting",
    "/browse",
    "/watch",
    "/library",
    "/library?filter=update",
    "/tidy?layout=comfyui",
    "/project",
    "/settings",
    "/guide",
  ],
  ...["/extensions/userscript", "/status/", "/status/report", "/status/errors", "/status/transfers", "/status/cache"],
];

/** What reaches beyond 360 pixels, unless it scrolls by itself; on a phone innerWidth grows with what does. */
const tooWide = `document.documentElement.scrollWidth <= 360 ? [] : [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > 361).map(({ outerHTML }) => outerHTML.slice(0, 120))`;

/** A service with every page, and something of each kind on it. */
async function withEverything(work: (hub: ServedHub) => Promise<void>): Promise<void> {
  await using files = await testTidy();
  const long = `loras/${"very_long_name_".repeat(12)}.safetensors`;
  const path = await files.write("loras/lantern.safetensors", "a", identity(7, { modelName: "Paper Lantern" }));
  await files.write(long, "b", identity(8, { modelName: "m".repeat(120) }));
  await files.write("loras/twin.safetensors", "a", identity(7));
  await files.write("loras/strange.safetensors", "c", null);
  const info = { trainedWords: ["paperlantern", "soft glow"], images: [{ nsfwLevel: 1 }] };
  await Deno.writeTextFile(path.replace(".safetensors", ".civitai.info"), JSON.stringify(info));
  await files.library.look();
  const values: Record<string, string> = { HOME: files.folder, XDG_CONFIG_HOME: files.folder, CIVIKIT_RETRY_MAX: "7" };
  const registry = metricsRegistry();
  attempt(registry, "https://civitai.com/api/v1/models/5");
  attempt(registry, "https://civitai.com/api/v1/models/5", { status: 429, code: "rate_limited" });
  registry.transfers.track("a.safetensors", { sizeBytes: 1000 });
  using rules = watchStore(":memory:");
  rules.add({ target: "creator:lamplighter", filters: { types: ["LORA"] } });
  rules.add({ target: `search:${"very long words ".repeat(12)}`, action: "tell", schedule: "every 6h" });
  rules.claim("test", 60_000, 2);
  rules.fail("test", "2", { code: "not_found", status: 404, message: "asking: 404" }, Date.now() + 60_000);
  const watch = {
    store: rules,
    settings: () => ({ isEnabled: false, schedule: "daily", jitterMs: 0, pages: 1 }),
    runNow() {},
    changed() {},
  };
  let isAsking = true;
  await using hub = await serveHub({
    registry,
    library: files.library,
    tidy: files.tidy,
    project: projectOf(),
    watch,
    settings: settingsPort({ env: (name) => values[name] }, "civitai.com"),
    pairing: pairingOf("a-pairing-token-of-letters"),
    slowMode: { isOn: false, bytesPerSecond: 1024 ** 2, set: () => {} },
    isAsking: () => isAsking,
    answerStart: () => Promise.resolve(void (isAsking = false)),
    find: () => Promise.resolve(join(files.folder, "x")),
  });
  const { queue } = hub;
  await queue.add(Array.from({ length: 8 }, (_, i) => ({ reference: String(i + 1) })));
  const jobs = await queue.lease("w", 4, 60_000);
  await queue.update("w", jobs[0]!.id, {
    ...{ state: "downloading", name: "n".repeat(140), bytes: 400, totalBytes: 1000, bytesPerSecond: 10 },
    why: { code: "rate_limited", status: 429, untilMs: Date.now() + 12_000 },
  });
  await queue.finish("w", jobs[1]!.id, { state: "failed", code: "no_space" });
  await queue.finish("w", jobs[2]!.id, { state: "done", verdict: "verified", path: "/models/a.safetensors", bytes: 7 });
  await work(hub);
}

/** Each page in both languages, dark and light. */
async function everywhere(
  page: BrowserPage,
  hub: ServedHub,
  look: (where: string) => Promise<void>,
  all: readonly string[] = paths,
): Promise<void> {
  for (const path of all) {
    for (const [lang, scheme] of [[languages[0], schemes[1]], [languages[1], schemes[0]]] as const) {
      await page.media({ "prefers-color-scheme": scheme });
      await page.open(`${hub.url}${path}${path.includes("?") ? "&" : "?"}lang=${lang}`);
      assertEquals(await page.evaluate("document.documentElement.lang"), lang);
      await look(`${path} ${lang} ${scheme}`);
    }
  }
}

drive("every page in Chromium", {
  "stands out by the contrast WCAG 2.2 AA asks for, dark and light": (page) =>
    withEverything(async (hub) => {
      for (const scheme of schemes) {
        await page.media({ "prefers-color-scheme": scheme });
        for (const path of paths) {
          await page.open(hub.url + path);
          assertEquals(await page.evaluate<string[]>(lowContrast), [], `${path} ${scheme}`);
        }
        // what is looked up first is marked in every way
        await page.open(`${hub.url}/`);
        await page.until(isLive);
        await page.evaluate("document.getElementById('references').value = '2002\\n2070\\n2051\\n1\\nnonsense'");
        await page.evaluate("document.getElementById('look').click()");
        await page.until(
          "document.querySelectorAll('.preview li').length === 4 && document.getElementById('preview-problems') !== null",
        );
        assertEquals(await page.evaluate<string[]>(lowContrast), [], `preview ${scheme}`);
      }
      clean(page, hub.url);
    }),

  "breaks a long path in a problem, and no short word beside a long one": (page) =>
    withEverything(async (hub) => {
      await page.resize(360, 800);
      await page.open(`${hub.url}/library?lang=en`);
      await page.evaluate("void (document.getElementById('task').textContent = 'gone_'.repeat(40))");
      assertEquals(await page.evaluate(tooWide), []);

      await page.resize(1080, 900);
      await page.open(`${hub.url}/watch?lang=en`);
      const lines = `(node) => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return new Set([...range.getClientRects()].map(({ top }) => top)).size;
      }`;
      const broken = `[...document.querySelectorAll("#rules thead th:not(:has(.hidden)), #rule-1 b")]
        .filter((node) => (${lines})(node) > 1).map(({ textContent }) => textContent)`;
      assertEquals(await page.evaluate(broken), []);
      clean(page, hub.url);
    }),

  "fits on 360 pixels in both languages, with targets of 24 pixels and a name for each control": (page) =>
    withEverything(async (hub) => {
      await page.resize(360, 800);
      await everywhere(page, hub, async (where) => {
        if (!where.startsWith("/guide") && !where.startsWith("/extensions")) await page.until(isLive);
        assertEquals(await page.evaluate(tooWide), [], where);
        const small = await page.evaluate<string[]>(
          `[...document.querySelectorAll('button, select, input:not([type=hidden]), textarea, summary, nav a, .filters a')]
          .filter((node) => node.checkVisibility()).map((node) => [node.closest("label") ?? node])
          .map(([node]) => [node, node.getBoundingClientRect()])
          .filter(([, { width, height }]) => width < 24 || height < 24).map(([node]) => node.id || node.outerHTML)`,
        );
        assertEquals(small, [], where);
        const nameless = await page.evaluate<string[]>(
          `[...document.querySelectorAll('select, input:not([type=hidden]), textarea, img, button, progress, svg[role=img]')]
          .filter((node) => !node.labels?.length && !node.alt && !node.getAttribute("aria-label") &&
            !node.getAttribute("aria-labelledby") && !node.textContent.trim()).map(({ outerHTML }) => outerHTML)`,
        );
        assertEquals(nameless, [], where);
        const ids = await page.evaluate<string[]>("[...document.querySelectorAll('[id]')].map(({ id }) => id)");
        assertEquals(ids.filter((id, index) => ids.indexOf(id) !== index), [], where);
        assertEquals(await page.evaluate("document.querySelectorAll('h1').length"), 1, where);
      });
      clean(page, hub.url);
    }),

  "is there without JavaScript, and no form on it needs any": (page) =>
    withEverything(async (hub) => {
      await page.scripts(false);
      for (const path of paths) {
        await page.open(`${hub.url}${path}`);
        const forms = await page.evaluate<string[]>(
          `[...document.forms].filter((form) => !/^\\/(?!\\/)/.test(form.getAttribute("action") ??
            form.querySelector("[formaction]")?.getAttribute("formaction") ?? "/")).map(({ outerHTML }) => outerHTML)`,
        );
        assertEquals(forms, [], path);
        const dead = await page.evaluate<string[]>(
          "[...document.querySelectorAll('button[type=button]')].filter((node) => node.checkVisibility()).map(({ outerHTML }) => outerHTML)",
        );
        assertEquals(dead, [], path);
        assert(await page.evaluate<number>("document.getElementById('content').textContent.trim().length") > 20, path);
      }
    }),

  "hears again what happens after a proxy has answered that the service is away": (page) =>
    withEverything(async (hub) => {
      let isAway = false;
      let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
      const streamed = () =>
        new Response(new ReadableStream({ start: (controller) => void (stream = controller) }), {
          headers: { "content-type": "text/event-stream" },
        });
      await using proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url }) => {
        if (isAway) return new Response("bad gateway", { status: 502 });
        const { pathname, search } = new URL(url);
        return pathname === "/events" ? streamed() : await fetch(hub.url + pathname + search);
      });
      await page.open(`http://127.0.0.1:${proxy.addr.port}/library?lang=en`);
      await page.until(isLive);
      // what is open ends, and is refused when it is opened again
      isAway = true;
      stream!.close();
      await page.until("document.getElementById('connection').className.includes('is-offline')");
      isAway = false;
      await page.until(isLive);
      stream!.close();
      await page.open("about:blank");
    }),
});
