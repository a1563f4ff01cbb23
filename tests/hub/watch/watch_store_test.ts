import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { watchStore } from "../../../hub/watch/mod.ts";
import { DiskError, InputError } from "../../../transport/mod.ts";
import { fakeClock } from "../../_civitai/mod.ts";
import { withFolder } from "../../_support/folder.ts";

const inFolder = (work: (path: string) => void | Promise<void>) =>
  withFolder((folder) => work(`${folder}/state/watch.sqlite`));

Deno.test("watchStore() keeps rules for the user alone, and opens them again", () =>
  inFolder(async (path) => {
    {
      using store = watchStore(path);
      store.add({ target: "tag:style", filters: { bases: ["b", "a", "b"], early: "take" }, schedule: "every 6h" });
    }
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    using store = watchStore(path);
    const [rule] = store.list();
    assertEquals([rule!.id, rule!.filters, rule!.schedule], ["1", { bases: ["a", "b"] }, "every 6h"]);
  }));

Deno.test("watchStore() sets a damaged file aside and says where, and leaves one of a newer civikit alone", () =>
  inFolder(async (path) => {
    watchStore(path).close();
    await Deno.writeTextFile(path, "no database at all".repeat(100));
    const aside: string[] = [];
    watchStore(path, { onSetAside: (place) => aside.push(place) }).close();
    assertEquals(aside.length, 1);
    assert(aside[0]!.startsWith(`${path}.corrupt-`));

    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    assertEquals(assertThrows(() => watchStore(path), DiskError).code, "newer_format");
  }));

Deno.test("watchStore() says the same rule again instead of adding it twice", () =>
  inFolder((path) => {
    using store = watchStore(path);
    const first = store.add({ target: "https://civitai.com/user/lamplighter", filters: { types: ["LORA", "VAE"] } });
    const again = store.add({ target: "creator:lamplighter", filters: { types: ["VAE", "LORA"] } });
    const other = store.add({ target: "creator:lamplighter" });
    assertEquals([first.isNew, again.isNew, again.rule.id, other.isNew], [true, false, first.rule.id, true]);
  }));

for (
  const [what, rule] of [
    ["a schedule that is none", { schedule: "now and then" }],
    ["an unknown zone", { timeZone: "Mars" }],
    ["a folder that is not absolute", { options: { dir: "models" } }],
    ["a folder and a layout", { options: { dir: "/models", layout: "comfyui" } }],
    ["no base model", { filters: { bases: [" "] } }],
    ["an unknown level", { filters: { level: "y" as "x" } }],
    ["a backlog beyond a page", { backlog: 101 }],
    ["an unknown option", { options: { output: "x" } as object }],
  ] as const
) {
  Deno.test(`watchStore() refuses ${what}`, () => {
    using store = watchStore(":memory:");
    assertThrows(() => store.add({ target: "tag:x", ...rule }), InputError);
    assertEquals(store.list(), []);
  });
}

Deno.test("watchStore() lets a rule rest and go on, makes it due, and forgets it", () => {
  const clock = fakeClock();
  using store = watchStore(":memory:", { clock });
  const { rule: { id } } = store.add({ target: "tag:x" });
  assertEquals(store.pause(id, true)!.isPaused, true);
  assertEquals(store.claim("w", 1000, 5).length, 0);
  store.pause(id, false);
  assertEquals(store.claim("w", 1000, 5).length, 1);
  assertEquals([store.nextMs(), store.hurry(id)!.nextMs], [clock.date(), clock.date()]);
  assertEquals([store.remove(id)!.id, store.remove(id), store.get("x")], [id, undefined, undefined]);
  assertEquals([store.nextMs(), store.edit(id, {}), store.pause(id, true)], [null, undefined, undefined]);
});

Deno.test("watchStore() drops the round of a rule that was changed meanwhile", () => {
  using store = watchStore(":memory:");
  const { rule: { id } } = store.add({ target: "tag:x" });
  store.claim("w", 1000, 1);
  store.edit(id, { filters: { types: ["LORA"] } });
  assertEquals(store.fail("w", id, { code: "not_found" }, 0), undefined);
  assertEquals(store.claim("w", 1000, 1).length, 1);
});
