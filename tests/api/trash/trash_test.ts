import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync, linkSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { openTrash, walk } from "../../../api/mod.ts";
import { DiskError, InputError } from "../../../transport/mod.ts";
import { put, wholeTree, withDisks } from "../moves/_tree.ts";

const trashOf = (root: string) => join(root, ".civikit-trash");

Deno.test("put() takes a model with its sidecars out of everybody's sight, restore() gives the exact tree back", async () => {
  await withDisks(async (root) => {
    for (const name of ["a.safetensors", "a.civitai.info", "a.preview.png", "a.metadata.json", "ab.safetensors"]) {
      put(join(root, "loras", name), name);
    }
    const before = wholeTree(root);
    const trash = openTrash([root]);
    const item = await trash.put(join(root, "loras/a.safetensors"), { why: "duplicate", sha256: "AB" });
    assertEquals([item.path, item.why, item.sha256], [join(root, "loras/a.safetensors"), "duplicate", "AB"]);
    assertEquals(readdirSync(join(root, "loras")), ["ab.safetensors"]);
    assertEquals(walk(root).files.map(({ name }) => name), ["loras/ab.safetensors"]);
    // programs that look into hidden folders, too, go by the ending
    const names = readdirSync(trashOf(root), { recursive: true }).map(String);
    assert(names.every((name) => !/\.(?:safetensors|png)$/.test(name)), names.join());
    assertEquals(openTrash([root]).list(), [item]);
    await trash.restore(item.id);
    rmSync(trashOf(root), { recursive: true });
    const times = ({ [`loras/`]: _, ...rest }: Record<string, string>) => rest;
    assertEquals(times(wholeTree(root)), times(before));
    assertEquals(trash.list(), []);
  });
});

Deno.test("put() leaves sidecars that another model of the same name needs", async () => {
  await withDisks(async (root) => {
    for (const name of ["a.safetensors", "a.ckpt", "a.json"]) put(join(root, name), name);
    await openTrash([root]).put(join(root, "a.ckpt"));
    assertEquals(Object.keys(wholeTree(root)).filter((name) => !name.startsWith(".")), ["a.json", "a.safetensors"]);
  });
});

Deno.test("each disk has a trash of its own, where trashing is a change of name", async () => {
  await withDisks(async (root, other) => {
    if (other === undefined) return;
    symlinkSync(other, join(root, "big"));
    put(join(other, "deep/a.safetensors"), "a");
    const { inode } = { inode: Deno.statSync(join(other, "deep/a.safetensors")).ino };
    const trash = openTrash([root]);
    const { id } = await trash.put(join(root, "big/deep/a.safetensors"));
    assertEquals(Deno.statSync(join(trashOf(other), id, "0")).ino, inode);
    assertEquals(openTrash([root]).list().map(({ path }) => path), [join(root, "big/deep/a.safetensors")]);
    await openTrash([root]).restore(id);
    assertEquals(Deno.readTextFileSync(join(other, "deep/a.safetensors")), "a");
  });
});

Deno.test("restore() overwrites nothing, and makes the folder again", async () => {
  await withDisks(async (root) => {
    put(join(root, "loras/a.safetensors"), "old");
    const trash = openTrash([root]);
    const { id } = await trash.put(join(root, "loras/a.safetensors"));
    put(join(root, "loras/a.safetensors"), "new");
    const error = await assertRejects(() => trash.restore(id), DiskError);
    assertEquals([error.code, error.reason], ["target_exists", "place_taken"]);
    assertEquals(Deno.readTextFileSync(join(root, "loras/a.safetensors")), "new");
    rmSync(join(root, "loras"), { recursive: true });
    await trash.restore(id);
    assertEquals(Deno.readTextFileSync(join(root, "loras/a.safetensors")), "old");
    assertEquals((await assertRejects(() => trash.restore(id), InputError)).code, "no_such_file");
    await assertRejects(() => trash.put(join(root, "nothing")), DiskError);
  });
});

Deno.test("empty() removes by age, by size and by id", async () => {
  await withDisks(async (root) => {
    const trash = openTrash([root]);
    for (const name of ["a", "b", "c"]) {
      put(join(root, `${name}.safetensors`), "x".repeat(10));
      await trash.put(join(root, `${name}.safetensors`));
    }
    const names = () => trash.list().map(({ path }) => path.at(-13)).sort();
    assertEquals(await trash.empty({ beforeMs: 1 }), []);
    assertEquals((await trash.empty({ keepBytes: 20 })).length, 1);
    assertEquals(names().length, 2);
    const { id } = trash.list()[0]!;
    assertEquals((await trash.empty({ ids: [id] })).map((one) => one.id), [id]);
    const [last] = trash.list();
    for (const text of [last!.shortId, last!.shortId.slice(0, 4), last!.shortId.toUpperCase()]) {
      assertEquals(trash.meant({ ids: [text] }), [last]);
    }
    for (const text of ["", last!.shortId.slice(0, 3), "20", `${last!.id}0`]) {
      const { code, message } = await assertRejects(() => trash.restore(text), InputError);
      assertEquals([code, message.includes("too short")], ["no_such_file", text.length < 4], text);
    }
    assertEquals((await trash.empty()).length, 1);
    assertEquals(readdirSync(trashOf(root)).sort(), [".gitignore", "busy"]);
  });
});

Deno.test("what a killed put() or restore() left counts as in the trash once the model is, and as not there before", async () => {
  await withDisks(async (root) => {
    const model = join(root, "a.safetensors");
    for (const name of ["a.safetensors", "a.json"]) put(join(root, name), name);
    const { id } = await openTrash([root]).put(model);
    const folder = join(trashOf(root), id);
    // half of a restore: the sidecar is back, the model has both names
    Deno.renameSync(join(folder, "1"), join(root, "a.json"));
    linkSync(join(folder, "0"), model);
    put(join(root, "b.safetensors"), "b");
    const second = await openTrash([root]).put(join(root, "b.safetensors"));
    assert(!existsSync(model) && !existsSync(join(root, "a.json")) && existsSync(join(folder, "1")));
    // a put that was killed before the model went
    Deno.renameSync(join(trashOf(root), second.id, "0"), join(root, "b.safetensors"));
    assertEquals(openTrash([root]).list().map((item) => item.id), [id]);
    await openTrash([root]).restore(id);
    assert(!existsSync(join(trashOf(root), second.id)), "nothing of it is kept");
    assertEquals(readdirSync(root).sort(), [".civikit-trash", "a.json", "a.safetensors", "b.safetensors"]);
  });
});
