import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gguf } from "../../_civitai/mod.ts";
import { screen } from "../_io.ts";
import { events, inWorld, tree, type World } from "../_world.ts";

function put({ civitai, folder }: World, path: string, id: number): void {
  const { content } = civitai.file(id).file;
  Deno.mkdirSync(join(folder, path, ".."), { recursive: true });
  Deno.writeFileSync(join(folder, path), content.read(0, content.size));
}

Deno.test("civikit scan reports unknown files, duplicates and totals, and writes nothing into the folder", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "a/lantern.safetensors", 3001);
    put(world, "b/copy.safetensors", 3001);
    Deno.writeTextFileSync(join(folder, "own.pt"), "trained at home");
    const before = tree(folder);
    const { code, io } = await run(["scan", folder]);
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.out, "unknown to Civitai:");
    assertStringIncludes(io.out, "  own.pt\n");
    assertStringIncludes(io.out, "the same file 2 times");
    assertStringIncludes(io.out, "3 files");
    assertStringIncludes(io.out, "2 known, 1 unknown; 3 hashed now");
    assertEquals(tree(folder), before);
    const again = await run(["scan", folder, "--all"]);
    assertStringIncludes(again.io.out, "0 hashed now");
    assert(/lantern\.safetensors .*Paper Lantern Style +v1\.0 +SDXL 1\.0/.test(again.io.out), again.io.out);
  }));

Deno.test("civikit scan --json is one object a line, skips and summary included", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "lantern.safetensors", 3001);
    Deno.symlinkSync("/nowhere", join(folder, "gone.safetensors"));
    const { code, io } = await run(["scan", folder, "--json"]);
    assertEquals([code, io.err], [0, ""]);
    const lines = events(io);
    assertEquals(lines.map(({ event }) => event), ["file", "skipped", "summary"]);
    assertEquals([lines[0]!.state, lines[0]!.versionId, lines[1]!.code], ["known", 2001, "folder_missing"]);
    assertEquals([lines[2]!.known, lines[2]!.skipped, lines[2]!.exitCode], [1, 1, 0]);
  }));

Deno.test("civikit scan --sidecars and --link-duplicates change only what they say", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "a/lantern.safetensors", 3001);
    put(world, "b/copy.safetensors", 3001);
    for (const base of ["a/lantern", "b/copy"]) Deno.writeTextFileSync(join(folder, `${base}.preview.png`), "mine");
    const { code, io } = await run(["scan", folder, "--sidecars", "--link-duplicates"]);
    assertEquals(code, 0, io.err);
    assert(tree(folder).includes("a/lantern.civitai.info"), tree(folder).join());
    const inode = (path: string) => Deno.statSync(join(folder, path)).ino;
    assertEquals(inode("a/lantern.safetensors"), inode("b/copy.safetensors"));
  }));

Deno.test("civikit scan keeps going without its hash file, and says so; a named one has to work", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "lantern.safetensors", 3001);
    const blocked = join(folder, "blocked");
    Deno.writeTextFileSync(blocked, "a file where a folder is due");
    const { code, io } = await run(["scan", folder], { env: { XDG_CACHE_HOME: blocked } });
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.err, "hashes are not kept");
    assertEquals((await run(["scan", folder, "--hashes", join(blocked, "x.sqlite")])).code, 8);
  }));

Deno.test("civikit scan and verify take the hash that download or install has just proved, and read nothing twice", () =>
  inWorld(async ({ folder, run }) => {
    assertEquals((await run(["download", "2002", "--dir", join(folder, "a")])).code, 0);
    assertEquals((await run(["add", "2001", "--project", join(folder, "b")])).code, 0);
    const { code, io } = await run(["scan", folder, "--offline"]);
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.out, "0 hashed now");
    const verified = await run(["verify", folder]);
    assertEquals([verified.code, verified.io.out.split(" in ")[0]], [0, "2 ok"], verified.io.err);
  }));

Deno.test("civikit scan --sidecars tells which of two models of one name the sidecars belong to, and writes them once", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "lantern.pt", 3020);
    put(world, "lantern.safetensors", 3001);
    Deno.writeTextFileSync(join(folder, "lantern.preview.png"), "mine");
    const first = await run(["scan", folder, "--sidecars"]);
    const before = Deno.readTextFileSync(join(folder, "lantern.civitai.info"));
    assertEquals(first.code, 0, first.io.err);
    assertStringIncludes(first.io.err, "left alone: lantern.civitai.info belongs to lantern.pt");
    const again = await run(["scan", folder, "--sidecars", "--json"]);
    const states = events(again.io).filter(({ event }) => event === "sidecar").map((
      { state, owner },
    ) => [state, owner]);
    assert(states.every(([state]) => state !== "written"), JSON.stringify(states));
    assertEquals(states.filter(([state]) => state === "other"), [["other", join(folder, "lantern.pt")]]);
    assertEquals(Deno.readTextFileSync(join(folder, "lantern.civitai.info")), before);
  }));

