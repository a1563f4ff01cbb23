import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { finishUpdates, openTrash } from "../../../api/mod.ts";
import { events, inWorld, sha256, tree, type World } from "../_world.ts";

const old = "paper_lantern.safetensors";
const fresh = "paper_lantern_v2.safetensors";

/** A folder in which files of the embedded site lie, by their names. */
const withFiles = (
  files: Readonly<Record<string, number>>,
  work: (world: World & { models: string }) => Promise<void>,
) =>
  inWorld(async (world) => {
    const models = join(world.folder, "models");
    for (const [name, id] of Object.entries(files)) {
      const { content } = world.civitai.file(id).file;
      Deno.mkdirSync(join(models, name, ".."), { recursive: true });
      Deno.writeFileSync(join(models, name), content.read(0, content.size));
    }
    await work({ ...world, models });
  });

Deno.test("civikit update FOLDER fetches the newer version beside the old file, which stays", () =>
  withFiles({ [`loras/${old}`]: 3001, "loras/notes.txt": 3001 }, async ({ run, models, civitai }) => {
    Deno.writeTextFileSync(
      join(models, "loras/paper_lantern.civikit.json"),
      `{"version":1,"notes":"at 0.8","tags":["x"]}`,
    );
    const refused = await run(["update", models]);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.io.err, "--all");
    const dry = await run(["update", models, "--all", "-n"]);
    assertEquals(dry.code, 0, dry.io.err);
    assert(
      /would update: .+v1.* -> .+: \S+paper_lantern\.safetensors -> \S+paper_lantern_v2\.safetensors/.test(dry.io.out),
      dry.io.out,
    );
    assertEquals(tree(models).filter((name) => name.endsWith(".safetensors")), [`loras/${old}`]);
    const { code, io } = await run(["update", models, "--all"]);
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.err, "the old file is kept");
    assertEquals(tree(models).filter((name) => name.endsWith(".safetensors")), [`loras/${old}`, `loras/${fresh}`]);
    assertEquals(await sha256(join(models, "loras", fresh)), await civitai.sha256(3002));
    assertStringIncludes(Deno.readTextFileSync(join(models, "loras/paper_lantern_v2.civikit.json")), "at 0.8");
    const again = await run(["update", models, "--all"]);
    assertStringIncludes(again.io.out, "nothing to update");
    assertEquals(events((await run(["update", models, "model:1001", "--json", "-n"])).io), []);
  }));

Deno.test("civikit update FOLDER --old replace takes the old file away once the new one is proved", () =>
  withFiles({ [old]: 3001, "untouched.safetensors": 3020 }, async ({ run, models, civitai }) => {
    civitai.faults.refuseDownloads(1_000, { status: 403, body: "{}" });
    assertEquals((await run(["update", models, "--all", "--old", "replace"])).code, 3);
    assertEquals(tree(models), [old, "untouched.safetensors"], "the new one could not be had");
    civitai.faults.heal();
    const { code, io } = await run(["update", models, "--all", "--old", "replace", "--json"]);
    assertEquals(code, 0, io.err);
    assertEquals(events(io).find(({ event }) => event === "moved")?.old, "replaced");
    assertEquals(tree(models), [fresh, "untouched.safetensors"]);
  }));

Deno.test("civikit update FOLDER --old replace gives the new file the old one's name where both have one", () =>
  withFiles({ [fresh]: 3001 }, async ({ run, models, civitai }) => {
    const { code, io } = await run(["update", models, "--all", "--old", "replace"]);
    assertEquals(code, 0, io.err);
    assertEquals(tree(models), [fresh]);
    assertEquals(await sha256(join(models, fresh)), await civitai.sha256(3002));
    assertEquals((await run(["update", models, "--all"])).io.out.includes("nothing to update"), true);
  }));

Deno.test("civikit update --old trash puts the old file away, of folders and of projects", () =>
  withFiles({ [old]: 3001, "same/paper_lantern_v2.safetensors": 3001 }, async ({ run, models, folder }) => {
    Deno.removeSync(join(models, "same"), { recursive: true });
    const { code, io } = await run(["update", models, "--all", "--old", "trash"]);
    assertEquals(code, 0, io.err);
    assertEquals(tree(models), [fresh]);
    assertEquals(openTrash([models]).list().map(({ why }) => why), ["updated"]);
    const project = join(folder, "project");
    await run(["add", "2001", "--project", project]);
    assertEquals((await run(["update", "--latest", "--old", "trash", "--project", project])).code, 0);
    assertEquals(tree(join(project, "models")), [fresh]);
    assertEquals(openTrash([join(project, "models")]).list().length, 1);
  }));

Deno.test("civikit update FOLDER keeps both where they have one name, and says where the new one is", () =>
  withFiles({ [fresh]: 3001 }, async ({ run, models, civitai }) => {
    assertEquals((await run(["update", models, "model:1001"])).code, 0);
    assertEquals(tree(models), ["paper_lantern_v2-3002.safetensors", fresh]);
    assertEquals(await sha256(join(models, fresh)), await civitai.sha256(3001));
  }));

