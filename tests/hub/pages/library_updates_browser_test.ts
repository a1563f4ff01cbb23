import { assert, assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { clean, drive, isLive } from "./_browser.ts";
import { withUpdates } from "./_library_updates.ts";

const note = "document.getElementById('note').textContent";
const row = (name: string) =>
  `[...document.querySelectorAll('#files tbody tr')].find((one) => one.textContent.includes('${name}.safetensors'))`;
const isWide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";

drive("newer versions on the library page in Chromium", {
  "are ignored and taken again by the buttons, and badges follow": (page) =>
    withUpdates(async ({ hub, check, config }) => {
      await check();
      for (
        const [lang, ignored, kept] of [["en", "ignored version", "The rule is kept."], [
          "zh-TW",
          "略過的版本",
          "規則已記下。",
        ]]
      ) {
        await page.open(`${hub.url}/library?lang=${lang}`);
        await page.until(isLive);
        await page.evaluate(`${row("a")}.querySelector('details[id^=rules] summary').click()`);
        await page.evaluate(`${row("a")}.querySelector('[name=ignore]').click()`);
        await page.until(`${note} === '${kept}'`);
        await page.until(`${row("a")}.querySelector('.mark')?.textContent === '${ignored}'`);
        assertEquals(JSON.parse(await Deno.readTextFile(config)).updates.ignore, ["version:12"]);
        await page.evaluate(`${row("a")}.querySelector('[name=unignore]').click()`);
        await page.until(`${row("a")}.querySelector('.mark') === null`);
      }
      clean(page, hub.url);
    }),

  "take the old file's place, chosen with its fate, also without JavaScript": (page) =>
    withUpdates(async ({ hub, files, check, idle }) => {
      await check();
      await page.scripts(false);
      await page.open(`${hub.url}/library?lang=en`);
      await page.evaluate(`${row("a")}.querySelector('input[type=checkbox]').click()`);
      await page.evaluate("document.getElementById('old').value = 'trash'");
      await page.evaluate("document.getElementById('do-update').click()");
      await page.until(`document.readyState === 'complete' && ${note} === 'Started.'`);
      await idle();
      assert(readdirSync(files.folder).includes("file_120.safetensors"));
      assert(!readdirSync(files.folder).includes("a.safetensors"));
      assertEquals(page.problems, []);
    }),

  "and everything known of a file are to be read at 360 px, in both languages": (page) =>
    withUpdates(async ({ hub, check }) => {
      await check();
      await page.resize(360, 740);
      for (const lang of ["en", "zh-TW"]) {
        await page.open(`${hub.url}/library?lang=${lang}`);
        await page.until(isLive);
        await page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true), 1");
        assertEquals(await page.evaluate(isWide), false, lang);
        await page.evaluate(`${row("d")}.querySelector('th a').click()`);
        await page.until("document.getElementById('facts') !== null");
        await page.until(`document.readyState === 'complete' && ${isLive}`);
        assertEquals(await page.evaluate(isWide), false, `facts, ${lang}`);
        await page.evaluate("document.getElementById('back').click()");
        await page.until("document.getElementById('files') !== null");
      }
      clean(page, hub.url);
    }),
});
