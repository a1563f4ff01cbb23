import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import {
  civitai,
  findDuplicates,
  findUpdates,
  hashCache,
  hashFiles,
  linkDuplicates,
  recordedFiles,
  scan,
  verify,
  walk,
} from "@civikit/civikit/api";
import { CivikitError, fetchTransport, HttpError } from "@civikit/civikit/transport";
import { type Civitai as Embedded, startCivitai } from "../../_civitai/mod.ts";
import { inFolder } from "./_folder.ts";

/** A library with two files of the embedded site, one of them twice, and one nobody knows. */
async function withLibrary(
  work: (parts: { folder: string; civitai: Embedded; api: ReturnType<typeof civitai> }) => Promise<void>,
): Promise<void> {
  await using embedded = await startCivitai({ loraBytes: 64 * 1024 });
  const transport = fetchTransport();
  await inFolder(async (folder) => {
    Deno.mkdirSync(join(folder, "loras", "deep"), { recursive: true });
    const put = (path: string, id: number) => {
      const { content } = embedded.file(id).file;
      Deno.writeFileSync(join(folder, path), content.read(0, content.size));
    };
    put("loras/lantern.safetensors", 3001);
    put("loras/deep/copy.safetensors", 3001);
    put("edges.pt", 3020);
    Deno.writeTextFileSync(join(folder, "own.ckpt"), "trained at home");
    Deno.writeTextFileSync(join(folder, "notes.txt"), "not a model");
    try {
      await work({ folder, civitai: embedded, api: civitai(transport, { baseUrl: embedded.url }) });
    } finally {
      transport.close();
    }
  });
}

Deno.test("scan() says what every file is, lists unknown ones, and finds duplicates", () =>
  withLibrary(async ({ folder, civitai, api }) => {
    const { files, skipped, failures, duplicates, hashedFiles } = await scan(api, [folder]);
    assertEquals([files.length, skipped.length, failures.length, hashedFiles], [4, 0, 0, 4]);
    const byName = Object.fromEntries(files.map((file) => [file.name, file]));
    assertEquals(byName["loras/lantern.safetensors"]!.sha256, await civitai.sha256(3001));
    const { modelId, versionId, fileId, modelType } = byName["loras/deep/copy.safetensors"]!.identity!;
    assertEquals([modelId, versionId, fileId, modelType], [1001, 2001, 3001, "LORA"]);
    assertEquals(byName["edges.pt"]!.identity!.fileId, 3020);
    assertEquals(byName["own.ckpt"]!.identity, null);
    assertEquals(duplicates.length, 1);
    assertEquals(duplicates[0]!.wastedBytes, byName["loras/lantern.safetensors"]!.bytes);
    assertEquals(civitai.log.length, 1, "all hashes in one question");
  }));

Deno.test("scan() hashes and asks again only what changed, and unknown files after their time", () =>
  withLibrary(async ({ folder, civitai, api }) => {
    using cache = hashCache(join(folder, "state", "hashes.sqlite"));
    const first = await scan(api, [folder], { cache, now: 1000 });
    const again = await scan(api, [folder], { cache, now: 2000 });
    assertEquals([again.hashedFiles, civitai.log.length], [0, 1]);
    assertEquals(
      again.files.map(({ sha256, identity }) => [sha256, identity]),
      first.files.map(({ sha256, identity }) => [sha256, identity]),
    );
    Deno.writeTextFileSync(join(folder, "own.ckpt"), "trained at home, longer");
    const changed = await scan(api, [folder], { cache, now: 3000 });
    assertEquals([changed.hashedFiles, civitai.log.length], [1, 2]);
    await scan(api, [folder], { cache, now: 3000 + 86_400_001 });
    assertEquals(civitai.log.length, 3, "what was unknown may be known by now");
    const offline = await scan(null, [folder], { cache, now: 3000 });
    assertEquals(offline.files.filter(({ identity }) => identity).length, 3);
  }));

Deno.test("scan() reports lookups that fail and goes on; the next scan makes up for them", () =>
  withLibrary(async ({ folder, civitai, api }) => {
    using cache = hashCache(":memory:");
    civitai.faults.maintenance(true);
    const down = await scan(api, [folder], { cache });
    assertEquals([down.failures.length, down.files.length, down.hashedFiles], [1, 4, 4]);
    assert(down.files.every(({ identity }) => identity === undefined));
    civitai.faults.heal();
    const up = await scan(api, [folder], { cache });
    assertEquals([up.failures.length, up.hashedFiles, up.files.filter(({ identity }) => identity).length], [0, 0, 3]);
  }));

Deno.test("scan() ends with the signal's reason, and keeps what was hashed", () =>
  withLibrary(async ({ folder, api }) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    controller.abort(reason);
    assertEquals(await assertRejects(() => scan(api, [folder], { signal: controller.signal })), reason);
  }));

