import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, sha256, tree, type World } from "../_world.ts";

/** Everything below `folder`, hidden files too: path to content. */
function everything(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (!isDirectory) found[name] = new TextDecoder("latin1").decode(Deno.readFileSync(path));
    else for (const [below, text] of Object.entries(everything(path))) found[`${name}/${below}`] = text;
  }
  return found;
}

function copy(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copy(join(from, name), join(to, name));
    else Deno.copyFileSync(join(from, name), join(to, name));
  }
}

const old = "paper_lantern.safetensors";
const fresh = "paper_lantern_v2.safetensors";
const models = (folder: string) => tree(join(folder, "models"));

/** A project in which the first version of a model is installed. */
const inProject = (work: (world: World & { project: string }) => Promise<void>) =>
  inWorld(async (world) => {
    const project = join(world.folder, "project");
    assertEquals((await world.run(["add", "2001", "--project", project])).code, 0);
    await work({ ...world, project });
  });

Deno.test("--dry-run of add, install, update and remove says what would happen, and changes nothing", () =>
  inProject(async ({ run, folder, civitai, project }) => {
    const runs: [string[], string[], string[]][] = [
      [["add", "2020"], ["would add: ", "softedges-neg.safetensors", "1 file, "], ["would_add", "would_download"]],
      [["install"], ["nothing to fetch"], []],
      [
        ["update", "--latest"],
        ["would update: ", "@2001 -> ", "@2002: ", `${old} -> ${fresh}`, "1 file, ", `would remove: ${old}`],
        ["would_move", "would_download", "would_remove"],
      ],
      [["remove", "2001"], ["would remove from the manifest", `would remove: ${old}`], [
        "would_unwant",
        "would_remove",
      ]],
      [["remove", "2001", "--keep-files"], ["would remove from the manifest"], ["would_unwant"]],
      [["update", "--latest", "--old", "keep"], ["would update: "], ["would_move", "would_download"]],
    ];
    const before = everything(project);
    const asked = civitai.storage.log.length;
    for (const [args, words, names] of runs) {
      const all = [...args, "--project", project, "--dry-run"];
      const shown = await run(all);
      assertEquals(shown.code, 0, shown.io.err);
      for (const word of words) assertStringIncludes(shown.io.out, word, args.join(" "));
      assertEquals(events((await run([...all, "--json"])).io).map(({ event }) => event), names);
      assertEquals(everything(project), before, args.join(" "));
    }
    const empty = join(folder, "new");
    assertEquals((await run(["add", "2002", "--project", empty, "-n"])).code, 0);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["project"], "no folder was made");
    assertEquals(civitai.storage.log.length, asked, "nothing was fetched");
  }));

Deno.test("civikit update --latest keeps the old file until the new one is verified and there", () =>
  inProject(async ({ run, civitai, project }) => {
    civitai.faults.refuseDownloads(1_000, { status: 403, body: "{}" });
    const failed = await run(["update", "--latest", "--project", project]);
    assertEquals(failed.code, 3, failed.io.err);
    assertEquals(models(project), [old]);
    assertStringIncludes(failed.io.err, `stays until what replaces it is there: ${old}`);
    civitai.faults.heal();
    const again = await run(["update", "--latest", "--project", project]);
    assertEquals(again.code, 0, again.io.err);
    assertEquals(models(project), [fresh]);
    assertStringIncludes(again.io.err, `removed: ${old}`);
  }));

Deno.test("civikit remove takes its files away though another model of the project cannot be fetched", () =>
  inProject(async ({ run, civitai, project }) => {
    await run(["add", "2020", "--project", project, "--no-install"]);
    civitai.faults.refuseDownloads(1_000, { status: 403, body: "{}" });
    const { code, io } = await run(["remove", "2001", "--project", project]);
    assertEquals(code, 3, io.err);
    assertStringIncludes(io.err, `removed: ${old}`);
    assertEquals(models(project), []);
  }));

Deno.test("civikit update --latest --old keep leaves the old file for good", () =>
  inProject(async ({ run, project }) => {
    const moved = await run(["update", "--latest", "--old", "keep", "--project", project]);
    assertEquals(moved.code, 0, moved.io.err);
    assertEquals(models(project), [old, fresh]);
    for (const args of [["install"], ["remove", "2002"]]) await run([...args, "--project", project]);
    assertEquals(models(project), [old], "it is not the project's any more");
  }));

Deno.test("civikit remove --keep-files leaves them for good", () =>
  inProject(async ({ run, project }) => {
    assertEquals((await run(["remove", "2001", "--keep-files", "--project", project])).code, 0);
    assertEquals((await run(["install", "--project", project])).code, 0);
    assertEquals(models(project), [old]);
  }));

