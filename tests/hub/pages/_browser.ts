// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assertEquals } from "@std/assert";
import { type BrowserPage, findChromium, startChromium } from "../../_support/chromium.ts";

/** The page is there and hears what happens. */
export const isLive = "document.getElementById('connection')?.className.includes('is-live')";

/** One thing that is tried in the browser. */
export type Step = (page: BrowserPage) => Promise<void>;

/** Runs steps in one browser, as starting it is what takes time; whatever the console says against a page fails its step. */
export function drive(name: string, steps: Readonly<Record<string, Step>>): void {
  const hasChromium = findChromium() !== undefined;
  if (!hasChromium) console.log(`chromium is not installed: ${name} is skipped`);
  Deno.test({
    name,
    ignore: !hasChromium,
    // the browser's own process and socket outlive single steps
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      await using page = await startChromium();
      for (const [what, step] of Object.entries(steps)) {
        await t.step(what, async () => {
          page.problems.length = page.requested.length = 0;
          await page.scripts(true);
          await page.resize(1280, 900);
          await page.media({});
          try {
            await step(page);
          } finally {
            // what a step that failed left open would be heard in the next
            await page.open("about:blank");
          }
        });
      }
    },
  });
}

/** Nothing was wrong, and nobody else was asked. */
export function clean(page: BrowserPage, url: string): void {
  assertEquals(page.problems, []);
  const foreign = page.requested.filter((asked) => !asked.startsWith(`${url}/`) && asked !== "about:blank");
  assertEquals(foreign, []);
}

/** Whoever stands behind a service that is away is refused, which the console says. */
export function isAway(problem: string): boolean {
  return /ERR_(?:CONNECTION|EMPTY|INCOMPLETE|NETWORK)/.test(problem);
}