Deno.test({
  name: "walk() follows links, in circles once, passes hidden folders by, and reports what it cannot read",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder((folder) => {
      Deno.mkdirSync(join(folder, "a", ".git"), { recursive: true });
      Deno.writeTextFileSync(join(folder, "a", "x.safetensors"), "x");
      Deno.writeTextFileSync(join(folder, "a", ".git", "y.safetensors"), "y");
      Deno.writeTextFileSync(join(folder, "a", "x.safetensors.part"), "half");
      Deno.symlinkSync(folder, join(folder, "a", "loop"));
      Deno.symlinkSync("/nowhere/at/all", join(folder, "gone.safetensors"));
      Deno.symlinkSync(join(folder, "a", "x.safetensors"), join(folder, "b.safetensors"));
      Deno.symlinkSync("/nowhere/at/all", join(folder, "put_models_here.txt"));
      Deno.symlinkSync("round", join(folder, "round"));
      const { files, skipped } = walk(folder);
      assertEquals(files.map(({ name, isLink }) => [name, isLink]), [["a/x.safetensors", false], [
        "b.safetensors",
        true,
      ]]);
      assertEquals(files[0]!.inode, files[1]!.inode);
      assertEquals(skipped.map(({ path, error, isDangling }) => [path, error.code, isDangling]), [[
        join(folder, "gone.safetensors"),
        "folder_missing",
        true,
      ]]);
      assert(skipped[0]!.error.message.endsWith("a link to a file that is not there"));
      assertEquals(assertThrows(() => walk(join(folder, "no")), CivikitError).code, "folder_missing");
      return Promise.resolve();
    }),
});

Deno.test({
  name: "walk() tells of a link to a folder it may not look into",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: () =>
    inFolder((folder) => {
      Deno.mkdirSync(join(folder, "closed", "loras"), { recursive: true });
      Deno.symlinkSync("closed/loras", join(folder, "loras"));
      Deno.chmodSync(join(folder, "closed"), 0);
      assertEquals(walk(folder).skipped.map(({ error }) => error.code), ["permission_denied", "permission_denied"]);
      Deno.chmodSync(join(folder, "closed"), 0o700);
      return Promise.resolve();
    }),
});

Deno.test("walk() takes a single file, whatever its ending", () =>
  inFolder((folder) => {
    const path = join(folder, "model.bak");
    Deno.writeTextFileSync(path, "x");
    assertEquals(walk(path).files.map((file) => [file.path, file.name, file.bytes]), [[path, "model.bak", 1]]);
    return Promise.resolve();
  }));

Deno.test({
  name: "walk() says that a name is not UTF-8, and goes on",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(join(folder, "a.safetensors"), "x");
      Deno.writeTextFileSync(join(folder, "\ufffd.safetensors"), "x");
      const script = `printf x > "$(printf 'mod\\350le.safetensors')"; mkdir "$(printf 'd\\350')"`;
      await new Deno.Command("sh", { args: ["-c", script], cwd: folder }).output();
      const { files, skipped } = walk(folder);
      assertEquals(files.map(({ name }) => name), ["a.safetensors", "\ufffd.safetensors"]);
      assertEquals(skipped.map(({ error }) => error.reason), ["name_encoding", "name_encoding"]);
      for (const { error } of skipped) assert(error.message.includes("not UTF-8"), error.message);
    }),
});

Deno.test("findDuplicates() counts what could be gained: copies on one disk, but no links and no second names", () => {
  const file = (path: string, inode: string | null, isLink = false) => {
    return { path, inode, isLink, bytes: 10, sha256: "AA" };
  };
  const wasted = (...files: ReturnType<typeof file>[]) => findDuplicates(files)[0]!.wastedBytes;
  assertEquals(wasted(file("/a", "1:1"), file("/b", "1:2"), file("/c", "1:3")), 20);
  assertEquals(wasted(file("/a", "1:1"), file("/b", "1:1")), 0);
  assertEquals(wasted(file("/a", "1:1", true), file("/b", "1:2")), 0);
  assertEquals(wasted(file("/a", "1:1", true), file("/b", "1:1")), 0);
  assertEquals(wasted(file("/a", "1:1", true), file("/b", "1:2", true)), 0);
  assertEquals(wasted(file("/a", "1:1"), file("/b", "2:2")), 0);
  assertEquals(wasted(file("/a", "1:1"), file("/b", "2:2"), file("/c", "2:3"), file("/d", "2:4")), 20);
  assertEquals(wasted(file("/a", null), file("/b", null)), 10);
});

