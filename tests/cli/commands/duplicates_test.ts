import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { lstatSync, symlinkSync } from "node:fs";
import { openProject } from "../../../api/mod.ts";
import { holdProject } from "../../../api/project/project.ts";
import { events, inWorld, tree } from "../_world.ts";
import { put, withDisks } from "../../api/moves/_tree.ts";

Deno.test("civikit duplicates lists, keeps one by policy, and links or trashes the others; trash brings them back", () =>
  inWorld(async ({ folder, run }) => {
    const [old, young] = [1_500_000_000_000, 1_600_000_000_000];
    put(join(folder, "a/young.safetensors"), "same bytes", young);
    put(join(folder, "b/old.safetensors"), "same bytes", old);
    put(join(folder, "b/old.json"), "{}", old);
    put(join(folder, "b/other.safetensors"), "other byte", old);
    const before = tree(folder);
    const listed = await run(["duplicates", folder]);
    assertEquals(listed.code, 0, listed.io.err);
    assertStringIncludes(listed.io.out, "stays: b/old.safetensors (10 B)\n  a/young.safetensors\n");
    assertStringIncludes(listed.io.out, "1 model is there more than once; 10 B to gain");
    assertStringIncludes(listed.io.out, "--link or --trash");
    assertEquals(tree(folder), before);
    const trash = ["duplicates", folder, "--trash", "--prefer", "newest"];
    assertStringIncludes((await run(trash)).io.out, "nothing was changed");
    const done = await run(trash, { answer: "y" });
    assertStringIncludes(done.io.out, `1 in the trash; civikit trash list ${folder}`);
    assertEquals(tree(folder), ["a/young.safetensors", "b/other.safetensors"]);
    const list = await run(["trash", "list", "--root", folder, "--json"]);
    const [item] = events(list.io);
    assertEquals([item?.event, item?.why, (item?.files as string[]).length], ["item", "duplicate", 2]);
    assertStringIncludes((await run(["trash", "list", "--root", folder])).io.out, "1 model, 12 B");
    assertStringIncludes((await run(["trash", "list", folder, "--lang", "zh-TW"])).io.out, "重複");
    assertEquals((await run(["trash", "restore", "--root", folder])).code, 2);
    const back = await run(["trash", "restore", String(item?.id), "--root", folder]);
    assertStringIncludes(back.io.out, "1 model brought back");
    assertEquals(tree(folder), before);
    const linked = await run(["duplicates", folder, "--link", "--yes", "--json"]);
    assertEquals(events(linked.io).map(({ event }) => event), ["duplicates", "linked", "summary"]);
    const inode = (name: string) => lstatSync(join(folder, name)).ino;
    assertEquals(inode("a/young.safetensors"), inode("b/old.safetensors"));
    assertStringIncludes((await run(["duplicates", folder, "--link", "-y"])).io.err, "the same file already");
  }));

Deno.test("civikit duplicates leaves what a lock file names and what is a link, and links to other disks only when told", () =>
  inWorld(async ({ folder, run }) => {
    await withDisks(async (root, other) => {
      if (other === undefined) return;
      put(join(root, "a.safetensors"), "same bytes", 1);
      put(join(other, "b.safetensors"), "same bytes", 2);
      symlinkSync("a.safetensors", join(root, "link.safetensors"));
      const args = ["duplicates", root, other, "--link", "-y"];
      const kept = await run(args);
      assertStringIncludes(kept.io.err, "on another disk");
      assertEquals(lstatSync(join(other, "b.safetensors")).isFile(), true);
      await run([...args, "--symlink", "--prefer", "folders"]);
      assertEquals(Deno.readLinkSync(join(other, "b.safetensors")), join(root, "a.safetensors"));
      assertEquals(Deno.readLinkSync(join(root, "link.safetensors")), "a.safetensors");
    });
    const project = join(folder, "project");
    await run(["add", "2002", "--root", join(project, "models"), "--project", project]);
    const [name] = tree(join(project, "models"));
    Deno.copyFileSync(join(project, "models", name!), join(folder, "copy.safetensors"));
    Deno.utimeSync(join(folder, "copy.safetensors"), 1, 1);
    const held = await run(["duplicates", folder, "--prefer", "oldest", "--project", project]);
    assertStringIncludes(held.io.out, `  project/models/${name} (in the lock file: it stays, too)`);
    assertStringIncludes(held.io.out, "1 model is there more than once; 0 B to gain");
    assert(!held.io.out.includes("--link or --trash"), "what stays cannot be linked");
    const nothing = await run(["duplicates", folder, "--trash", "-y", "--project", project]);
    assertStringIncludes(nothing.io.out, "nothing can be changed");
    const [found] = events((await run(["duplicates", folder, "--json", "--project", project])).io);
    assertEquals([found?.others, found?.locked], [[], [join(project, "models", name!)]]);
    await run(["duplicates", folder, "--trash", "-y", "--prefer", "oldest", "--project", project]);
    assertEquals(tree(join(project, "models")), [name], "the locked one stays, though it is the younger one");
  }));