for (
  const [kind, spoil] of Object.entries<(path: string) => Disposable | void>({
    "a page of it damaged": (path) => Deno.writeFileSync(path, Deno.readFileSync(path).fill(0xaa, 4096)),
    "cut off": (path) => Deno.truncateSync(path, 100),
    "of another program": (path) => {
      Deno.removeSync(path);
      using other = new DatabaseSync(path);
      other.exec("CREATE TABLE files (name TEXT); PRAGMA user_version = 1");
    },
    "of a newer civikit": (path) => {
      using file = new DatabaseSync(path);
      file.exec("PRAGMA user_version = 99");
    },
  })
) {
  Deno.test(`civikit scan and verify do their work with a file of hashes that is ${kind}, and say so`, () =>
    inWorld(async (world) => {
      const { folder, run } = world;
      const hashes = join(folder, "..", "cache", "civikit", "hashes.sqlite");
      put(world, "lantern.safetensors", 3001);
      await run(["scan", folder]);
      spoil(hashes);
      const { code, io } = await run(["scan", folder]);
      assertEquals(code, 0, io.err);
      assertStringIncludes(io.out, "1 known; 1 hashed now");
      assert(io.err.includes(hashes), io.err);
      assertEquals((await run(["verify", folder])).code, 0);
    }));
}

Deno.test("civikit scan shows known models first, paths from the folder given, and how many unknown ones it left out", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "z/lantern.safetensors", 3001);
    for (let n = 0; n < 25; n++) {
      Deno.writeTextFileSync(join(folder, `own${String(n).padStart(2, "0")}.pt`), `own ${n}`);
    }
    const { code, io } = await run(["scan", folder]);
    assertEquals(code, 0, io.err);
    assert(!io.out.includes(folder), io.out);
    const lines = io.out.split("\n");
    assert(/^z\/lantern\.safetensors .*Paper Lantern Style/.test(lines[1]!), io.out);
    assertEquals(lines.slice(2, 4), ["unknown to Civitai:", "  own00.pt"]);
    assertEquals(lines.slice(22, 24), ["  own19.pt", "  and 5 more (--all)"]);
    const all = (await run(["scan", folder, "--all"])).io.out;
    assert(all.includes("  own24.pt") && !all.includes("more"), all);
    const both = (await run(["scan", join(folder, "z"), folder])).io.out;
    assertStringIncludes(both, `${join(folder, "z")}/lantern.safetensors`);
  }));

Deno.test("civikit scan and verify take a single file, whatever its ending", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    const path = join(folder, "lantern.safetensors");
    put(world, "lantern.safetensors", 3001);
    Deno.renameSync(path, join(folder, "lantern.bak"));
    const { code, io } = await run(["scan", join(folder, "lantern.bak")]);
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.out, "Paper Lantern Style");
    assertStringIncludes(io.out, "1 file, ");
    assertEquals((await run(["verify", join(folder, "lantern.bak")])).io.out.split(" in ")[0], "1 ok");
  }));

Deno.test("civikit scan tells of files that are cut off and ends with 7, however often; verify does not call them sound", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    const path = join(folder, "lantern.safetensors");
    put(world, "lantern.safetensors", 3001);
    Deno.truncateSync(path, 40_000);
    for (const hashed of [1, 0]) {
      const { code, io } = await run(["scan", folder]);
      assertEquals(code, 7, io.err);
      assertStringIncludes(io.err, "cut off");
      assertStringIncludes(io.out, `1 unknown, 1 damaged; ${hashed} hashed now`);
    }
    const lines = events((await run(["scan", folder, "--json"])).io);
    assertEquals(lines.map(({ event }) => event), ["file", "damaged", "summary"]);
    assertEquals([lines[1]!.path, lines[1]!.code, lines[2]!.damaged], [path, "invalid_file", 1]);
    const verified = await run(["verify", folder]);
    assertEquals([verified.code, verified.io.out.split(" in ")[0]], [7, "1 damaged"], verified.io.err);
  }));

