import { assertEquals } from "@std/assert";
import { metricsRegistry } from "../../../monitor/mod.ts";
import type { BrowserPage } from "../../_support/chromium.ts";
import { identity, type TestLibrary, testLibrary } from "../library/_library.ts";
import { type ServedHub, serveHub } from "../_service.ts";
import { clean, drive, isLive } from "./_browser.ts";

const note = "document.getElementById('note').textContent";

/** A library with a file of each kind. */
async function withFiles(work: (hub: ServedHub, files: TestLibrary) => Promise<void>): Promise<void> {
  const registry = metricsRegistry();
  await using files = await testLibrary({ onChange: () => registry.events.publish({ type: "library" }) });
  const path = await files.write("loras/lantern.safetensors", "a", identity(2001, { modelId: 1001 }));
  await Deno.writeTextFile(
    path.replace(".safetensors", ".civitai.info"),
    JSON.stringify({ trainedWords: ["paperlantern", "soft glow"] }),
  );
  await files.write("loras/strange.safetensors", "b", null);
  await files.write("loras/twin.safetensors", "a", identity(2001, { modelId: 1001 }));
  await files.library.look();
  await using hub = await serveHub({ registry, library: files.library, roots: () => [files.folder] });
  await work(hub, files);
}

/** Goes on with Tab until an element has the focus. */
async function tabTo(page: BrowserPage, selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.press("Tab");
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)})`)) return;
  }
  throw new Error(`the keyboard never reaches ${selector}`);
}

drive("the library page in Chromium", {
  "the keyboard alone narrows, chooses and verifies, and the focus stays": (page) =>
    withFiles(async (hub, files) => {
      await page.open(`${hub.url}/library?lang=en`);
      await page.until(isLive);
      await tabTo(page, "#filter-unknown");
      await page.press("Enter");
      await page.until("document.querySelectorAll('#files tbody tr').length === 1");
      await page.until(isLive);
      await tabTo(page, "#filter-all");
      await page.press("Enter");
      await page.until("document.querySelectorAll('#files tbody tr').length === 3");
      await page.until(isLive);
      await tabTo(page, "#files input[type=checkbox]");
      const chosen = await page.evaluate<string>("document.activeElement.value");
      await page.press(" ");
      await tabTo(page, "#do-verify");
      await page.press("Enter");
      await page.until(`${note} === 'Started.'`);
      assertEquals(await page.evaluate("document.activeElement.id"), "do-verify");
      await page.until("document.getElementById('task').textContent.trim() === ''");
      assertEquals((files.library.get(chosen)?.provedMs ?? 0) > 5, true);
      // what was chosen stays chosen while the page renews itself
      assertEquals(await page.evaluate(`document.querySelector('[value="${chosen}"]').checked`), true);
      clean(page, hub.url);
    }),

  "copies trigger words, also where the browser lends pages no clipboard": (page) =>
    withFiles(async (hub) => {
      await page.allow("clipboardReadWrite", "clipboardSanitizedWrite");
      for (const isLent of [true, false]) {
        await page.open(`${hub.url}/library?lang=en`);
        await page.until(isLive);
        await page.evaluate("navigator.clipboard.writeText('nothing')");
        if (!isLent) await page.evaluate("globalThis.lent = navigator.clipboard, 1");
        if (!isLent) await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined }), 1");
        await page.evaluate("document.querySelector('[data-copy]').focus()");
        await page.press("Enter");
        await page.until(`${note} === 'Copied: paperlantern, soft glow'`);
        const read = `(${isLent ? "navigator.clipboard" : "globalThis.lent"}).readText()`;
        assertEquals(await page.evaluate(read), "paperlantern, soft glow");
      }
      clean(page, hub.url);
    }),

  "filters by kind and words, and acts on all that match": (page) =>
    withFiles(async (hub, files) => {
      await page.open(`${hub.url}/library?lang=en`);
      await page.until(isLive);
      await page.evaluate("document.getElementById('filter-duplicate').click()");
      await page.until("document.querySelectorAll('#files tbody tr').length === 2");
      await page.until(isLive);
      await page.evaluate("document.getElementById('text').value = 'twin'");
      await page.evaluate("document.getElementById('search-now').click()");
      await page.until("document.querySelectorAll('#files tbody tr').length === 1");
      await page.until(isLive);
      assertEquals(await page.evaluate("new URL(location.href).searchParams.get('filter')"), "duplicate");
      await page.evaluate("document.querySelector('#bulk [name=all]').click()");
      await page.evaluate("document.getElementById('do-verify').click()");
      await page.until(`${note} === 'Started.'`);
      await page.until("document.getElementById('task').textContent.trim() === ''");
      const proved = files.library.list().rows.filter(({ provedMs }) => provedMs !== null && provedMs > 5);
      assertEquals(proved.map(({ name }) => name), ["loras/twin.safetensors"]);
      clean(page, hub.url);
    }),

  "puts the newer version into the queue, and works without JavaScript": (page) =>
    withFiles(async (hub, files) => {
      await page.scripts(false);
      await page.open(`${hub.url}/library?lang=en`);
      await page.evaluate("document.getElementById('do-update').click()");
      await page.until(`document.readyState === 'complete' && ${note} === 'Choose files first.'`);
      await page.evaluate("document.querySelector('#files input[type=checkbox]').click()");
      await page.evaluate("document.getElementById('do-verify').click()");
      await page.until(`document.readyState === 'complete' && ${note} === 'Started.'`);
      assertEquals(files.library.trouble, null);
      assertEquals(page.problems.filter((problem) => !problem.includes("status of 400")), []);
    }),
});