Deno.test({
  name: "linkDuplicates() neither replaces a link nor links to one, whatever comes first",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      for (const name of ["store", "lib"]) Deno.mkdirSync(join(folder, name));
      for (const path of ["store/m.pt", "lib/b.pt", "lib/d.pt"]) Deno.writeTextFileSync(join(folder, path), "same");
      for (const name of ["a.pt", "c.pt", "e.pt"]) Deno.symlinkSync("../store/m.pt", join(folder, "lib", name));
      const { duplicates: [group] } = await scan(null, [join(folder, "lib")]);
      assertEquals(group!.wastedBytes, 4);
      const linked = (await linkDuplicates(group!)).map(({ path, linked }) => [path.slice(-4), linked]);
      assertEquals(linked, [["a.pt", false], ["c.pt", false], ["d.pt", true], ["e.pt", false]]);
      const kinds = ["a.pt", "b.pt", "c.pt", "d.pt", "e.pt"].map((name) => {
        assertEquals(Deno.readTextFileSync(join(folder, "lib", name)), "same");
        return Deno.lstatSync(join(folder, "lib", name)).isSymlink;
      });
      assertEquals(kinds, [true, false, true, false, true]);
      assertEquals(Deno.statSync(join(folder, "lib/b.pt")).ino, Deno.statSync(join(folder, "lib/d.pt")).ino);
    }),
});

Deno.test("hashFiles() gives every file one outcome, whatever their sizes and number at once", () =>
  inFolder(async (folder) => {
    const files = Array.from({ length: 40 }, (_, index) => {
      const path = join(folder, `${index}`);
      const bytes = index === 7 ? 20 * 1024 ** 2 : index * 1000;
      if (index !== 3) Deno.writeFileSync(path, new Uint8Array(bytes).fill(index));
      return { path, bytes };
    });
    for (const concurrency of [1, 5]) {
      const seen: number[] = [];
      const outcomes = new Map<string, string>();
      for await (
        const { file, sha256, error } of hashFiles(files, {
          concurrency,
          onProgress: ({ hashedBytes }) => seen.push(hashedBytes),
        })
      ) {
        assert(!outcomes.has(file.path));
        outcomes.set(file.path, sha256 ?? error.code);
      }
      assertEquals(outcomes.size, 40);
      assertEquals(outcomes.get(files[3]!.path), "folder_missing");
      for (const { path } of files.filter((_, index) => index !== 3)) {
        const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
        assertEquals(outcomes.get(path), new Uint8Array(digest).toHex().toUpperCase());
      }
      assertEquals(seen.at(-1), files.reduce((sum, { bytes }, index) => index === 3 ? sum : sum + bytes, 0));
    }
    await assertRejects(() => hashFiles([], { concurrency: 0 }).next(), RangeError);
    for await (const _ of hashFiles(files)) break;
  }));

Deno.test("verify() finds a flipped bit that neither size nor time shows, files that are gone, and cut .safetensors", () =>
  withLibrary(async ({ folder, api }) => {
    using cache = hashCache(":memory:");
    await scan(api, [folder], { cache });
    const rotten = join(folder, "loras", "lantern.safetensors");
    const { mtime } = Deno.statSync(rotten);
    const bytes = Deno.readFileSync(rotten);
    bytes[1000]! ^= 1;
    Deno.writeFileSync(rotten, bytes);
    Deno.utimeSync(rotten, mtime!, mtime!);
    assertEquals((await scan(null, [folder], { cache })).hashedFiles, 0, "a scan cannot see it");
    Deno.writeFileSync(join(folder, "new.safetensors"), bytes.subarray(0, bytes.length - 7));
    const { files } = recordedFiles(folder, cache);
    const states = new Map<string, string>();
    for await (const { path, state, error } of verify([...files, { path: join(folder, "gone.pt"), sha256: "00" }])) {
      if (path === rotten) assertEquals([error?.code, error?.reason], ["hash_mismatch", "file_damaged"]);
      states.set(path.slice(folder.length + 1), state);
    }
    assertEquals(Object.fromEntries([...states].sort()), {
      "edges.pt": "ok",
      "gone.pt": "missing",
      "loras/deep/copy.safetensors": "ok",
      "loras/lantern.safetensors": "damaged",
      "new.safetensors": "damaged",
      "own.ckpt": "ok",
    });
  }));

Deno.test("linkDuplicates() makes names of one file, and leaves alone what changed since", () =>
  withLibrary(async ({ folder, api }) => {
    const { duplicates: [group] } = await scan(api, [folder]);
    const [first, second] = group!.paths;
    const content = Deno.readFileSync(second!);
    Deno.writeFileSync(second!, content.toReversed());
    const [refused] = await linkDuplicates(group!);
    assertEquals([refused!.linked, refused!.error?.code], [false, "part_mismatch"]);
    assertEquals(Deno.readFileSync(second!), content.toReversed());
    Deno.writeFileSync(second!, content);
    assertEquals(await linkDuplicates(group!), [{ path: second!, linked: true }]);
    assertEquals(Deno.statSync(first!).ino, Deno.statSync(second!).ino);
    assertEquals(Deno.readFileSync(second!), content);
    assertEquals((await scan(api, [folder])).duplicates[0]!.wastedBytes, 0);
    assertEquals(await linkDuplicates(group!), [{ path: second!, linked: true }]);
  }));

