import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openTrash, settleFolders } from "../../../api/mod.ts";
import { holdFolder } from "../../../api/project/hold_folder.ts";
import { put, withDisks } from "../moves/_tree.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex").toUpperCase();

/** An update that was killed after the new file was proved, and before the old one went. */
function cutShort(folder: string, more: object = {}): { readonly old: string; readonly fresh: string } {
  const [old, fresh] = ["old", "new"].map((name) => join(folder, "loras", `${name}.safetensors`)) as [string, string];
  for (const [path, text] of [[old, "old"], [fresh, "new"]] as const) put(path, text);
  const entry = { old, oldSha256: sha256("old"), fresh, freshSha256: sha256("new"), target: fresh, how: "trash" };
  put(join(folder, ".civikit/updates.jsonl"), `${JSON.stringify({ ...entry, ...more })}\n`);
  return { old, fresh };
}

/** A model on its way into the trash, killed before its sidecar followed. */
async function halfTrashed(folder: string): Promise<void> {
  const [model, info] = [join(folder, "b/model.safetensors"), join(folder, "b/model.civitai.info")];
  for (const path of [model, info]) put(path, path);
  const { id } = await openTrash([folder]).put(model);
  Deno.renameSync(join(folder, ".civikit-trash", id, "1"), info);
}

Deno.test("settleFolders() ends updates and trashings that were killed, below a folder and above it", async () => {
  await withDisks(async (root) => {
    const models = join(root, "models");
    for (const looked of [root, join(models, "loras"), join(models, "loras/old.safetensors")]) {
      const { old, fresh } = cutShort(models);
      await halfTrashed(models);
      const ended = await settleFolders([looked]);
      assertEquals(ended, [{ old, path: fresh, sha256: sha256("new"), state: "trashed", sidecars: false }]);
      assertEquals([existsSync(old), existsSync(fresh), existsSync(join(models, ".civikit/updates.jsonl"))], [
        ...[false, true, false],
      ]);
      assertEquals(readdirSync(join(models, "b")), []);
      assertEquals(openTrash([root]).list().map(({ why }) => why).sort(), ["removed", "updated"]);
      assertEquals(await settleFolders([looked]), []);
      await openTrash([root]).empty();
    }
  });
});

Deno.test("settleFolders() leaves sidecars that are due to who can write them, and what another process is at", async () => {
  await withDisks(async (root) => {
    const { old } = cutShort(root, { sidecars: true });
    await settleFolders([root], { isOffline: true });
    assertEquals(existsSync(old), true);
    {
      using _held = holdFolder(root);
      await settleFolders([root], { onTrouble: (error) => Promise.reject(error) });
      assertEquals(existsSync(old), true);
    }
    const due: string[] = [];
    await settleFolders([root], { onEnd: ({ path, sidecars }) => void due.push(`${path} ${sidecars}`) });
    assertEquals(due, [`${join(root, "loras/new.safetensors")} true`]);
  });
});

Deno.test("settleFolders() does nothing that a folder from elsewhere says of files outside of it", async () => {
  await withDisks(async (root) => {
    const [mine, foreign] = [join(root, "mine.safetensors"), join(root, "foreign")];
    put(mine, "old");
    const { fresh } = cutShort(foreign, { old: mine, how: "replace" });
    await settleFolders([foreign]);
    cutShort(foreign, { old: join(foreign, "gone.safetensors"), target: mine, how: "replace" });
    await settleFolders([foreign]);
    // nor does it take one of those for the new file
    const own = join(root, "own.safetensors");
    put(own, "own");
    const taking = { old: join(foreign, "a.safetensors"), fresh: own, freshSha256: sha256("own") };
    cutShort(foreign, { ...taking, target: taking.old, how: "replace" });
    await settleFolders([foreign]);
    assertEquals([existsSync(own), existsSync(taking.old)], [true, false]);
    await halfTrashed(foreign);
    const [id] = readdirSync(join(foreign, ".civikit-trash")).filter((name) => name.includes("Z-"));
    const record = join(foreign, ".civikit-trash", id!, "item.json");
    const { mtimeMs, size: bytes } = Deno.statSync(mine).mtime === null ? { mtimeMs: 0, size: 0 } : {
      mtimeMs: Deno.statSync(mine).mtime!.getTime(),
      size: Deno.statSync(mine).size,
    };
    const item = JSON.parse(Deno.readTextFileSync(record));
    Deno.writeTextFileSync(
      record,
      JSON.stringify({ ...item, files: [item.files[0], { from: "../mine.safetensors", bytes, mtimeMs }] }),
    );
    await settleFolders([foreign]);
    assertEquals([Deno.readTextFileSync(mine), existsSync(fresh)], ["old", true]);
  });
});
