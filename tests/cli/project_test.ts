import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { InputError } from "@civikit/civikit/transport";
import { readArgs } from "../../cli/options/args.ts";
import { main } from "../../cli/mod.ts";
import { projectFlags, projectOf } from "../../cli/options/project_options.ts";
import { testIo } from "./_io.ts";
import { events, inWorld, sha256, tree, type World } from "./_world.ts";

const asked = ({ civitai }: World) => civitai.log.length + civitai.storage.log.length;

function edit(path: string, change: (value: Record<string, unknown>) => void): void {
  const value = JSON.parse(Deno.readTextFileSync(path));
  change(value);
  Deno.writeTextFileSync(path, JSON.stringify(value));
}

Deno.test("civikit add writes manifest and lock file, installs by layout; install again needs no network", () =>
  inWorld(async (world) => {
    const { run, folder, civitai } = world;
    const { code, io } = await run(["add", "2002", "model:1002", "--project", folder, "--layout", "comfyui"]);
    assertEquals(code, 0, io.err);
    const { version, layout, models } = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.models.json")));
    assertEquals([version, layout], [1, "comfyui"]);
    assertStringIncludes(models[0], ":civitai:1001@2002");
    assert(models[1].endsWith(":civitai:1002"), models[1]);
    assertEquals(tree(join(folder, "models")), [
      "checkpoints/harbourMix_v20.safetensors",
      "loras/paper_lantern_v2.safetensors",
    ]);
    const lock = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json")));
    const [, lora] = lock.files;
    assertEquals(lora.sha256, await civitai.sha256(3002));
    assertEquals(await sha256(join(folder, lora.path)), lora.sha256);
    assertEquals([lora.modelId, lora.versionId, lora.fileId], [1001, 2002, 3002]);

    const before = asked(world);
    const text = Deno.readTextFileSync(join(folder, "civikit.lock.json"));
    const again = await run(["install", "--project", folder, "--frozen"]);
    assertEquals(again.code, 0, again.io.err);
    assertStringIncludes(again.io.err, "2 already there");
    assertEquals(asked(world), before, "nothing was asked");
    assertEquals(Deno.readTextFileSync(join(folder, "civikit.lock.json")), text);
  }));

Deno.test("civikit add --root writes the root down, and install --root goes elsewhere", () =>
  inWorld(async ({ run, folder }) => {
    const project = join(folder, "project");
    const other = join(folder, "other");
    Deno.mkdirSync(project);
    const { code, io } = await run([
      "add",
      "2002",
      "--project",
      project,
      "--root",
      join(folder, "webui"),
      "--layout",
      "a1111",
    ]);
    assertEquals(code, 0, io.err);
    assertEquals(JSON.parse(Deno.readTextFileSync(join(project, "civikit.models.json"))).root, "../webui");
    assertEquals(tree(join(folder, "webui")), ["models/Lora/paper_lantern_v2.safetensors"]);
    assertEquals((await run(["install", "--project", project, "--root", other])).code, 0);
    assertEquals(tree(other), ["models/Lora/paper_lantern_v2.safetensors"]);
    const foreign = await run(["install", "--project", project]);
    assertEquals(foreign.code, 8, "outside of the project, only whoever types it names a root");
    assertStringIncludes(foreign.io.err, "--root");
    const env = { CIVIKIT_STATE_DIR: join(folder, "state") };
    const named = ["--root", join(folder, "webui")];
    assertEquals((await run(["install", "--project", project, ...named], { env })).code, 0);
    assertEquals((await run(["remove", "2002", "--project", project], { env })).code, 0, "named once is enough");
    assertEquals([tree(join(folder, "webui")), tree(other).length], [[], 1]);
  }));

