import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openTrash } from "../../../api/mod.ts";
import type { ServedHub } from "../_service.ts";
import { withUpdates } from "./_library_updates.ts";

const text = async (answer: Promise<Response>): Promise<string> => await (await answer).text();
/** The row of a file, by its name. */
async function rowOf(hub: ServedHub, name: string, query = ""): Promise<string> {
  const page = await text(hub.ask("GET", `/library${query}`));
  const rows = page.split("<tr id=").filter((one) => one.includes(`>${name}</a>`));
  assertEquals(rows.length, 1, name);
  return rows[0]!.split("</tr>")[0]!;
}

Deno.test("the library page tells what there is to each newer version, and what is gone", () =>
  withUpdates(async ({ hub, check }) => {
    await check();
    assertStringIncludes(await rowOf(hub, "a.safetensors"), "newer: v12");
    assertStringIncludes(await rowOf(hub, "b.safetensors"), "early access until 2099-01-02");
    assertStringIncludes(await rowOf(hub, "c.safetensors"), "newer only for Pony");
    assertStringIncludes(await rowOf(hub, "d.safetensors"), "gone from the site");
    assertStringIncludes(await rowOf(hub, "b.safetensors", "?lang=zh-TW"), "搶先體驗至 2099-01-02");
    const waiting = await text(hub.ask("GET", "/library?filter=waiting"));
    assertEquals(waiting.match(/<tr id="file-/g)?.length, 2);
    const { items } = await (await hub.ask("GET", "/api/v1/library")).json();
    assertEquals(
      items.map(({ newerVersionId, waiting, goneMs }: Record<string, unknown>) => [
        newerVersionId,
        (waiting as { state: string } | null)?.state,
        goneMs !== null,
      ]),
      [[12, undefined, false], [null, "early_access", false], [null, "other_base", false], [null, undefined, true]],
    );
  }));

Deno.test("the library page ignores and takes again by plain forms, where civikit update --ignore keeps it", () =>
  withUpdates(async ({ hub, check, config }) => {
    await check();
    assertStringIncludes(await rowOf(hub, "a.safetensors"), 'name="ignore" value="version:12"');
    const kept = async () => JSON.parse(await Deno.readTextFile(config)).updates?.ignore;
    for (
      const [rule, badge] of [
        ["version:12", "ignored version"],
        ["model:1", "ignored model"],
        ["base:SDXL 1.0", "ignored base model"],
      ] as const
    ) {
      assertStringIncludes(await text(hub.send("/library/rules", { ignore: rule })), "The rule is kept.");
      assertEquals(await kept(), [rule]);
      const row = await rowOf(hub, "a.safetensors");
      assertStringIncludes(row, badge);
      assertStringIncludes(row, `name="unignore" value="${rule}"`);
      assert(!row.includes("newer: v12"));
      await text(hub.send("/library/rules", { unignore: rule }));
      assertStringIncludes(await rowOf(hub, "a.safetensors"), "newer: v12");
    }
    // the sold one is not told as sold while it is ignored, and is again after that
    await text(hub.send("/library/rules", { ignore: "model:2" }));
    assertStringIncludes(await text(hub.ask("GET", "/library?lang=zh-TW")), "規則：1");
    await text(hub.send("/library/rules", { unignore: "model:2" }));
    assertStringIncludes(await rowOf(hub, "b.safetensors"), "early access until");
    assertStringIncludes(await rowOf(hub, "c.safetensors"), 'name="otherBase" value="model:3"');
    await text(hub.send("/library/rules", { otherBase: "model:3" }));
    assertEquals(JSON.parse(await Deno.readTextFile(config)).updates, { otherBase: ["model:3"] });
    assertStringIncludes(await rowOf(hub, "c.safetensors"), "newer: v32");
    assertStringIncludes(await text(hub.ask("GET", "/library")), 'name="sameBase" value="model:3"');
    await text(hub.send("/library/rules", { sameBase: "model:3" }));
    assertStringIncludes(await rowOf(hub, "c.safetensors"), "newer only for Pony");
    const refused = await hub.send("/library/rules", { ignore: "https://example.com/<b>" });
    assertEquals(refused.status, 400);
    assertStringIncludes(await refused.text(), "no version, model or base:NAME");
  }));

Deno.test("/api/v1/library/rules lists and changes rules, as typed for the command", () =>
  withUpdates(async ({ hub }) => {
    assertEquals(await (await hub.ask("GET", "/api/v1/library/rules")).json(), { ignore: [], otherBase: [] });
    const changed = await hub.ask("POST", "/api/v1/library/rules", { ignore: ["2002", "base: Pony "] });
    assertEquals(await changed.json(), { ignore: ["version:2002", "base:Pony"], otherBase: [] });
    assertEquals(
      (await hub.ask("POST", "/api/v1/library/rules", { ignore: ["who?"], unignore: ["2002"] })).status,
      400,
    );
    assertEquals((await (await hub.ask("GET", "/api/v1/library/rules")).json()).ignore.length, 2);
    await (await hub.ask("POST", "/api/v1/library/rules", { unignore: ["version:2002", "base:pony"] })).body?.cancel();
    assertEquals(await (await hub.ask("GET", "/api/v1/library/rules")).json(), { ignore: [], otherBase: [] });
  }));

for (const old of ["keep", "trash", "replace"] as const) {
  Deno.test(`the library page gets a newer version with the old file to ${old}`, () =>
    withUpdates(async ({ hub, files, check, idle }) => {
      await check();
      await Deno.writeTextFile(join(files.folder, "a.civikit.json"), `{"version":1,"notes":"mine"}`);
      const all = { action: "update", all: "1", query: "/library", old };
      const said = await text(hub.send("/library/do", all));
      assertStringIncludes(said, old === "keep" ? "1 added to the queue." : "Started.");
      await idle();
      if (old === "keep") {
        const { jobs } = await hub.queue.list({});
        assertEquals(jobs.map(({ reference, options }) => [reference, options.dir]), [["version:12", files.folder]]);
        return;
      }
      assertEquals(files.library.trouble, null);
      const names = readdirSync(files.folder).filter((name) => name.endsWith(".safetensors")).sort();
      assertEquals(names, ["b.safetensors", "c.safetensors", "d.safetensors", "file_120.safetensors"]);
      assertStringIncludes(await Deno.readTextFile(join(files.folder, "file_120.civikit.json")), "mine");
      assert(existsSync(join(files.folder, "file_120.civitai.info")), "sidecars are written");
      assertEquals(openTrash([files.folder]).list().length, old === "trash" ? 1 : 0);
      assertEquals(files.library.counts().update, 0, "what has come is no news");
    }));
}

Deno.test("the library page shows of a file what civikit show shows, in both languages", () =>
  withUpdates(async ({ hub, files, check }) => {
    await check();
    const row = files.library.list({ text: "d.safetensors" }).rows[0]!;
    await Deno.writeTextFile(join(files.folder, "d.civikit.json"), `{"version":1,"notes":"<i>at 0.8"}`);
    const page = await text(hub.ask("GET", `/library/file/${row.id}`));
    for (
      const part of [
        row.path,
        row.sha256!,
        "Model 41 (4)",
        "gone from the site since",
        "&lt;i&gt;at 0.8",
        "d.civikit.json",
      ]
    ) {
      assertStringIncludes(page, part);
    }
    assertStringIncludes(await text(hub.ask("GET", `/library/file/${row.id}?lang=zh-TW`)), "起網站已下架");
    const facts = await (await hub.ask("GET", `/api/v1/library/${row.id}/facts`)).json();
    assertEquals([facts.identity.versionId, facts.usage.notes], [41, "<i>at 0.8"]);
    assertEquals((await hub.ask("GET", `/api/v1/library/${"0".repeat(16)}/facts`)).status, 404);
    assertEquals((await hub.ask("GET", `/library/file/${"0".repeat(16)}`)).status, 400);
  }));