Deno.test("findUpdates() asks for many models at once, and a deleted one stops nothing", () =>
  withLibrary(async ({ civitai, api }) => {
    const owned = [{ modelId: 1001, versionId: 2001 }, { modelId: 1003, versionId: 2020 }, {
      modelId: 999,
      versionId: 9,
    }];
    const { models, failures } = await findUpdates(api, [...owned, { modelId: 1010, versionId: 2090 }]);
    assertEquals(models.map(({ modelId, newest }) => [modelId, newest?.versionId]), [
      [1001, 2002],
      [1003, undefined],
      [1010, undefined],
    ]);
    assertEquals(failures.map(({ modelId, error }) => [modelId, error.code]), [[999, "not_found"]]);
    assert(failures[0]!.error.message.includes("no longer on the site"));
    assert(civitai.log.length <= 3, `${civitai.log.length} questions`);
    const both = await findUpdates(api, [{ modelId: 1001, versionId: 2001 }, { modelId: 1001, versionId: 2002 }]);
    assertEquals(both.models[0]!.newer, [], "who has the newest has nothing to update");
  }));

Deno.test("findUpdates() tells versions for the same base model from others, and an unlisted one from none", async () => {
  const listed = (id: number, baseModel: string) => ({ id, name: `v${id}`, baseModel });
  const model = {
    id: 5,
    name: "M",
    type: "LORA",
    modelVersions: [listed(30, "Flux.1 D"), listed(20, "SDXL 1.0"), listed(10, "SDXL 1.0")],
  };
  const api = { models: { get: () => Promise.resolve(model), byIds: () => Promise.resolve(new Map([[5, model]])) } };
  const update = async (versionId: number) => (await findUpdates(api, [{ modelId: 5, versionId }])).models[0]!;
  assertEquals((await update(10)).newest?.versionId, 20);
  const flux = await update(20);
  assertEquals([flux.newest, flux.newer.map(({ versionId }) => versionId)], [undefined, [30]]);
  assertEquals((await update(15)).newest?.versionId, 30, "15 was taken down: everything published after it is newer");
});

Deno.test("findUpdates() takes a newer version for no news when all its weights are there already, and no other", async () => {
  const file = (sha256: string | undefined, type = "Model") => {
    return { id: 1, name: "m.safetensors", sizeKB: 1, type, hashes: sha256 === undefined ? {} : { SHA256: sha256 } };
  };
  const newest = async (sha256: string | undefined, ...versions: ReturnType<typeof file>[][]) => {
    const modelVersions = versions.map((files, n) => ({ id: 9 - n, name: `v${9 - n}`, baseModel: "SDXL 1.0", files }));
    const model = { id: 5, name: "M", type: "LORA", modelVersions };
    const api = { models: { get: () => Promise.resolve(model), byIds: () => Promise.resolve(new Map([[5, model]])) } };
    const { models } = await findUpdates(api, [{ modelId: 5, versionId: 10 - versions.length, sha256 }]);
    return models[0]!.newer.map(({ versionId }) => versionId);
  };
  const old = [file("AA")];
  assertEquals(await newest("aa", [file("AA")], old), [], "the same bytes");
  assertEquals(await newest("AA", [file("AA"), file("CC", "Training Data"), file("DD", "Config")], old), []);
  assertEquals(await newest("AA", [file("AA"), file("BB", "Pruned Model")], old), [9], "weights that are not there");
  assertEquals(await newest("AA", [file("BB")], old), [9]);
  assertEquals(await newest("AA", [file(undefined)], old), [9], "nothing is known about its bytes");
  assertEquals(await newest("AA", [], old), [9]);
  assertEquals(await newest(undefined, [file("AA")], old), [9], "nothing is known about the bytes that are there");
  assertEquals(await newest("AA", [file("BB")], [file("AA")], old), [9]);
});

Deno.test("findUpdates() gives up asking where the failure is everybody's, and reports every model", async () => {
  const limited = new HttpError("asking: 429", { code: "rate_limited", status: 429, url: "https://civitai.com" });
  let asked = 0;
  const refuse = () => Promise.reject((asked++, limited));
  const owned = Array.from({ length: 300 }, (_, index) => ({ modelId: index + 1, versionId: 1 }));
  const { models, failures } = await findUpdates({ models: { get: refuse, byIds: refuse } }, owned);
  assertEquals([models.length, failures.length, asked], [0, 300, 1]);
});