Deno.test({
  name: "civikit scan passes links over that lead nowhere: silently, or in one line where a model should be",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inWorld(async (world) => {
      const { folder, run } = world;
      const models = join(folder, "m");
      const model = join(models, "gone.safetensors");
      put(world, "m/lantern.safetensors", 3001);
      Deno.symlinkSync("/nowhere", join(models, "put_models_here.txt"));
      Deno.symlinkSync("round", join(models, "round"));
      const quiet = await run(["scan", models]);
      assertEquals([quiet.code, quiet.io.err], [0, ""]);
      Deno.symlinkSync(join(folder, "b.safetensors"), model);
      for (const command of ["scan", "verify"]) {
        const { code, io } = await run([command, models]);
        assertEquals(code, 0, io.err);
        const shown = command === "scan" ? "gone.safetensors" : model;
        assertEquals(io.err, `skipped: ${shown}: a link to a file that is not there\n`);
      }
      put(world, "b.safetensors", 3020);
      await run(["scan", models]);
      Deno.removeSync(join(folder, "b.safetensors"));
      const { code, io } = await run(["verify", models]);
      assertEquals([code, io.out.split(" in ")[0]], [8, "1 ok, 1 missing"], io.err);
    }),
});

Deno.test({
  name: "civikit scan --link-duplicates leaves links as they are, and every file readable",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inWorld(async (world) => {
      const { folder, run } = world;
      const library = join(folder, "library");
      put(world, "store/lantern.safetensors", 3001);
      put(world, "library/b/deep/lantern.safetensors", 3001);
      Deno.mkdirSync(join(library, "a"));
      Deno.symlinkSync("../../store/lantern.safetensors", join(library, "a", "lantern.safetensors"));
      const { code, io } = await run(["scan", library, "--offline", "--link-duplicates"]);
      assertEquals(code, 0, io.err);
      assertStringIncludes(io.out, "the same file 2 times (nothing to gain)");
      for (const path of ["a", "b/deep"]) Deno.readFileSync(join(library, path, "lantern.safetensors"));
      assert(Deno.lstatSync(join(library, "b/deep/lantern.safetensors")).isFile);
      assert(Deno.lstatSync(join(library, "a/lantern.safetensors")).isSymlink);
    }),
});

Deno.test("civikit scan --offline hashes and asks nobody; a folder that is not there is an error", () =>
  inWorld(async (world) => {
    const { folder, run, civitai } = world;
    put(world, "lantern.safetensors", 3001);
    const { code, io } = await run(["scan", folder, "--offline"]);
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.out, "1 not asked");
    assertEquals(civitai.log.length, 0);
    const missing = await run(["scan", join(folder, "nothing here")]);
    assertEquals(missing.code, 8, missing.io.err);
  }));

Deno.test("civikit scan --updates lists newer versions of what a folder has", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "lantern.safetensors", 3001);
    put(world, "edges.pt", 3020);
    const { code, io } = await run(["scan", "--updates", folder]);
    assertEquals(code, 0, io.err);
    assert(/Paper Lantern Style +2001 +2002 +v2\.0 +SDXL 1\.0/.test(io.out), io.out);
    assertStringIncludes(io.out, "1 of 2 models have newer versions");
    const lines = events((await run(["scan", "--updates", folder, "--json"])).io);
    assertEquals(lines.map(({ event }) => event), ["file", "file", "update", "summary"]);
    assertEquals([lines[3]!.models, lines[3]!.outdated], [2, 1]);
  }));

Deno.test("civikit scan --updates says what it could not ask about, and for other base models only when asked", () =>
  inWorld(async (world) => {
    const { folder, run, civitai } = world;
    put(world, "lantern.safetensors", 3001);
    await run(["scan", folder]);
    civitai.faults.maintenance(true);
    const { code, io } = await run(["scan", "--updates", folder, "--json"]);
    assertEquals(code, 5, io.out);
    assertEquals(events(io).map(({ event, subject }) => [event, subject]), [
      ["file", undefined],
      ["error", "model:1001"],
      ["summary", undefined],
    ]);
    civitai.faults.heal();
    assertStringIncludes((await run(["scan", "--updates", folder, "--any-base"])).io.out, "1 of 1 models");
  }));

