import { assert, assertEquals } from "@std/assert";
import { type CatalogueModel, startCivitai } from "../../_civitai/mod.ts";
import { model } from "../watch/_watch.ts";
import { clean, drive, isLive } from "./_browser.ts";
import { serving } from "./_serving.ts";

const click = (id: string) => `document.getElementById(${JSON.stringify(id)}).click()`;
const fill = (id: string, text: string) =>
  `document.getElementById(${JSON.stringify(id)}).value = ${JSON.stringify(text)}`;
const says = (id: string, text: string) =>
  `document.getElementById(${JSON.stringify(id)})?.textContent.includes(${JSON.stringify(text)})`;

drive("the page Watch of civikit serve in Chromium", {
  async "add a rule, see its round, see what is published, change, pause and remove it"(page) {
    const shelf: CatalogueModel[] = [model(1, [{ id: 11 }])];
    await using site = await startCivitai({ models: shelf });
    const folder = await Deno.makeTempDir();
    try {
      await using served = await serving({ folder, site: site.url });
      await page.open(`${served.url}/watch?lang=en`);
      await page.until(isLive);
      await page.evaluate(fill("target", `${site.url}/user/lamplighter`));
      await page.evaluate(click("watch-now"));
      await page.until(says("note", "Watched from now on: creator:lamplighter"));
      await page.until(says("rule-1", "active"));
      assertEquals(await page.evaluate("document.getElementById('target').value"), "");

      shelf.unshift(model(2, [{ id: 21, at: new Date().toISOString() }], { name: "Fresh Lantern" }));
      await page.evaluate(click("now-1"));
      await page.until("document.querySelector('#finds tbody')?.textContent.includes('Fresh Lantern')");
      await page.until("document.querySelector('#find-1')?.textContent.includes('queued')");

      await page.evaluate("document.getElementById('edit-1').open = true");
      await page.evaluate(fill("schedule-1", "every 6h"));
      await page.evaluate(click("save-1"));
      await page.until(says("rule-1", "every 6h"));
      await page.evaluate(click("pause-1"));
      await page.until(says("rule-1", "paused"));

      await page.resize(360, 780);
      const isFitting = await page.evaluate("document.documentElement.scrollWidth <= innerWidth");
      assert(isFitting, "wider than the window at 360 px");

      await page.evaluate(click("remove-1"));
      await page.until("document.getElementById('none') !== null");
      clean(page, served.url);

      await page.resize(1280, 900);
      await page.open(`${served.url}/browse?lang=en`);
      await page.until(isLive);
      await page.evaluate(click("watchModel-1"));
      await page.until("document.getElementById('note')?.textContent.includes('model:1')");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
