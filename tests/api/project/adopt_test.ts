import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import {
  adopt,
  applyUpdate,
  civitai,
  hashCache,
  install,
  openProject,
  outdated,
  planUpdate,
  readApart,
  verify,
} from "@civikit/civikit/api";
import { fetchTransport } from "@civikit/civikit/transport";
import { type Civitai as Embedded, startCivitai } from "../../_civitai/mod.ts";
import { tree } from "../../cli/_world.ts";
import { inFolder } from "../library/_folder.ts";

interface Parts {
  /** The project's folder. */
  readonly folder: string;
  /** Where models are: a folder of its own beside the project. */
  readonly root: string;
  readonly site: Embedded;
  readonly api: ReturnType<typeof civitai>;
  readonly transport: ReturnType<typeof fetchTransport>;
  put(name: string, id: number): string;
}

async function inProject(work: (parts: Parts) => Promise<void>): Promise<void> {
  await using site = await startCivitai();
  const transport = fetchTransport();
  await inFolder(async (outer) => {
    const [folder, root] = [join(outer, "project"), join(outer, "disk", "models")];
    for (const path of [folder, root]) Deno.mkdirSync(path, { recursive: true });
    function put(name: string, id: number): string {
      const { content } = site.file(id).file;
      const path = join(root, name);
      Deno.mkdirSync(join(path, ".."), { recursive: true });
      Deno.writeFileSync(path, content.read(0, content.size));
      return path;
    }
    try {
      await work({ folder, root, site, transport, put, api: civitai(transport, { baseUrl: site.url }) });
    } finally {
      transport.close();
    }
  });
}

/** Everything a disk tells of a folder, but for when it was read. */
function stateOf(root: string): unknown[] {
  return tree(root).map((name) => {
    const { size, mtime, ino } = Deno.lstatSync(join(root, name));
    return [name, size, mtime?.getTime(), ino];
  });
}

Deno.test("adopt() makes a project of what lies in a folder, and moves and changes nothing", () =>
  inProject(async ({ folder, root, site, api, put }) => {
    put("loras/燈籠 Лампа.safetensors", 3001);
    put("checkpoints/deep/harbour.safetensors", 3010);
    put("checkpoints/deep/pruned.safetensors", 3011);
    Deno.writeTextFileSync(join(root, "own.pt"), "trained at home");
    Deno.writeTextFileSync(join(root, "loras", "half.safetensors.part"), "half");
    const before = stateOf(root);
    const project = openProject(folder, { root });
    const { adopted, apart, failures } = await adopt(project, api);
    assertEquals(stateOf(root), before);
    assertEquals(failures, []);
    assertEquals(adopted.map(({ wanted, proof }) => [wanted, proof]), [
      [{ air: "urn:air:sdxl:checkpoint:civitai:1002@2010", folder: "checkpoints/deep" }, "proved"],
      [{ air: "urn:air:sdxl:checkpoint:civitai:1002@2010", file: 3011, folder: "checkpoints/deep" }, "proved"],
      [{ air: "urn:air:sdxl:lora:civitai:1001@2001", folder: "loras" }, "proved"],
    ]);
    assertEquals(apart.map(({ path, reason }) => [path.slice(root.length + 1), reason]), [
      ["loras/half.safetensors.part", "unfinished"],
      ["own.pt", "unknown"],
    ]);
    const again = openProject(folder, { root });
    assertEquals(again.manifest.root, "../disk/models");
    assertEquals(again.lock.files.map(({ path, bytes, sha256, versionId }) => [path, bytes, sha256, versionId]), [
      ["checkpoints/deep/harbour.safetensors", site.file(3010).file.content.size, await site.sha256(3010), 2010],
      ["checkpoints/deep/pruned.safetensors", site.file(3011).file.content.size, await site.sha256(3011), 2010],
      ["loras/燈籠 Лампа.safetensors", site.file(3001).file.content.size, await site.sha256(3001), 2001],
    ]);
    assertEquals(readApart(again).map(({ reason }) => reason), ["unfinished", "unknown"]);
  }));

