import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, type Ran, tree, type World } from "../_world.ts";

/** Runs `civikit watch` and others on rules of this test's own. */
function inWatch(work: (world: World, run: (...args: string[]) => Promise<Ran>) => Promise<void>): Promise<void> {
  return inWorld((world) => {
    const env = { CIVIKIT_STATE_DIR: join(world.folder, ".state"), TZ: "UTC" };
    return work(world, (...args) => world.run(args, { env }));
  });
}

const lines = async (run: Promise<Ran>) => events((await run).io);

Deno.test("watch: what is added is looked at, goes to the queue, and is downloaded", () =>
  inWatch(async ({ civitai, folder }, run) => {
    const added = await run("watch", "add", "model:1001", "--backlog", "1", "--dir", folder, "--json");
    assertEquals([added.code, events(added.io).map(({ event }) => event)], [0, ["added", "summary"]]);
    const ran = await lines(run("watch", "run", "--once", "--json"));
    assertEquals(ran.map(({ event }) => event), ["found", "round", "queued", "summary"]);
    assertEquals([ran[0]!["key"], ran[0]!["state"], ran[0]!["name"]], [
      "version:2002",
      "queueing",
      "Paper Lantern Style",
    ]);
    assertEquals(ran[0]!["url"], `${civitai.url}/models/1001?modelVersionId=2002`);
    assertEquals([ran[0]!["id"], ran[0]!["modelId"], ran[0]!["versionId"]], ["1", 1001, 2002]);
    assertEquals((await run("queue", "run")).code, 0);
    assertEquals(tree(folder), ["paper_lantern_v2.safetensors"]);
    assertEquals((await lines(run("watch", "run", "--once", "--json"))).map(({ event }) => event), ["summary"]);
    const { io } = await run("watch", "history");
    for (const word of ["FOUND", "Paper Lantern Style", "queued", "model:1001"]) assertStringIncludes(io.out, word);
    assertEquals((await lines(run("watch", "history", "1", "--rounds", "--json"))).length, 1);
  }));

Deno.test("watch: a dry run says what would be found, and keeps nothing", () =>
  inWatch(async ({ civitai }, run) => {
    const dry = await lines(run("watch", "add", "creator:lamplighter", "--backlog", "2", "--dry-run", "--json"));
    assertEquals(dry.map(({ event }) => event), ["would_add", "would_find", "would_find", "summary"]);
    assertEquals(civitai.log.length, 1);
    assertEquals(await lines(run("watch", "list", "--json")), []);

    await run("watch", "add", "creator:lamplighter", "--backlog", "2", "--tell");
    assertMatch((await run("watch", "run", "-n")).io.out, /2 would be found/);
    const [rule] = await lines(run("watch", "list", "--json"));
    assertEquals([rule!["lastMs"], rule!["isReady"]], [null, false]);
    assertEquals((await lines(run("watch", "remove", "1", "-n", "--json")))[0]!["event"], "would_remove");
    assertEquals((await lines(run("watch", "list", "--json"))).length, 1);
  }));

Deno.test("watch: rules are listed, shown, edited, paused, resumed and removed", () =>
  inWatch(async (world, run) => {
    const add = ["watch", "add", "creator:lamplighter", "tag:style", "--base", "SDXL 1.0", "--type", "LORA,VAE"];
    assertEquals((await run(...add, "--max-size", "7G", "--level", "r", "--early", "wait", "--tell")).code, 0);
    assertStringIncludes(
      (await run(...add, "--max-size", "7G", "--level", "r", "--early", "wait", "--tell")).io.out,
      "2 there",
    );
    const edited = await run(
      "watch",
      "edit",
      "1",
      "--schedule",
      "daily at 07:30",
      "--time-zone",
      "Asia/Taipei",
      "--enqueue",
    );
    assertEquals(edited.code, 0, edited.io.err);
    await run("watch", "edit", "1", "--format", "GGUF", "--layout", "comfyui");
    const { out } = (await run("watch", "show", "1")).io;
    for (
      const word of [
        "creator:lamplighter",
        "to the queue",
        "base models SDXL 1.0",
        "formats GGUF",
        "≤ 7.0 GB",
        "layout comfyui",
      ]
        .concat(["daily at 07:30, Asia/Taipei", "never", "due"])
    ) assertStringIncludes(out, word);
    for (const action of ["show", "pause", "now"]) {
      assertStringIncludes((await run("watch", action, "77")).io.err, "civikit watch list");
    }
    const back = await run("watch", "edit", "1", "--schedule", "");
    assertEquals(back.code, 0, back.io.err);
    assertStringIncludes((await run("watch", "show", "1")).io.out, "daily (the setting watch.schedule)");
    assertEquals((await run("watch", "pause", "1", "--dry-run")).io.out, "1 rule would be paused\n");
    assertEquals((await run("watch", "pause", "1")).io.out, "1 rule paused\n");
    assertMatch((await run("watch", "list")).io.out, /1 +creator:lamplighter +paused/);
    assertEquals((await lines(run("watch", "run", "--once", "--json"))).at(-1)!["rounds"], 1);
    const env = { CIVIKIT_STATE_DIR: join(world.folder, ".state"), TZ: "UTC" };
    const narrow = (...args: string[]) => world.run(args, { env, isTerminal: true, columns: 40 });
    for (const lang of ["en", "zh-TW"]) {
      const { io } = await narrow("watch", "list", "--lang", lang);
      assert(!io.out.includes("…"), `half a date says nothing: ${io.out}`);
    }
    assertEquals((await lines(run("watch", "now", "1", "--json"))).at(-1)!["rounds"], 1, "paused, but asked for");
    assertMatch((await narrow("watch", "show", "1")).io.out, /\n\nID · WHEN · /, "the rounds stand apart");
    await run("watch", "resume", "all");
    assertEquals((await lines(run("watch", "remove", "all", "--json"))).at(-1)!["changed"], 2);
    assertStringIncludes((await run("watch", "list")).io.err, "nothing is watched");
  }));

