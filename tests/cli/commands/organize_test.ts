import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { existsSync } from "node:fs";
import { hashCache, openProject, undoMoves } from "../../../api/mod.ts";
import { holdProject } from "../../../api/project/project.ts";
import { ExitCode } from "../../../cli/exit_code.ts";
import { events, inWorld, sha256 as hashOf, tree, type World } from "../_world.ts";

function put({ civitai, folder }: World, path: string, id: number): void {
  const { content } = civitai.file(id).file;
  Deno.mkdirSync(join(folder, path, ".."), { recursive: true });
  Deno.writeFileSync(join(folder, path), content.read(0, content.size));
}

Deno.test("civikit organize shows, asks, moves with sidecars, and --undo brings everything back", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "stuff/lantern.safetensors", 3001);
    Deno.writeTextFileSync(join(folder, "stuff/lantern.preview.png"), "mine");
    Deno.writeTextFileSync(join(folder, "stuff/own.pt"), "trained at home");
    const before = tree(folder);
    const args = ["organize", folder, "--layout", "comfyui"];
    const dry = await run([...args, "--dry-run"]);
    assertEquals(dry.code, 0, dry.io.err);
    assertStringIncludes(dry.io.out, "→ models/loras/\n  stuff/lantern.safetensors\n");
    assertStringIncludes(dry.io.out, "1 model to move, 2 files in all; 0 in place, 1 unknown, left where they are");
    assertEquals(tree(folder), before);
    assertStringIncludes((await run(args)).io.out, "the same command with --yes");
    assertStringIncludes((await run(args, { answer: "n" })).io.out, "nothing was moved");
    assertEquals(tree(folder), before);
    const { code, io } = await run(args, { answer: "y" });
    assertEquals(code, 0, io.err);
    const moved = ["models/loras/lantern.preview.png", "models/loras/lantern.safetensors", "stuff/own.pt"];
    assertEquals(tree(folder), moved);
    const again = await run(args);
    assertStringIncludes(again.io.out, "nothing to move; 1 in place");
    assertStringIncludes((await run(["scan", folder])).io.out, "0 hashed now");
    const history = await run(["organize", folder, "--history", "--json"]);
    assertEquals(events(history.io)[0]?.state, "applied");
    const undone = await run(["organize", folder, "--undo"]);
    assertStringIncludes(undone.io.out, "2 files are back where they were");
    assertEquals(tree(folder), before);
    assert(!existsSync(join(folder, "models")), "folders that were made are gone");
    assertStringIncludes((await run(["organize", folder, "--undo"])).io.out, "nothing to take back");
  }));

Deno.test("civikit organize fits a narrow terminal, and says every line in Chinese", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, `${"deep/".repeat(12)}a lantern with quite a long name.safetensors`, 3001);
    const layout = "{type}/{base}/{creator}/{tag}/{file}";
    const args = ["organize", folder, "--layout", layout, "-n", "--lang", "zh-TW"];
    const { io } = await run(args, { isTerminal: true, columns: 40 });
    const lines = io.out.split("\n").filter((line) => !/要搬/.test(line));
    assert(lines.every((line) => line.length <= 40), io.out);
    assertStringIncludes(io.out, "要搬 1 個模型，共 1 個檔案");
    const json = await run([...args, "--json"]);
    const [move] = events(json.io);
    assertEquals(
      [move?.event, String(move?.to).includes("/LORA/SDXL 1.0/lamplighter/")],
      ["would_move", true],
      json.io.out,
    );
  }));