Deno.test("install() on another machine gives the tree that was adopted; verify, outdated and update work on it", () =>
  inProject(async ({ folder, root, api, transport, put }) => {
    put("loras/my lantern.safetensors", 3001);
    put("checkpoints/harbour.safetensors", 3010);
    put("vae/harbour vae.safetensors", 3012);
    put("loras/copy/lantern.safetensors", 3001);
    await adopt(openProject(folder, { root }), api);
    const other = join(folder, "..", "other");
    Deno.mkdirSync(other);
    for (const name of ["civikit.models.json", "civikit.lock.json"]) {
      Deno.copyFileSync(join(folder, name), join(other, name));
    }
    const elsewhere = openProject(other, { root: join(other, "models") });
    const { outcomes } = await install(elsewhere, api, transport, { isFrozen: true });
    assertEquals(outcomes.map(({ state }) => state), ["fetched", "fetched", "fetched", "fetched"]);
    assertEquals(tree(join(other, "models")), tree(root));
    for (const name of tree(root)) {
      assertEquals(Deno.readFileSync(join(other, "models", name)), Deno.readFileSync(join(root, name)));
    }
    const project = openProject(folder, { root });
    const here = await install(project, api, transport);
    assertEquals(here.outcomes.map(({ state }) => state), ["there", "there", "there", "there"]);
    const expected = project.lock.files.map(({ path, sha256 }) => ({ path: join(root, path), sha256: sha256! }));
    for await (const { state } of verify(expected)) assertEquals(state, "ok");
    assertEquals((await outdated(project, api)).outdated.map(({ modelId }) => modelId).sort(), [
      1001,
      1001,
      1002,
      1002,
    ]);
    const plan = await planUpdate(project, api, { latest: true });
    applyUpdate(project, plan);
    await install(project, api, transport);
    assertEquals(tree(root), [
      "checkpoints/harbourMix_v20.safetensors",
      "loras/copy/paper_lantern_v2.safetensors",
      "loras/paper_lantern_v2.safetensors",
      "vae/harbour vae.safetensors",
    ]);
  }));

Deno.test("adopt() merges into what is there: entries stay, open ones take their file, a second run changes nothing", () =>
  inProject(async ({ folder, root, api, put }) => {
    put("anywhere/lantern.safetensors", 3001);
    put("harbour.safetensors", 3010);
    const manifest = {
      version: 1,
      layout: "flat",
      root: "../disk/models",
      mine: "kept",
      models: ["model:1", "civitai:1001@2001"],
    };
    manifest.models[0] = "civitai:1003@2020";
    Deno.writeTextFileSync(join(folder, "civikit.models.json"), JSON.stringify(manifest));
    const { adopted } = await adopt(openProject(folder, { root }), api);
    assertEquals(adopted.map(({ wanted }) => wanted), [
      { air: "civitai:1001@2001" },
      { air: "urn:air:sdxl:checkpoint:civitai:1002@2010" },
    ]);
    const text = () =>
      ["civikit.models.json", "civikit.lock.json"].map((name) => Deno.readTextFileSync(join(folder, name)));
    const first = text();
    const { models, mine } = JSON.parse(first[0]!);
    assertEquals([models, mine], [[
      "civitai:1003@2020",
      "civitai:1001@2001",
      "urn:air:sdxl:checkpoint:civitai:1002@2010",
    ], "kept"]);
    const again = await adopt(openProject(folder, { root }), api);
    assertEquals([again.adopted, again.there.length, text()], [[], 2, first]);
    // another file where the lock file has one: the lock file stays
    put("harbour.safetensors", 3013);
    const other = await adopt(openProject(folder, { root }), api);
    assertEquals([other.apart.map(({ reason }) => reason), text()], [["taken"], first]);
  }));