Deno.test("civikit add writes down the file that a download URL or an AIR chose", () =>
  inWorld(async ({ run, folder, civitai }) => {
    const vae = `${civitai.url}/api/download/models/2010?type=VAE`;
    const pruned = "civitai:1002@2010+3011";
    assertEquals((await run(["add", vae, pruned, "--project", folder, "--no-install"])).code, 0);
    const { models } = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.models.json")));
    assert(models[0].endsWith("@2010+3012") && models[1].endsWith("@2010+3011"), models.join());
    Deno.removeSync(join(folder, "civikit.lock.json"));
    assertEquals((await run(["install", "--project", folder])).code, 0);
    const { files } = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json")));
    assertEquals(files.map(({ fileId }: { fileId: number }) => fileId).sort(), [3011, 3012]);
    const stays = await run(["update", "--latest", "--project", folder]);
    assertEquals(stays.code, 0, stays.io.err);
    assertEquals(JSON.parse(Deno.readTextFileSync(join(folder, "civikit.models.json"))).models, models);
  }));

Deno.test("civikit outdated --json tells what it found, and what could not be asked", () =>
  inWorld(async ({ run, folder, civitai }) => {
    await run(["add", "2001", "2020", "--project", folder, "--no-install"]);
    const lines = events((await run(["outdated", "--project", folder, "--json"])).io);
    assertEquals(lines.map(({ event }) => event), ["outdated", "summary"]);
    assertEquals([lines[0]!.versionId, lines[0]!.isPinned], [2001, true]);
    civitai.faults.maintenance(true);
    const old = await run(["outdated", "--project", folder, "--json"]);
    assertEquals(old.code, 0, "answers of a while ago stand in");
    const down = await run(["outdated", "--project", folder, "--json"], { env: { CIVIKIT_CACHE: "off" } });
    assertEquals(down.code, 5, down.io.out);
    assertEquals(events(down.io).filter(({ event }) => event === "error").length, 2);
  }));

Deno.test("civikit add --sidecars says which sidecar failed, and keeps the model", () =>
  inWorld(async ({ run, folder }) => {
    Deno.mkdirSync(join(folder, "models"));
    for (const ending of ["preview.png", "civitai.info"]) {
      Deno.writeTextFileSync(join(folder, "models", `paper_lantern_v2.${ending}`), "{broken");
    }
    const { code, io } = await run(["add", "2002", "--project", folder, "--sidecars"]);
    assertEquals(code, 1, io.err);
    assertStringIncludes(io.err, "paper_lantern_v2.civitai.info");
    assertEquals(Deno.readTextFileSync(join(folder, "models", "paper_lantern_v2.civitai.info")), "{broken");
    assert(tree(join(folder, "models")).includes("paper_lantern_v2.safetensors"));
  }));