Deno.test("civikit duplicates frees what was adopted twice: by links, or out of the lock file and into the trash", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const { content } = civitai.file(3001).file;
    const bytes = content.read(0, content.size);
    const places = ["a/lantern.safetensors", "b/again.safetensors", "c/third.safetensors"];
    for (const [at, name] of places.entries()) {
      Deno.mkdirSync(join(folder, name, ".."), { recursive: true });
      Deno.writeFileSync(join(folder, name), bytes);
      Deno.utimeSync(join(folder, name), 1000 + at, 1000 + at);
    }
    const at = ["--project", folder];
    assertEquals((await run(["adopt", folder, ...at])).code, 0);
    const locked = () => openProject(folder).lock.files.map(({ path }) => path).sort();
    assertEquals(locked(), places);
    const before = Deno.readTextFileSync(join(folder, "civikit.lock.json"));
    const listed = await run(["duplicates", folder, ...at]);
    assertStringIncludes(listed.io.out, "what the lock file names: --link");
    const linked = await run(["duplicates", folder, "--link", "-y", ...at]);
    assertStringIncludes(linked.io.out, "2 linked");
    assertEquals(lstatSync(join(folder, places[2]!)).nlink, 3);
    assertEquals(Deno.readTextFileSync(join(folder, "civikit.lock.json")), before);
    // copies again
    for (const name of places) {
      Deno.removeSync(join(folder, name));
      Deno.writeFileSync(join(folder, name), bytes);
    }
    Deno.utimeSync(join(folder, places[1]!), 900, 900);
    assertEquals((await run(["duplicates", folder, "--locked", ...at])).code, 2);
    assertStringIncludes((await run(["duplicates", folder, "--trash", "-y", ...at])).io.out, "nothing can be changed");
    {
      using _held = holdProject(openProject(folder));
      const busy = await run(["duplicates", folder, "--trash", "--locked", "-y", ...at]);
      assertStringIncludes(busy.io.err, "another civikit is changing it");
      assertEquals(locked(), places);
    }
    const freed = await run(["duplicates", folder, "--trash", "--locked", "-y", ...at]);
    assertStringIncludes(freed.io.out, "2 in the trash");
    assertEquals(locked(), [places[1]]);
    assertEquals(openProject(folder).manifest.models.length, 1);
    assertEquals(tree(folder).filter((name) => /safetensors/.test(name)), [places[1]]);
    const install = await run(["install", "--json", ...at]);
    assertEquals([install.code, events(install.io).at(-1)?.done], [0, 0], install.io.err);
    assertEquals(tree(folder).filter((name) => /safetensors/.test(name)), [places[1]], "install leaves it at that");
  }));

Deno.test("civikit duplicates leaves a file that the project has at no other place", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const { content } = civitai.file(3001).file;
    const project = join(folder, "project");
    put(join(project, "x"), "", 1);
    Deno.writeFileSync(join(project, "mine.safetensors"), content.read(0, content.size));
    Deno.writeFileSync(join(folder, "old.safetensors"), content.read(0, content.size));
    Deno.utimeSync(join(folder, "old.safetensors"), 1, 1);
    const at = ["--project", project];
    assertEquals((await run(["adopt", project, ...at])).code, 0);
    const kept = await run(["duplicates", folder, "--trash", "--locked", "-y", ...at]);
    assertStringIncludes(kept.io.out, "nothing can be changed");
    const turned = await run(["duplicates", folder, "--trash", "--locked", "-y", "--prefer", "project", ...at]);
    assertStringIncludes(turned.io.out, "1 in the trash");
    assertEquals(tree(folder).filter((name) => /safetensors/.test(name)), ["project/mine.safetensors"]);
  }));