Deno.test("civikit install --old keep leaves what an edited manifest no longer wants", () =>
  inProject(async ({ run, project }) => {
    const path = join(project, "civikit.models.json");
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("@2001", "@2002"));
    assertEquals((await run(["install", "--old", "keep", "--project", project])).code, 0);
    assertEquals((await run(["install", "--project", project])).code, 0);
    assertEquals(models(project), [old, fresh]);
  }));

Deno.test("civikit update --old keep gives the new file a path of its own where both versions have one name", () =>
  inProject(async ({ run, project, civitai }) => {
    // as if the old version's file had the new one's name
    for (const name of ["civikit.lock.json", ".civikit/installed.json"]) {
      const path = join(project, name);
      Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replaceAll(old, fresh));
    }
    Deno.renameSync(join(project, "models", old), join(project, "models", fresh));
    const before = await sha256(join(project, "models", fresh));
    assertEquals((await run(["update", "--latest", "--old", "keep", "--project", project])).code, 0);
    assertEquals(models(project), ["paper_lantern_v2-3002.safetensors", fresh]);
    assertEquals(await sha256(join(project, "models", fresh)), before);
    assertEquals(
      await sha256(join(project, "models", "paper_lantern_v2-3002.safetensors")),
      await civitai.sha256(3002),
    );
  }));

Deno.test("civikit update says from where to where each entry moved, and why the others stay", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "2001", "--project", folder, "--no-install"]);
    await run(["add", "2010", "--file", "3012", "--project", folder, "--no-install"]);
    await run(["add", "2010", "--file", "harbourMix_v10_pruned.safetensors", "--project", folder, "--no-install"]);
    const waiting = await run(["update", "--project", folder, "-n"]);
    assertStringIncludes(waiting.io.out, "2002");
    assertStringIncludes(waiting.io.out, "--latest moves the entry");
    const { code, io } = await run(["update", "--latest", "--project", folder, "-n"]);
    assertEquals(code, 0, io.err);
    assert(
      /would update: \S+1001@2001 -> \S+1001@2002: .+ -> .+: paper_lantern\S* -> paper_lantern_v2/.test(io.out),
      io.out,
    );
    assert(/stays: \S+1002@2010\S*: it names a file by its id, which 2011/.test(io.out), io.out);
    assert(
      /stays: \S+1002@2010\S*: choosing .*harbourMix_v10_pruned.safetensors.* from version "2011"/.test(io.out),
      io.out,
    );
    const chinese = await run(["update", "--latest", "--project", folder, "-n", "--lang", "zh-TW"]);
    assert(/^將會更新：\S+1001@2001 -> /m.test(chinese.io.out) && chinese.io.out.includes("維持不變"), chinese.io.out);
    const lines = events((await run(["update", "--latest", "--project", folder, "-n", "--json"])).io);
    const stays = lines.filter(({ event }) => event === "stays").map(({ reason }) => reason);
    assertEquals(stays, ["file_id", "no_such_file"]);
  }));

Deno.test("civikit update leaves an entry whose newer version another entry has, and says so", () =>
  inProject(async ({ run, project }) => {
    assertEquals((await run(["add", "2002", "--project", project])).code, 0);
    const { code, io } = await run(["update", "--latest", "--project", project]);
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.err, "is newer, and there already");
    assertEquals(JSON.parse(Deno.readTextFileSync(join(project, "civikit.models.json"))).models.length, 2);
    assertEquals(models(project), [old, fresh].sort());
    const listed = await run(["outdated", "--project", project]);
    assertStringIncludes(listed.io.out, "have it elsewhere");
  }));

Deno.test("an update that was killed between any two of its steps ends right at the next install", () =>
  inProject(async ({ run, folder, project }) => {
    const done = join(folder, "done");
    copy(project, done);
    // the record knows the root by its full path
    await run(["install", "--project", done]);
    assertEquals((await run(["update", "--latest", "--project", done])).code, 0);
    const lock = Deno.readTextFileSync(join(done, "civikit.lock.json"));
    const take = (name: string) => Deno.copyFileSync(join(done, name), join(project, name));
    const steps: [string, () => void][] = [
      ["the manifest was written", () => take("civikit.models.json")],
      ["so was the lock file", () => take("civikit.lock.json")],
      ["the new file is there", () => take(`models/${fresh}`)],
      ["the old file is gone, and still recorded", () => Deno.removeSync(join(project, "models", old))],
    ];
    const begin = join(folder, "begin");
    copy(project, begin);
    for (const count of steps.keys()) {
      Deno.removeSync(project, { recursive: true });
      copy(begin, project);
      for (const [, step] of steps.slice(0, count + 1)) step();
      const { code, io } = await run(["install", "--project", project]);
      assertEquals(code, 0, `${steps[count]![0]}: ${io.err}`);
      assertEquals([models(project), Deno.readTextFileSync(join(project, "civikit.lock.json"))], [[fresh], lock]);
    }
  }));