Deno.test("civikit add interrupted ends with 130, and install goes on", () =>
  inWorld(async ({ run, folder, civitai }) => {
    civitai.faults.limitConnections(20_000);
    const io = testIo({ env: { CIVIKIT_BASE_URL: civitai.url, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder } });
    const running = main(["add", "2002", "--project", folder], io);
    while (civitai.storage.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    io.interrupt();
    assertEquals(await running, 130);
    assertStringIncludes(io.err, "1 unfinished");
    assertStringIncludes(io.err, "Run the same command again");
    civitai.faults.heal();
    assertEquals((await run(["install", "--project", folder])).code, 0);
    assertEquals(tree(join(folder, "models")), ["paper_lantern_v2.safetensors"]);
  }));

Deno.test("civikit install makes the same folder elsewhere from the two files alone", () =>
  inWorld(async ({ run, folder }) => {
    assertEquals((await run(["add", "2002", "2030", "--all-files", "--project", folder])).code, 0);
    const other = join(folder, "clone");
    Deno.mkdirSync(other);
    for (const name of ["civikit.models.json", "civikit.lock.json"]) {
      Deno.copyFileSync(join(folder, name), join(other, name));
    }
    const { code, io } = await run(["install", "--project", other, "--json"]);
    assertEquals(code, 0, io.out);
    assertEquals(tree(join(other, "models")), tree(join(folder, "models")));
    for (const path of tree(join(folder, "models"))) {
      assertEquals(await sha256(join(other, "models", path)), await sha256(join(folder, "models", path)));
    }
    const lines = events(io);
    assertEquals(lines.filter(({ event }) => event === "done").length, 3);
    const removed = events((await run(["remove", "2002", "--project", other, "--json"])).io);
    assertEquals(removed.map(({ event }) => event), ["unwanted", "plan", "removed", "summary"]);
    const added = events((await run(["add", "2002", "--project", other, "--json"])).io);
    assertEquals(added[0]!.event, "added");
    assertEquals(lines.at(-1)!.event, "summary");
  }));

Deno.test("civikit install mends a damaged file only with --force, and fetches a missing one", () =>
  inWorld(async ({ run, folder, civitai }) => {
    await run(["add", "2002", "--project", folder]);
    const path = join(folder, "models", "paper_lantern_v2.safetensors");
    Deno.writeTextFileSync(path, "somebody's own work");
    const refused = await run(["install", "--project", folder]);
    assertEquals(refused.code, 8, refused.io.err);
    assertEquals(Deno.readTextFileSync(path), "somebody's own work");
    assertEquals((await run(["install", "--project", folder, "--force"])).code, 0);
    assertEquals(await sha256(path), await civitai.sha256(3002));
    Deno.removeSync(path);
    assertEquals((await run(["install", "--project", folder])).code, 0);
    assertEquals(await sha256(path), await civitai.sha256(3002));
  }));

Deno.test("civikit remove takes away what was installed, but not what was changed since", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "2002", "2020", "--project", folder]);
    const changed = join(folder, "models", "softedges-neg.safetensors");
    Deno.writeTextFileSync(changed, "mine now");
    const one = await run(["remove", "2002", "--project", folder]);
    const two = await run(["remove", "model:1003", "--project", folder]);
    assertEquals(tree(join(folder, "models")), ["softedges-neg.safetensors"]);
    assertStringIncludes(one.io.err, "removed: paper_lantern_v2.safetensors");
    assertEquals(two.code, 0, two.io.err);
    assertStringIncludes(two.io.err, "left alone, it was changed: softedges-neg.safetensors");
    assertEquals(JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json"))).files, []);
    assertEquals((await run(["remove", "2002", "--project", folder])).code, 2, "it is not there any more");
  }));

Deno.test("civikit remove --trash keeps the file in the trash, and trash restore brings it back", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "2002", "--project", folder]);
    const models = join(folder, "models");
    const [name] = tree(models);
    assertEquals((await run(["remove", "2002", "--trash", "--project", folder])).code, 0);
    assertEquals(tree(models), []);
    const [item] = events((await run(["trash", "list", "--root", models, "--json"])).io);
    assertEquals([item?.why, item?.path], ["removed", join(models, name!)]);
    assertEquals((await run(["trash", "restore", String(item?.id), "--root", models])).code, 0);
    assertEquals(tree(models), [name]);
  }));

Deno.test("civikit outdated tells pinned from followed, update moves them, and the old file gives way to the new", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "2001", "--project", folder]);
    const shown = await run(["outdated", "--project", folder]);
    assertEquals(shown.code, 0, shown.io.err);
    assert(/2001.*2002.*pinned/.test(shown.io.out), shown.io.out);
    const kept = await run(["update", "--project", folder]);
    assertStringIncludes(kept.io.err, "--latest");
    assertEquals(tree(join(folder, "models")), ["paper_lantern.safetensors"]);
    const moved = await run(["update", "--latest", "--project", folder]);
    assertEquals(moved.code, 0, moved.io.err);
    assertEquals(tree(join(folder, "models")), ["paper_lantern_v2.safetensors"]);
    assertStringIncludes(Deno.readTextFileSync(join(folder, "civikit.models.json")), "1001@2002");
    assertStringIncludes((await run(["outdated", "--project", folder])).io.out, "up to date");
  }));

Deno.test("civikit update takes an entry that follows its model to the newest version", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "model:1001", "--project", folder]);
    const lock = join(folder, "civikit.lock.json");
    await run(["add", "2001", "--project", folder, "--no-install"]);
    // as it was when 2001 was the newest
    edit(lock, (value) => {
      const [old, newest] = value.files as { path: string; wanted: string }[];
      value.files = [{ ...old, wanted: newest!.wanted }];
    });
    edit(join(folder, "civikit.models.json"), (value) => void (value.models as string[]).pop());
    assertEquals((await run(["install", "--project", folder, "--frozen"])).code, 0);
    assertEquals(tree(join(folder, "models")), ["paper_lantern.safetensors"]);
    const { code, io } = await run(["update", "model:1001", "--project", folder]);
    assertEquals(code, 0, io.err);
    assertEquals(tree(join(folder, "models")), ["paper_lantern_v2.safetensors"]);
  }));

