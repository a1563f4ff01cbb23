import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, tree } from "../_world.ts";

Deno.test("civikit versions get tells early access with its end, and trigger words, in both languages", async () => {
  await inWorld(async ({ run }) => {
    const early = (await run(["versions", "get", "2070"])).io.out;
    assertMatch(early, /access +early access until 2099-01-01/);
    const words = (await run(["versions", "get", "2001"])).io.out;
    assertMatch(words, /trigger words +paperlantern, soft glow/);
    assertEquals(words.includes("early access"), false);
    const chinese = (await run(["versions", "get", "2070", "--lang", "zh-TW"])).io.out;
    assertMatch(chinese, /取得 +搶先體驗，到 2099-01-01 為止/);
    assertEquals(/\bpublished|FILE\b/.test(chinese), false, chinese);
  });
});

Deno.test("civikit models get tells what can be had, trigger words, sizes, and what to type next", async () => {
  await inWorld(async ({ run }) => {
    assertMatch((await run(["models", "get", "1008"])).io.out, /2070 .*early access until 2099-01-01/);
    assertMatch((await run(["models", "get", "1012"])).io.out, /2110 .*no downloads \(Generation\)/);
    const { io } = await run(["models", "get", "1001"]);
    assertMatch(io.out, /trigger words:\n +2002 +paperlantern\n +2001 +paperlantern, soft glow\n/);
    assertStringIncludes(io.err, "next: civikit download 2002");
    assertMatch((await run(["models", "get", "1002"])).io.out, /2010 .*\+ 2 more/);
    // nothing is offered that could not be had, and JSON is the site's answer alone
    assertEquals((await run(["models", "get", "1012"])).io.err.includes("civikit download"), false);
    const json = await run(["models", "get", "1001", "--json"]);
    assertEquals([JSON.parse(json.io.out).id, json.io.err], [1001, ""]);
  });
});

Deno.test("civikit models search says what to type next", async () => {
  await inWorld(async ({ run }) => {
    const { io } = await run(["models", "search", "lantern"]);
    assertStringIncludes(io.err, "next: civikit models get 1001, or civikit download model:1001");
    assertMatch(io.out, /ID +NAME +TYPE +BASE +CREATOR +DOWNLOADS +DATE\n/);
    assertMatch(io.out, /1,436 +\d{4}-\d\d-\d\d\n/);
    const chinese = (await run(["models", "search", "lantern", "--lang", "zh-TW"])).io;
    assertStringIncludes(chinese.err, "接下來：civikit models get 1001，或 civikit download model:1001");
    assertStringIncludes(chinese.out, "編號");
    assertEquals((await run(["models", "search", "lantern", "--json"])).io.err, "");
  });
});

Deno.test("civikit download fetches a list's folders side by side, under one --jobs", async () => {
  await inWorld(async ({ run, folder }) => {
    const list = join(folder, "list.txt");
    // alike in name, and all begun before the first is done
    Deno.writeTextFileSync(
      list,
      ["a", "b"].map((to) => `2001\n  dir=${folder}/${to}\n`).join("") + `2002\n  dir=${folder}/b\n`,
    );
    const { code, io } = await run(["download", "--from", list, "--jobs", "3", "--json"]);
    assertEquals(code, 0, io.err);
    const begun = events(io).map(({ event }) => event);
    assertEquals(begun.filter((event) => event === "start").length, 3, begun.join(" "));
    assertEquals(begun.indexOf("done") > begun.lastIndexOf("start"), true, begun.join(" "));
    assertEquals(tree(folder), [
      "a/paper_lantern.safetensors",
      "b/paper_lantern.safetensors",
      "b/paper_lantern_v2.safetensors",
      "list.txt",
    ]);
  });
});

Deno.test("an AIR of another ecosystem or type is told", async () => {
  await inWorld(async ({ run, folder }) => {
    const args = ["download", "--dir", folder, "--dry-run"];
    const { io } = await run([...args, "urn:air:flux1:checkpoint:civitai:1001@2002"]);
    assertStringIncludes(io.out, 'the AIR says ecosystem "flux1", the site "sdxl"');
    assertStringIncludes(io.out, 'the AIR says type "checkpoint", the site "lora"');
    assertEquals((await run([...args, "urn:air:sdxl:lora:civitai:1001@2002"])).io.out.includes("the AIR says"), false);
  });
});