Deno.test("civikit trash empty asks, goes by age and size, and frees the room", () =>
  inWorld(async ({ folder, run }) => {
    for (const name of ["a", "b", "c"]) put(join(folder, `${name}.safetensors`), "same bytes", 1);
    await run(["duplicates", folder, "--trash", "-y"]);
    const empty = (more: string[], answer?: string) =>
      run(["trash", "empty", "--root", folder, ...more], answer === undefined ? {} : { answer });
    const young = await empty(["--older-than", "1d"]);
    assertStringIncludes(young.io.out, "nothing of that is in the trash");
    assertStringIncludes((await empty(["-n"])).io.out, "2 models, 20 B would be removed");
    assertStringIncludes((await empty([])).io.out, "civikit trash empty --yes");
    assertStringIncludes((await empty([], "n")).io.out, "nothing was removed");
    assertStringIncludes((await empty(["--leave", "10"], "y")).io.out, "1 model removed, 10 B freed");
    assertEquals((await empty(["--leave", "much"])).code, 2);
    assertStringIncludes((await empty(["-y", "--lang", "zh-TW"])).io.out, "已移除 1 個模型，釋出 10 B");
  }));

Deno.test("civikit trash looks into folders that are named, says where it looked, and refuses what is not there", () =>
  inWorld(async ({ folder, run }) => {
    for (const name of ["a", "b"]) put(join(folder, `one/${name}.safetensors`), "same bytes", 1);
    for (const name of ["c", "d"]) put(join(folder, `two/${name}.safetensors`), "same bytes", 1);
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    for (const root of [one, two]) await run(["duplicates", root, "--trash", "-y"]);
    assertStringIncludes((await run(["trash", "list", one])).io.out, "1 model, 10 B");
    assertStringIncludes((await run(["trash", "list", folder])).io.out, "2 models, 20 B");
    const nowhere = await run(["trash", "list"]);
    assertStringIncludes(nowhere.io.out, "the trash is empty; looked through: ");
    const [item] = events((await run(["trash", "list", one, "--json"])).io);
    const gone = await run(["trash", "list", join(folder, "three")]);
    assertEquals(gone.code, 8, gone.io.out);
    assertStringIncludes(gone.io.err, 'three": no such folder');
    assertEquals((await run(["trash", "empty", "-y", join(folder, "three")])).code, 4);
    for (const action of [["restore"], ["empty", "-y"]]) {
      const unknown = await run(["trash", ...action, one, "20260101T000000000Z-00000000"]);
      assertEquals(unknown.code, 4, unknown.io.out);
      assertStringIncludes(unknown.io.err, "civikit trash list");
    }
    assertStringIncludes((await run(["trash", "empty", one, "-y"])).io.out, "1 model removed, 10 B freed");
    assertStringIncludes((await run(["trash", "list", folder])).io.out, "1 model, 10 B");
    assertEquals((await run(["trash", "restore", one, String(item?.id)])).code, 4);
  }));

Deno.test("civikit duplicates --trash says how many are in the trash, also where it is none", () =>
  inWorld(async ({ folder, run }) => {
    for (const name of ["a", "b"]) put(join(folder, `${name}.safetensors`), "same bytes", 1);
    // nothing can be put into a trash that is a link
    symlinkSync(folder, join(folder, ".civikit-trash"));
    const { code, io } = await run(["duplicates", folder, "--trash", "-y"]);
    assertEquals(code, 8, io.err);
    assertStringIncludes(io.out, "0 in the trash, 1 left\n");
  }));

Deno.test("civikit remove --trash says that the file is in the trash, and how to list that", () =>
  inWorld(async ({ folder, run }) => {
    const at = ["--project", folder];
    await run(["add", "2002", "--root", folder, ...at]);
    assertStringIncludes((await run(["remove", "2002", "--trash", "-n", ...at])).io.out, "would go into the trash: ");
    const { io } = await run(["remove", "2002", "--trash", ...at]);
    assertStringIncludes(io.err, "in the trash: paper_lantern_v2.safetensors");
    assertStringIncludes(io.err, `civikit trash list ${folder}`);
    assertStringIncludes((await run(["trash", "list", folder])).io.out, "removed");
  }));
