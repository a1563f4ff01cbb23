import { assertEquals, assertStringIncludes } from "@std/assert";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { openProject } from "../../../api/mod.ts";
import { isOneEntry, onDisk } from "../../../api/disk/on_disk.ts";
import { onCaselessDisk } from "../../_support/caseless.ts";
import { put as write, withDisks } from "../../api/moves/_tree.ts";
import { events, inWorld, tree, type World } from "../_world.ts";

function put({ civitai }: World, path: string, id: number): void {
  const { content } = civitai.file(id).file;
  Deno.mkdirSync(join(path, ".."), { recursive: true });
  Deno.writeFileSync(path, content.read(0, content.size));
}

Deno.test("isOneEntry() takes two names for two where the disk does", async () => {
  await withDisks(async (root) => {
    for (const name of ["Lora/a", "lora/a", "x/B"]) write(join(root, name), name);
    assertEquals(isOneEntry(join(root, "Lora/a"), join(root, "lora/a")), false);
    assertEquals(isOneEntry(join(root, "x/B"), join(root, "x/b")), false);
    assertEquals(onDisk(join(root, "x/b/none")), join(root, "x/b/none"));
    await Promise.resolve();
  });
});

Deno.test("onDisk() takes a backslash in a name for what it is there", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await withDisks(async (root) => {
    const path = join(root, "x/a\\b");
    write(path, "one name");
    assertEquals([onDisk(path), onDisk(`${path}/`)], [path, path]);
    assertEquals(isOneEntry(path, join(root, "x/A\\B")), false);
    await Promise.resolve();
  });
});

Deno.test("organize on a disk without upper and lower case: a folder of the same name is the place, and no name is taken twice", () =>
  onCaselessDisk((root) =>
    inWorld(async (world) => {
      put(world, join(root, "lora/lantern.safetensors"), 3001);
      put(world, join(root, "more/Lantern.safetensors"), 3002);
      write(join(root, "more/Lantern.preview.png"), "picture");
      const before = tree(root);
      const args = ["organize", root, "--layout", "{type}/{file}", "--yes", "--json"];
      const { code, io } = await world.run(args);
      assertEquals(code, 0, io.err);
      const after = [
        ...["lora/Lantern-2002.preview.png", "lora/Lantern-2002.safetensors", "lora/lantern.safetensors"],
      ];
      assertEquals(tree(root), after);
      assertEquals(events((await world.run(args)).io).at(-1)?.settled, 2);
      assertEquals(tree(root), after, "the second run finds all in place");
      assertEquals((await world.run(["organize", root, "--undo"])).code, 0);
      assertEquals(tree(root), before);
    })
  ));

Deno.test("adopt, install and duplicates on a disk without upper and lower case know a locked file by another case", () =>
  onCaselessDisk((root) =>
    inWorld(async (world) => {
      const { run } = world;
      const at = ["--project", root];
      put(world, join(root, "loras/Lantern.safetensors"), 3001);
      assertEquals((await run(["adopt", root, ...at])).code, 0);
      renameSync(join(root, "loras/Lantern.safetensors"), join(root, "loras/lantern.safetensors"));
      const there = await run(["adopt", root, "--json", ...at]);
      assertEquals(events(there.io).map(({ event }) => event), ["there", "summary"]);
      assertEquals(events((await run(["install", "--json", ...at])).io).at(-1)?.done, 0);
      put(world, join(root, "copy.safetensors"), 3001);
      Deno.utimeSync(join(root, "copy.safetensors"), 1e9, 1e9);
      const linked = await run(["duplicates", root, "--link", "-y", ...at]);
      assertStringIncludes(linked.io.err, "this disk knows no links");
      const trashed = await run(["duplicates", root, "--trash", "-y", ...at]);
      assertStringIncludes(trashed.io.out, "nothing can be changed");
      const freed = await run(["duplicates", root, "--trash", "-y", "--prefer", "project", ...at]);
      assertStringIncludes(freed.io.out, "1 in the trash");
      assertEquals(openProject(root).lock.files.map(({ path }) => path), ["loras/Lantern.safetensors"]);
      assertEquals(tree(root).filter((name) => /safetensors/.test(name)), ["loras/lantern.safetensors"]);
    })
  ));
