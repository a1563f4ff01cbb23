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
    await page.until("document.getElementById('note')?.textContent.includes('Done: 1 file.')");
    assertEquals(tree(files.folder), ["models/loras/lantern.safetensors"]);
    await page.until("document.getElementById('do-undo') !== null");
    await page.evaluate("document.getElementById('do-undo').click()");
    await page.until("document.getElementById('history')?.textContent.includes('undone')");
    assertEquals(tree(files.folder), ["loose/lantern.safetensors"]);
    clean(page, hub.url);
  },
  "fits on 360 pixels in both languages, with long paths, duplicates and the trash": async (page) => {
    await using files = await testTidy();
    const name = "a_lantern_with_quite_a_long_name_of_which_nobody_knows_where_it_could_be_broken";
    for (const folder of ["a", "b"]) await files.write(`${folder}/${name}.safetensors`, "same", identity(7));
    await files.write(`${name}.safetensors`, "gone", identity(8));
    await files.library.look();
    await files.tidy.trash().put(`${files.folder}/${name}.safetensors`, { why: "duplicate" });
    await using hub = await serveHub({ library: files.library, tidy: files.tidy, roots: () => [files.folder] });
    await page.resize(360, 800);
    for (const lang of ["en", "zh-TW"]) {
      await page.open(`${hub.url}/tidy?layout=comfyui&lang=${lang}`);
      const missing = "['#plan', '#do-trash', '#items'].filter((one) => document.querySelector(one) === null)";
      assertEquals(await page.evaluate<string[]>(missing), []);
      assertEquals(await page.evaluate<number>("document.documentElement.scrollWidth"), 360, lang);
      const clipped =
        "[...document.querySelectorAll('.wide')].filter((one) => one.scrollWidth > one.clientWidth).length";
      assertEquals(await page.evaluate<number>(clipped), 0, lang);
    }
  },
});