Deno.test("civikit scan on a terminal shows one line that goes away, and cuts its table to the width", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "a/very/long/way/down/to/the/lantern.safetensors", 3001);
    const { code, io } = await run(["scan", folder, "--all"], { isTerminal: true, columns: 60 });
    assertEquals(code, 0, io.err);
    assert(io.err.includes("asking Civitai: 0 of 1"), io.err);
    assertEquals(screen(io.err, 60).join(""), "");
    for (const line of io.out.split("\n").slice(0, 2)) assert(line.length <= 60, line);
  }));

Deno.test("civikit verify compares with the last scan, or with the lock file, and ends with 7 for a damaged file", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    await run(["add", "2002", "--project", folder]);
    const path = join(folder, "models", "paper_lantern_v2.safetensors");
    await run(["scan", join(folder, "models")]);
    for (const args of [["--project", folder], [join(folder, "models")]]) {
      const good = await run(["verify", ...args]);
      assertEquals([good.code, good.io.out.split(" in ")[0]], [0, "1 ok"], good.io.err);
    }
    const bytes = Deno.readFileSync(path);
    bytes[50_000]! ^= 8;
    Deno.writeFileSync(path, bytes);
    for (const args of [["--project", folder], [join(folder, "models")]]) {
      const { code, io } = await run(["verify", ...args]);
      assertEquals(code, 7, io.err);
      assertStringIncludes(io.err, "SHA256 is");
    }
    Deno.removeSync(path);
    const gone = await run(["verify", "--project", folder, "--json"]);
    assertEquals([gone.code, events(gone.io)[0]!.event], [8, "missing"]);
    assertEquals((await run(["verify", "--project", join(folder, "models")])).code, 2);
  }));

Deno.test("civikit scan --quick names files as presumed and hashes none; a later scan proves them", () =>
  inWorld(async (world) => {
    const { folder, run, civitai } = world;
    put(world, "checkpoints/harbour.safetensors", 3010);
    put(world, "loras/lantern.safetensors", 3001);
    const unknown = gguf({ seed: 1, dataBytes: 3 * 1024 ** 2, metadata: { "general.name": "My 燈" } });
    Deno.writeFileSync(join(folder, "own.gguf"), unknown.read(0, unknown.size));
    const quick = await run(["scan", folder, "--quick"]);
    assertStringIncludes(quick.io.out, "only the whole hash tells:\n  own.gguf (says of itself: My 燈, flux)\n");
    assertEquals(quick.code, 0, quick.io.err);
    assert(/checkpoints\/harbour\.safetensors +\S+ \S+ +presumed +Harbour Mix +v1\.0/.test(quick.io.out), quick.io.out);
    assert(/loras\/lantern\.safetensors +\S+ \S+ +proved +Paper Lantern Style/.test(quick.io.out), quick.io.out);
    assertStringIncludes(quick.io.out, "1 known, 1 presumed, 1 unproved; 1 hashed now");
    assertStringIncludes(quick.io.out, "Presumed is not proved");
    const [harbour] = events((await run(["scan", folder, "--quick", "--json"])).io);
    assertEquals(
      [harbour!.state, harbour!.proof, harbour!.sha256, harbour!.presumedSha256, harbour!.by, harbour!.fileId],
      ["presumed", "presumed", null, await civitai.sha256(3010), "AutoV1", 3010],
    );
    const proved = await run(["scan", folder]);
    assertStringIncludes(proved.io.out, "2 known, 1 unknown; 2 hashed now");
    assert(!proved.io.out.includes("presumed"), proved.io.out);
  }));

Deno.test("civikit scan --quick --prove tells what the hash disproves, with exit code 7", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "harbour.safetensors", 3010);
    {
      using file = Deno.openSync(join(folder, "harbour.safetensors"), { read: true, write: true });
      file.seekSync(-5, Deno.SeekMode.End);
      file.writeSync(new Uint8Array([1, 2, 3, 4, 5]));
    }
    const { code, io } = await run(["scan", folder, "--quick", "--prove", "--json"]);
    const lines = events(io);
    assertEquals(code, 7, io.err);
    assertEquals(
      lines.map(({ event, state, proof }) => [event, state ?? null, proof ?? null]),
      [["file", "presumed", "presumed"], ["file", "unknown", "proved"], ["disproved", null, null], [
        "summary",
        null,
        null,
      ]],
    );
    assertEquals((lines[2]!.presumed as { fileId: number }).fileId, 3010);
    assertEquals((await run(["scan", folder])).code, 0, "told once");
    assertEquals((await run(["scan", folder, "--prove"])).code, 2);
  }));
