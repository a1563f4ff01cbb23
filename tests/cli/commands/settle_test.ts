import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openLibrary } from "../../../hub/library/mod.ts";
import { hashCache, openTrash } from "../../../api/mod.ts";
import { put } from "../../api/moves/_tree.ts";
import { sha256 as hashOf } from "../../hub/library/_library.ts";
import { inWorld } from "../_world.ts";

/** An update that was killed once the new file was proved, and a model on its way into the trash. */
async function cutShort(folder: string): Promise<{ isEnded(): readonly boolean[] }> {
  const [old, fresh, away] = ["old", "new", "away"].map((name) => join(folder, `${name}.pt`)) as [
    string,
    string,
    string,
  ];
  const info = join(folder, "away.civitai.info");
  for (const [path, text] of [[old, "old"], [fresh, "new"], [away, "away"], [info, "{}"]] as const) put(path, text);
  const hashes = { oldSha256: await hashOf("old"), freshSha256: await hashOf("new") };
  const entry = { old, ...hashes, fresh, target: fresh, how: "trash" };
  put(join(folder, ".civikit/updates.jsonl"), `${JSON.stringify(entry)}\n`);
  const { id } = await openTrash([folder]).put(away);
  Deno.renameSync(join(folder, ".civikit-trash", id, "1"), info);
  return { isEnded: () => [!existsSync(old), existsSync(fresh), !existsSync(info)] };
}

const commands: Readonly<Record<string, readonly string[]>> = {
  scan: ["--offline"],
  adopt: [],
  organize: ["--offline", "--layout", "flat", "--yes"],
  duplicates: ["--link", "--yes"],
  "trash list": [],
};

for (const [name, args] of Object.entries(commands)) {
  Deno.test(`civikit ${name} ends first what a killed update or trashing left in its folder`, () =>
    inWorld(async ({ folder, run }) => {
      const models = join(folder, "models");
      const { isEnded } = await cutShort(models);
      const { code, io } = await run([...name.split(" "), models, ...args]);
      assertEquals([code, isEnded()], [0, [true, true, true]], io.err);
      assertStringIncludes(io.err, `an earlier update is ended: ${join(models, "new.pt")}`);
    }));
}

Deno.test("civikit install ends it in the project's root, and what only shows ends nothing", () =>
  inWorld(async ({ folder, run }) => {
    const models = join(folder, "models");
    assertEquals((await run(["add", "2002", "--root", models, "--project", folder])).code, 0);
    const { isEnded } = await cutShort(models);
    await run(["install", "-n", "--project", folder]);
    await run(["duplicates", models]);
    await run(["organize", models, "--layout", "flat", "-n", "--offline"]);
    assertEquals(isEnded(), [false, true, false]);
    const { code, io } = await run(["install", "--project", folder]);
    assertEquals([code, isEnded()], [0, [true, true, true]], io.err);
  }));

Deno.test("the library of a service ends it before its first look", async () => {
  const folder = await Deno.makeTempDir();
  using hashes = hashCache(":memory:");
  try {
    const { isEnded } = await cutShort(folder);
    const nobody = () => Promise.reject(new Error("not asked"));
    const library = openLibrary({
      folders: () => [folder],
      hashes,
      api: {
        versions: { byHashes: () => Promise.resolve(new Map()), byHash: nobody },
        models: { get: nobody, byIds: () => Promise.resolve(new Map()) },
      },
    });
    await library.look();
    assertEquals([isEnded(), library.list().rows.map(({ name }) => name)], [[true, true, true], ["new.pt"]]);
    await library.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