Deno.test("civikit add refuses what cannot be locked, each for its own reason, and goes on with the rest", () =>
  inWorld(async ({ run, folder }) => {
    const refusals: [string, number, string][] = [
      ["99999", 4, "there is none"],
      ["urn:air:sd1:lora:huggingface:foo@1", 2, "huggingface"],
      ["https://example.com/x.safetensors?sig=0011223344", 2, "a key or a signature"],
      ["2110", 3, "downloads"],
      ["2090", 4, "archived"],
    ];
    for (const [what, expected, word] of refusals) {
      const { code, io } = await run(["add", what, "--project", folder]);
      assertEquals(code, expected, `${what}: ${io.err}`);
      assertStringIncludes(io.err.toLowerCase(), word.toLowerCase());
    }
    assert(!tree(folder).includes("civikit.models.json"), "nothing was written");
    const { code } = await run(["add", "99999", "2002", "--project", folder]);
    assertEquals(code, 4);
    assertEquals(tree(join(folder, "models")), ["paper_lantern_v2.safetensors"]);
  }));

Deno.test("civikit add locks the bytes themselves where the site names no SHA-256, and refuses where it names a wrong one", () =>
  inWorld(async ({ run, folder, civitai }) => {
    assertEquals((await run(["add", "2051", "2050", "--project", folder])).code, 0);
    const { files } = JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json")));
    assertEquals(
      files.map(({ fileId, sha256 }: { fileId: number; sha256: string }) => [fileId, sha256]).sort(),
      [[3050, await civitai.sha256(3050)], [3051, await civitai.sha256(3051)]],
    );
    const wrong = await run(["add", "2060", "--project", folder]);
    assertEquals(wrong.code, 7, wrong.io.err);
    assert(!tree(join(folder, "models")).includes("mislabelled.safetensors"));
  }));

Deno.test("civikit install refuses manifests and lock files that cannot be meant, and leaves them as they are", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "2002", "--project", folder]);
    const lock = join(folder, "civikit.lock.json");
    const good = Deno.readTextFileSync(lock);
    const bent: [string, (value: Record<string, unknown>) => void, string][] = [
      ["newer", (value) => void (value.lockVersion = 3), "lockVersion is 3"],
      ["leads up", (value) => void ((value.files as { path: string }[])[0]!.path = "../../evil"), "files.0.path"],
      ["absolute", (value) => void ((value.files as { path: string }[])[0]!.path = "/etc/passwd"), "files.0.path"],
      ["no hash", (value) => void ((value.files as { sha256: string }[])[0]!.sha256 = "abc"), "files.0.sha256"],
      [
        "foreign",
        (value) => void ((value.files as { url: string }[])[0]!.url = "http://evil.example/x"),
        "files.0.url",
      ],
      ["twice", (value) => void (value.files = [...value.files as object[], ...value.files as object[]]), "two files"],
      ["no list", (value) => void (value.files = {}), "files"],
    ];
    for (const [name, change, word] of bent) {
      Deno.writeTextFileSync(lock, good);
      edit(lock, change);
      const text = Deno.readTextFileSync(lock);
      const { code, io } = await run(["install", "--project", folder]);
      assertEquals(code, 1, `${name}: ${io.err}`);
      assertStringIncludes(io.err, word, name);
      assertEquals(Deno.readTextFileSync(lock), text);
    }
    Deno.writeTextFileSync(lock, good.slice(0, -20));
    const cut = await run(["install", "--project", folder]);
    assertEquals(cut.code, 1);
    assertStringIncludes(cut.io.err, "not valid JSON");

    Deno.writeTextFileSync(lock, good);
    edit(join(folder, "civikit.models.json"), (value) => void (value.models as string[]).push("civitai:1003@2020"));
    const frozen = await run(["install", "--project", folder, "--frozen"]);
    assertEquals(frozen.code, 2, frozen.io.err);
    assertEquals(Deno.readTextFileSync(lock), good);
    assertEquals((await run(["install", "--project", folder])).code, 0, "without --frozen it is looked up");
    assertEquals(tree(join(folder, "models")).length, 2);
  }));