Deno.test("civikit update FOLDER puts the new file where the layout puts it, if it put the old one there", () =>
  withFiles({ "Paper Lantern Style/v1.0/paper_lantern.safetensors": 3001 }, async ({ run, models }) => {
    const [known] = events((await run(["scan", models, "--json"])).io);
    const { modelName, versionName } = known as { modelName: string; versionName: string };
    Deno.renameSync(join(models, "Paper Lantern Style"), join(models, "x"));
    Deno.mkdirSync(join(models, modelName), { recursive: true });
    Deno.renameSync(join(models, "x", "v1.0"), join(models, modelName, versionName));
    Deno.removeSync(join(models, "x"));
    const env = { CIVIKIT_LAYOUT: "{model}/{version}/{file}" };
    assertEquals((await run(["update", models, "--all"], { env })).code, 0);
    const [one, other] = tree(models);
    assertEquals([one, other].map((path) => path!.split("/").length), [3, 3]);
    assert(one!.split("/")[1] !== other!.split("/")[1], `${one} ${other}`);
  }));

Deno.test("rules of folders stay in the settings, and those of a project in its manifest", () =>
  withFiles({ [old]: 3001 }, async ({ run, models, folder }) => {
    const set = await run(["update", "--ignore", "2002", "--json", models]);
    assertEquals(events(set.io)[0], { event: "rule", kind: "ignore", rule: "version:2002", where: "settings" });
    const dry = await run(["update", models, "--all", "-n"]);
    assertStringIncludes(dry.io.out, "ignored version");
    assertStringIncludes((await run(["scan", models, "--updates", "--any-base"])).io.out, "ignored version");
    assertEquals((await run(["scan", models, "--updates"])).io.out.includes("2002"), false);
    assertStringIncludes((await run(["update", "--rules", models])).io.out, "version:2002");
    assertStringIncludes((await run(["update", "--unignore", "2002", models])).io.out, "no rules");
    assertStringIncludes((await run(["update", models, "--all", "-n"])).io.out, "would update");
    assertEquals((await run(["update", "--ignore", "https://example.com/x", models])).code, 2);
    await run(["update", "--ignore", "base:SDXL 1.0", models]);
    assertStringIncludes((await run(["update", models, "--all", "-n"])).io.out, "ignored base model");
    const project = join(folder, "project");
    await run(["add", "2001", "--project", project]);
    assertEquals((await run(["update", "--ignore", "model:1001", "--project", project])).code, 0);
    const manifest = JSON.parse(Deno.readTextFileSync(join(project, "civikit.models.json")));
    assertEquals(manifest.updates, { ignore: ["model:1001"] });
    const stays = await run(["update", "--latest", "-n", "--project", project]);
    assertStringIncludes(stays.io.out, "a rule passes over");
    assertStringIncludes((await run(["outdated", "--project", project])).io.out, "everything is up to date");
    await run(["update", "--unignore", "model:1001", "--project", project]);
    assertEquals(JSON.parse(Deno.readTextFileSync(join(project, "civikit.models.json"))).updates, undefined);
  }));

Deno.test("an update of a folder that was killed between any two steps is ended by the next one, and loses nothing", () =>
  withFiles({ [fresh]: 3001 }, async ({ models, civitai }) => {
    const bytes = (id: number) => {
      const { content } = civitai.file(id).file;
      return content.read(0, content.size);
    };
    const path = join(models, fresh);
    const beside = join(models, "paper_lantern_v2-3002.safetensors");
    const state = join(models, ".civikit", "updates.jsonl");
    const [v1, v2] = [await civitai.sha256(3001), await civitai.sha256(3002)];
    const entry = { old: path, oldSha256: v1, fresh: beside, freshSha256: v2, target: path, how: "replace" };
    const begin = () => {
      Deno.mkdirSync(join(models, ".civikit"), { recursive: true });
      Deno.writeTextFileSync(state, `${JSON.stringify(entry)}\n{"old": "half a li`);
      Deno.writeFileSync(path, bytes(3001));
    };
    begin();
    assertEquals(await finishUpdates(models), [], "the new one never came");
    assertEquals([await sha256(path), tree(models)], [v1, [fresh]]);
    begin();
    Deno.writeFileSync(beside, bytes(3002));
    assertEquals((await finishUpdates(models)).map(({ state }) => state), ["replaced"]);
    assertEquals([await sha256(path), tree(models)], [v2, [fresh]]);
    begin();
    Deno.writeFileSync(path, bytes(3002));
    assertEquals((await finishUpdates(models)).map(({ state }) => state), ["replaced"], "only the note was left");
    begin();
    Deno.writeFileSync(beside, bytes(3020));
    assertEquals(await finishUpdates(models), [], "another file has the name: nothing gives way to it");
    assertEquals(await sha256(path), v1);
    begin();
    Deno.writeFileSync(beside, bytes(3002));
    Deno.writeTextFileSync(path, "changed by its user");
    assertEquals((await finishUpdates(models)).map(({ state }) => state), ["changed"]);
    assertEquals(Deno.readTextFileSync(path), "changed by its user");
  }));

Deno.test("civikit update refuses folders that are not there, and models that are not in them", () =>
  withFiles({ [old]: 3001 }, async ({ run, models, folder }) => {
    const missing = await run(["update", join(folder, "modles"), "--all", "--project", folder]);
    assertEquals(missing.code, 2);
    assertStringIncludes(missing.io.err, "modles: no such folder, and no project to look in");
    for (const what of ["model:424242", "424242"]) {
      const { code, io } = await run(["update", models, what]);
      assertEquals(code, 2, io.err);
      assertStringIncludes(io.err, `${what}: not among the models there`);
    }
    assertEquals((await run(["update", models, "model:1001", "-n"])).code, 0);
    assertEquals((await run(["update", models, "2001", "-n"])).code, 0);
  }));
