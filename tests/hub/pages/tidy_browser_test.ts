import { assertEquals } from "@std/assert";
import { tree } from "../../cli/_world.ts";
import { serveHub } from "../_service.ts";
import { identity } from "../library/_library.ts";
import { testTidy } from "../library/_tidy.ts";
import { clean, drive } from "./_browser.ts";

drive("the page for tidying up in Chromium", {
  "shows what would move, moves it and takes it back": async (page) => {
    await using files = await testTidy();
    await files.write("loose/lantern.safetensors", "a", identity(7));
    await files.library.look();
    await using hub = await serveHub({ library: files.library, tidy: files.tidy, roots: () => [files.folder] });
    await page.open(`${hub.url}/tidy?lang=en`);
    await page.evaluate("document.getElementById('layout').value = 'comfyui'");
    await page.evaluate("document.getElementById('preview').click()");
    await page.until(
      "document.querySelector('#plan tbody td:last-child')?.textContent === 'models/loras/lantern.safetensors'",
    );
    await page.evaluate("document.getElementById('do-organize').click()");
    await page.until("document.getElementById('note')?.textContent.includes('Done: 1 files.')");
    assertEquals(tree(files.folder), ["models/loras/lantern.safetensors"]);
    await page.until("document.getElementById('do-undo') !== null");
    await page.evaluate("document.getElementById('do-undo').click()");
    await page.until("document.getElementById('history')?.textContent.includes('undone')");
    assertEquals(tree(files.folder), ["loose/lantern.safetensors"]);
    clean(page, hub.url);
  },
});