Deno.test("civikit install keeps keys it does not know in both files", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "2002", "--project", folder]);
    const manifest = join(folder, "civikit.models.json");
    const lock = join(folder, "civikit.lock.json");
    edit(manifest, (value) => {
      value.note = "ours";
      value.models = [{ air: (value.models as string[])[0], comment: "for the poster" }];
    });
    edit(lock, (value) => void Object.assign((value.files as object[])[0]!, { reviewed: true }));
    assertEquals((await run(["add", "2020", "--project", folder])).code, 0);
    const after = JSON.parse(Deno.readTextFileSync(manifest));
    assertEquals([after.note, after.models[0].comment], ["ours", "for the poster"]);
    const files: { reviewed?: boolean }[] = JSON.parse(Deno.readTextFileSync(lock)).files;
    assert(files.some(({ reviewed }) => reviewed === true));
  }));

Deno.test("civikit says what is wrong with a command line that cannot be meant", () =>
  inWorld(async ({ run, folder }) => {
    await run(["add", "2002", "--project", folder, "--no-install"]);
    const wrong: [string[], string][] = [
      [["add"], "nothing to add"],
      [["add", "2002", "--all-files", "--file", "3002"], "contradicts"],
      [["add", "2002", "--layout", "../{file}"], "layout"],
      [["add", "2002", "--layout", "comfyui", "--project", folder], "civikit.models.json says"],
      [["remove"], "nothing to remove"],
      [["update", "2020", "--project", folder], "no such model"],
      [["install", "--project", join(folder, "empty")], "neither civikit.models.json"],
      [["install", "--jobs", "99", "--project", folder], "--jobs"],
      [["scan", "--offline", "--sidecars"], "--sidecars"],
    ];
    for (const [args, word] of wrong) {
      const { code, io } = await run(args);
      assertEquals(code, 2, `${args.join(" ")}: ${io.err}`);
      assertStringIncludes(io.err, word);
    }
  }));

Deno.test("civikit outdated, update, install and remove outside of a project say so, and ask nobody", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    for (const args of [["outdated"], ["update"], ["update", "--latest"], ["install"], ["remove", "2002"]]) {
      for (const place of [folder, join(folder, "missing")]) {
        const { code, io } = await run([...args, "--project", place]);
        assertEquals(code, 2, `${args.join(" ")}: ${io.out}${io.err}`);
        assertStringIncludes(io.err, "neither civikit.models.json nor civikit.lock.json");
        assertEquals(io.out, "");
      }
    }
    assertEquals([asked(world), [...Deno.readDirSync(folder)].length], [0, 0]);
    const args = readArgs(["--project", folder], projectFlags);
    assertEquals(assertThrows(() => projectOf(args, { io: testIo() }), InputError).reason, "project_missing");
  }));

Deno.test("civikit install --sidecars writes what other programs read", () =>
  inWorld(async ({ run, folder }) => {
    Deno.mkdirSync(join(folder, "models"));
    Deno.writeTextFileSync(join(folder, "models", "paper_lantern_v2.preview.png"), "my own picture");
    const { code, io } = await run(["add", "2002", "--project", folder, "--sidecars"]);
    assertEquals(code, 0, io.err);
    const names = tree(join(folder, "models"));
    assertEquals(names.map((name) => name.replace("paper_lantern_v2", "*")), [
      "*.civitai.info",
      "*.json",
      "*.preview.png",
      "*.safetensors",
    ]);
    const notes = JSON.parse(Deno.readTextFileSync(join(folder, "models", "paper_lantern_v2.json")));
    assertEquals(notes["activation text"], "paperlantern");
    assertEquals(notes["sd version"], "SDXL");
  }));