Deno.test("civikit organize takes a project's lock file and the remembered hashes along, both ways", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    const project = join(folder, "project");
    const at = { project: ["--project", project] };
    assertEquals((await run(["add", "2002", "--root", join(project, "models"), ...at.project])).code, 0);
    const root = join(project, "models");
    const lockOf = () => JSON.parse(Deno.readTextFileSync(join(project, "civikit.lock.json"))).files[0].path;
    const first = lockOf();
    {
      using _held = holdProject(openProject(project));
      const busy = await run(["organize", root, "--layout", "{type}/{file}", "--yes", ...at.project]);
      assertEquals([busy.code, lockOf(), tree(root)], [ExitCode.disk, first, [first]]);
      assertStringIncludes(busy.io.err, "another civikit is changing it");
    }
    const moved = await run(["organize", root, "--layout", "{type}/{file}", "--yes", ...at.project]);
    assertEquals(moved.code, 0, moved.io.err);
    assertEquals(lockOf(), `LORA/${first}`);
    const install = await run(["install", "--frozen", "--json", ...at.project]);
    assertEquals(install.code, 0, install.io.err);
    assertEquals(
      [events(install.io).at(-1)?.skipped, events(install.io).at(-1)?.done],
      [1, 0],
      "nothing is fetched again",
    );
    assertEquals((await run(["organize", root, "--undo", ...at.project])).code, 0);
    assertEquals([lockOf(), tree(root)], [first, [first]]);
  }));

Deno.test("civikit organize --layout of a program is refused in its models folder, and without one at all", () =>
  inWorld(async ({ folder, run }) => {
    Deno.mkdirSync(join(folder, "models"));
    const inside = await run(["organize", join(folder, "models"), "--layout", "comfyui"]);
    assertEquals(inside.code, 2);
    assertStringIncludes(inside.io.err, `civikit organize "${folder}"`);
    assertEquals((await run(["organize", folder])).code, 2);
    assertEquals((await run(["organize", folder, "--undo", "--history"])).code, 2);
  }));

Deno.test("civikit organize asks again what a file is for that an earlier release did not note, and keeps what is gone", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "a.safetensors", 3001);
    const hashes = join(folder, "../h.sqlite");
    await run(["scan", folder, "--hashes", hashes]);
    const sha256 = await hashOf(join(folder, "a.safetensors"));
    {
      using cache = hashCache(hashes);
      const { identity, askedAt } = cache.asked(sha256)!;
      const { fileType: _, ...old } = identity!;
      cache.keepAsked(sha256, { identity: old, askedAt });
    }
    await run(["organize", folder, "--layout", "comfyui", "-n", "--hashes", hashes]);
    using cache = hashCache(hashes);
    assertEquals(cache.asked(sha256)?.identity?.fileType, "Model");
  }));

Deno.test("civikit organize --undo and --continue with --dry-run only show, and hints name the folder", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    const root = join(folder, "my models");
    put(world, "my models/stuff/lantern.safetensors", 3001);
    const before = tree(folder);
    const args = ["organize", root, "--layout", "{type}/{file}"];
    assertStringIncludes((await run(args)).io.out, "the same command with --yes");
    const done = await run([...args, "--yes"]);
    assertStringIncludes(done.io.out, `1 file moved; civikit organize '${root}' --undo`);
    const moved = tree(folder);
    const dry = await run(["organize", root, "--undo", "--dry-run"]);
    assertEquals(dry.code, 0, dry.io.err);
    assertStringIncludes(dry.io.out, "→ stuff/\n  LORA/lantern.safetensors\n1 file would move");
    const json = events((await run(["organize", root, "--undo", "-n", "--json"])).io);
    assertEquals(json.map(({ event }) => event), ["would_move", "summary"]);
    assertEquals(tree(folder), moved, "nothing moved");
    assertStringIncludes((await run(["organize", root, "--continue", "-n"])).io.out, "nothing was interrupted");
    await assertRejects(() => undoMoves(root, { signal: AbortSignal.abort() }));
    const rest = await run(["organize", root, "--continue", "-n"]);
    assertStringIncludes(rest.io.out, "1 file would move");
    assertEquals(tree(folder), moved, "nothing moved");
    await run(["organize", root, "--continue"]);
    assertEquals(tree(folder), before);
  }));