Deno.test("adopt() with quick marks what nobody has hashed; later runs prove it, or correct what was wrong", () =>
  inProject(async ({ folder, root, api, transport, put }) => {
    put("a.safetensors", 3010);
    const wrong = put("b.safetensors", 3013);
    const bytes = Deno.readFileSync(wrong);
    bytes[bytes.length - 1]! ^= 1;
    Deno.writeFileSync(wrong, bytes);
    using cache = hashCache(":memory:");
    const quick = await adopt(openProject(folder, { root }), api, [], { cache, quick: true });
    assertEquals(quick.adopted.map(({ proof }) => proof), ["presumed", "presumed"]);
    assertEquals(openProject(folder, { root }).lock.files.map(({ presumed }) => presumed), [true, true]);
    const same = await adopt(openProject(folder, { root }), api, [], { cache, quick: true });
    assertEquals([same.there.length, same.proved], [2, []]);
    const tried = await install(openProject(folder, { root }), api, transport, { cache });
    assertEquals(
      tried.outcomes.map(({ state }) => state).sort(),
      ["failed", "there"],
      "what is not it is never replaced",
    );
    assertEquals(Deno.readFileSync(wrong), bytes);
    assertEquals(openProject(folder, { root }).lock.files.map(({ presumed }) => presumed), [undefined, true]);
    const proved = await adopt(openProject(folder, { root }), api, [], { cache });
    assertEquals(proved.corrected.map(({ path }) => path), [wrong]);
    assertEquals(proved.disproved.map(({ path }) => path), [wrong]);
    assertEquals(proved.apart.map(({ path, reason }) => [path, reason]), [[wrong, "unknown"]]);
    const { manifest, lock } = openProject(folder, { root });
    assertEquals([manifest.models.length, lock.files.map(({ path }) => path)], [1, ["a.safetensors"]]);
    assertEquals(Deno.readFileSync(wrong), bytes);
  }));

Deno.test("adopt() of a dry project hashes and writes nothing, and tells what would be", () =>
  inProject(async ({ folder, root, api, put }) => {
    put("a.safetensors", 3010);
    const { adopted } = await adopt(openProject(folder, { root, isDry: true }), api);
    assertEquals(adopted.map(({ proof, locked }) => [proof, locked.fileId]), [["presumed", 3010]]);
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test({
  name: "adopt() follows links to other disks, and keeps apart what no lock file can hold",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inProject(async ({ folder, root, api, put }) => {
      await using disposables = new AsyncDisposableStack();
      // another disk in truth, where memory is one
      const dir = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => join(root, ".."));
      const disk = await Deno.makeTempDir({ dir });
      disposables.defer(() => Deno.remove(disk, { recursive: true }));
      Deno.copyFileSync(put("../harbour.safetensors", 3010), join(disk, "harbour.safetensors"));
      Deno.symlinkSync(disk, join(root, "checkpoints"));
      put("CON.safetensors", 3001);
      put("loras/A.safetensors", 3001);
      put("loras/a.safetensors", 3001);
      put("Cafe\u0301.safetensors", 3001);
      Deno.symlinkSync("/nowhere/at/all", join(root, "gone.safetensors"));
      const outside = put("../elsewhere/x.safetensors", 3001);
      const { adopted, apart } = await adopt(openProject(folder, { root }), api, [root, join(outside, "..")]);
      assertEquals(adopted.map(({ locked }) => locked.path), [
        "checkpoints/harbour.safetensors",
        "loras/A.safetensors",
      ]);
      const base = join(root, "..");
      assertEquals(apart.map(({ path, reason }) => [path.slice(base.length + 1), reason]), [
        ["elsewhere/x.safetensors", "outside"],
        ["models/CON.safetensors", "unsafe_name"],
        ["models/Cafe\u0301.safetensors", "unsafe_name"],
        ["models/gone.safetensors", "dangling"],
        ["models/loras/a.safetensors", "same_name"],
      ]);
      // the same folder by another name
      const link = join(root, "..", "link");
      Deno.symlinkSync(root, link);
      const again = await adopt(openProject(folder, { root }), api, [join(link, "checkpoints")]);
      assertEquals(again.there.map(({ locked }) => locked.path), ["checkpoints/harbour.safetensors"]);
    }),
});

Deno.test("adopt() lists what the site could not be asked about, and writes what it knows", () =>
  inProject(async ({ folder, root, site, api, put }) => {
    put("a.safetensors", 3001);
    using cache = hashCache(":memory:");
    site.faults.maintenance(true);
    const down = await adopt(openProject(folder, { root }), api, [], { cache });
    assertEquals([down.apart.map(({ reason }) => reason), down.failures.length], [["unasked"], 1]);
    site.faults.heal();
    assertEquals((await adopt(openProject(folder, { root }), api, [], { cache })).adopted.length, 1);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    assert((await assertRejects(() => adopt(openProject(folder, { root }), api, [], { signal }))) === reason);
  }));
