// deno-lint-ignore-file no-console -- what it prints is what it is for
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { png } from "../../../testing/files/pictures.ts";
import { findChromium, startChromium } from "../../_support/chromium.ts";
import { sha256Of, startHub, weightsOf } from "../../_support/hub.ts";
import { identity, testLibrary } from "../library/_library.ts";
import { serveHub } from "../_service.ts";

const hasChromium = findChromium() !== undefined;
if (!hasChromium) console.log("chromium is not installed: the test of dropped pictures in a browser is skipped");

const isLive = "document.getElementById('connection')?.className.includes('is-live')";

Deno.test({
  name:
    "a picture that is dropped on the queue page in Chromium: what is here, what is missing, and one button for the rest",
  ignore: !hasChromium,
  // the browser's own process and socket outlive single steps
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const weights = weightsOf(1);
    await using files = await testLibrary();
    const own = await files.write("loras/here_already.safetensors", "a", identity(5));
    await files.library.look();
    await using world = await startHub({ "ae.safetensors": weights });
    await using hub = await serveHub({ library: files.library });
    const hash = (await hub.civitai.sha256(3002)).slice(0, 10);
    const parameters = "a lantern <lora:here_already:1> <lora:nobody_knows:1>\nNegative prompt: blurry\n" +
      `Steps: 20, Sampler: Euler a, Lora hashes: "somebodys_copy: ${hash}"`;
    const models = [{ name: "ae.safetensors", url: world.at("ae.safetensors"), directory: "vae" }];
    const bytes = png({ parameters, workflow: JSON.stringify({ nodes: [{ properties: { models } }] }) });
    await using page = await startChromium();
    for (const [lang, button] of [["en", "Get the rest (2)"], ["zh-TW", "取得缺少的（2 筆）"]]) {
      await page.resize(lang === "en" ? 1280 : 360, 900);
      await page.open(`${hub.url}/?lang=${lang}`);
      await page.until(isLive);
      await page.evaluate(`(() => {
        const bytes = Uint8Array.fromBase64?.("${bytes.toBase64()}") ??
          Uint8Array.from(atob("${bytes.toBase64()}"), (one) => one.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "lantern.png", { type: "image/png" }));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
      })()`);
      await page.until("document.querySelectorAll('#preview li').length === 4");
      await page.until(`document.getElementById('queue-these')?.textContent === '${button}'`);
      const text = await page.evaluate<string>("document.getElementById('preview').textContent");
      for (const word of [own, "somebodys_copy", "paper_lantern_v2.safetensors", "ae.safetensors", "nobody_knows"]) {
        assertStringIncludes(text, word, lang);
      }
      assert(await page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"), lang);
    }
    await page.evaluate("document.getElementById('queue-these').click()");
    await page.until("document.getElementById('preview') === null");
    const { jobs } = await hub.queue.list();
    assertEquals(jobs.map(({ reference }) => reference).sort(), ["2002", world.at("ae.safetensors")].sort());
    const elsewhere = jobs.find(({ reference }) => reference !== "2002")!;
    assertEquals([elsewhere.options.sha256?.toUpperCase(), elsewhere.options.output], [
      ...[await sha256Of(weights), "ae.safetensors"],
    ]);
    assertEquals(page.problems, []);
  },
});