Deno.test("watch: what fails is said, with a code, and the others go on", () =>
  inWatch(async (_, run) => {
    await run("watch", "add", "creator:nobody", "creator:lamplighter");
    const ran = await run("watch", "now");
    assertEquals(ran.code, 4, ran.io.err);
    assertStringIncludes(ran.io.err, "the site has no such thing any more");
    assertStringIncludes(ran.io.out, "1 round, 0 found, 0 queued, 1 failed");
    const text = (await run("watch", "list")).io.out;
    assertMatch(text, /creator:nobody +failing/);
    assertMatch(text, /\n\n1 {2}creator:nobody\nWHY +Not found \(not_found\): .*HTTP 404/i);
    assertMatch(text, /\nwhat to do +Check .*\nlast round +[\d-]+ [\d:]+, failed\nnext round +[\d-]+ [\d:]+\n$/);
    await run("watch", "now", "1");
    assertMatch((await run("watch", "show", "1")).io.out, /\nlast round +[\d-]+ [\d:]+, failed 2 times in a row\n/);
    const [failing, fine] = await lines(run("watch", "list", "--json"));
    assertEquals([failing!["failures"], (failing!["why"] as { code: string }).code], [2, "not_found"]);
    assertMatch(String(failing!["hint"]), /^Check /);
    assertEquals([fine!["why"], fine!["hint"]], [null, null]);
    const zh = (await run("watch", "list", "--lang", "zh-TW")).io.out;
    assertMatch(zh, /\n原因 +找不到（?.*not_found.*\n處理 .*\n上一輪 .*，連續失敗 2 次\n下一輪 /);
  }));

Deno.test("watch: a refused key is said at once, in both languages, and again in the list", () =>
  inWatch(async (_, run) => {
    await run("watch", "add", "favorites");
    assertStringIncludes((await run("watch", "now")).io.err, "tried again as soon as there is another: civikit login");
    assertMatch((await run("watch", "list")).io.out, /favorites +key refused/);
    assertStringIncludes((await run("watch", "now", "--lang", "zh-TW")).io.err, "有了新的就立刻再試");
    assertMatch((await run("watch", "list", "--lang", "zh-TW")).io.out, /favorites +金鑰被拒/);
  }));

Deno.test("watch: what cannot be meant is refused by name", () =>
  inWatch(async (_, run) => {
    for (
      const [args, word] of [
        [["add"], "what is to be watched"],
        [["add", "lamplighter"], "understood are"],
        [["add", "tag:x", "--schedule", "now and then"], "now and then"],
        [["add", "tag:x", "--time-zone", "Mars"], "Mars"],
        [["add", "tag:x", "--max-size", "large"], "large"],
        [["add", "tag:x", "--tell", "--enqueue"], "--enqueue"],
        [["edit", "1"], "none"],
        [["pause"], "numbers of rules"],
        [["show", "9"], 'rule "9"'],
        [["remove", "9"], 'rule "9"'],
        [["history", "x"], 'rule "x"'],
        [["look"], "look"],
      ] as const
    ) {
      const { code, io } = await run("watch", ...args);
      assert(code !== 0, args.join(" "));
      assertStringIncludes(io.err, word);
    }
    assertEquals(await lines(run("watch", "list", "--json")), []);
  }));

Deno.test("watch: a page that was kept is asked for again by its entity tag, and costs no body while nothing changes", () =>
  inWatch(async ({ civitai }, run) => {
    await run("watch", "add", "model:1001", "creator:lamplighter");
    for (let round = 0; round < 2; round++) await run("watch", "now");
    assertEquals(civitai.log.map(({ status }) => status), [200, 200, 304, 304]);
  }));
