import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, tree, type World } from "../_world.ts";

function put({ civitai, folder }: World, path: string, id: number): void {
  const { content } = civitai.file(id).file;
  Deno.mkdirSync(join(folder, path, ".."), { recursive: true });
  Deno.writeFileSync(join(folder, path), content.read(0, content.size));
}

Deno.test("civikit adopt makes a project of a folder; verify, outdated and install work on it", () =>
  inWorld(async (world) => {
    const { folder } = world;
    // the root that was named is remembered there
    const env = { XDG_STATE_HOME: join(folder, ".state"), CIVIKIT_MONITOR: "off" };
    const run = (args: readonly string[]) => world.run(args, { env });
    const [models, project] = [join(folder, "models"), join(folder, "project")];
    Deno.mkdirSync(project);
    put(world, "models/loras/燈籠.safetensors", 3001);
    put(world, "models/checkpoints/harbour.safetensors", 3010);
    Deno.writeTextFileSync(join(models, "own.pt"), "trained at home");
    const before = tree(models);
    const dry = await run(["adopt", models, "--project", project, "--dry-run"]);
    assertEquals([dry.code, tree(project)], [0, []], dry.io.err);
    assert(/checkpoints\/harbour\.safetensors +presumed +Harbour Mix/.test(dry.io.out), dry.io.out);
    assertStringIncludes(dry.io.out, "nothing was written");
    const { code, io } = await run(["adopt", models, "--project", project]);
    assertEquals(code, 0, io.err);
    assert(/loras\/燈籠\.safetensors +proved +Paper Lantern Style +v1\.0/.test(io.out), io.out);
    assertStringIncludes(io.out, "unknown to Civitai:\n  own.pt\n");
    assertStringIncludes(io.out, "2 adopted, 1 apart in ");
    assertEquals(tree(models), before);
    const one = await run(["adopt", join(models, "checkpoints/harbour.safetensors"), "--project", join(folder, "one")]);
    assert(/1 adopted in /.test(one.io.out), one.io.out);
    const verified = await run(["verify", "--project", project]);
    assertEquals([verified.code, verified.io.out.split(" in ")[0]], [0, "2 ok"], verified.io.err);
    assertStringIncludes((await run(["outdated", "--project", project])).io.out, "Paper Lantern Style");
    const installed = await run(["install", "--project", project, "--frozen", "--dry-run"]);
    assertStringIncludes(installed.io.out, "nothing to fetch", installed.io.err);
    const elsewhere = join(folder, "elsewhere");
    Deno.mkdirSync(elsewhere);
    for (const name of tree(project)) Deno.copyFileSync(join(project, name), join(elsewhere, name));
    const there = await run(["install", "--project", elsewhere, "--root", join(elsewhere, "models"), "--frozen"]);
    assertEquals(there.code, 0, there.io.err);
    assertEquals(tree(join(elsewhere, "models")), before.filter((name) => name !== "own.pt"));
  }));

Deno.test("civikit adopt --quick --json marks what is presumed, and verify takes the mark away", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "models/harbour.safetensors", 3010);
    Deno.writeTextFileSync(join(folder, "models/cut.safetensors"), "no header begins so");
    const at = ["--project", folder];
    const { code, io } = await run(["adopt", join(folder, "models"), ...at, "--quick", "--json"]);
    const lines = events(io);
    assertEquals([code, lines.map(({ event }) => event)], [7, ["adopted", "apart", "summary"]], io.err);
    const [adopted, apart, summary] = lines;
    assertEquals([adopted!.proof, adopted!.presumed, adopted!.fileId], ["presumed", true, 3010]);
    assertEquals([apart!.state, apart!.code], ["damaged", "invalid_file"]);
    assertEquals([summary!.adopted, summary!.presumed, summary!.apart, summary!.exitCode], [1, 1, 1, 7]);
    const locked = () => JSON.parse(Deno.readTextFileSync(join(folder, "civikit.lock.json"))).files[0];
    assertEquals(locked().presumed, true);
    assertEquals((await run(["verify", ...at])).code, 0);
    assertEquals(locked().presumed, undefined);
  }));

Deno.test("civikit adopt without a folder takes a project's root, and refuses where there is none", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "models/lantern.safetensors", 3001);
    const at = ["--project", folder];
    assertEquals((await run(["adopt", ...at])).code, 2);
    Deno.writeTextFileSync(join(folder, "civikit.models.json"), `{ "version": 1, "models": [] }`);
    const { code, io } = await run(["adopt", ...at]);
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.out, "1 adopted");
    assertEquals((await run(["adopt", "/usr", folder, "--project", join(folder, "other")])).code, 2);
  }));

Deno.test("civikit adopt of several folders makes a project of what they have in common, or of --root", () =>
  inWorld(async (world) => {
    const { folder, run } = world;
    put(world, "disks/one/lantern.safetensors", 3001);
    put(world, "disks/two/loras/lantern.safetensors", 3002);
    const folders = ["one", "two/loras"].map((name) => join(folder, "disks", name));
    const locked = (project: string): string[] =>
      JSON.parse(Deno.readTextFileSync(join(project, "civikit.lock.json"))).files.map(({ path }: { path: string }) =>
        path
      );
    const [common, named] = [join(folder, "common"), join(folder, "named")];
    assertEquals((await run(["adopt", ...folders, "--project", common])).code, 0);
    assertEquals(locked(common), ["one/lantern.safetensors", "two/loras/lantern.safetensors"]);
    assertEquals((await run(["adopt", ...folders, "--project", named, "--root", folder])).code, 0);
    assertEquals(locked(named), ["disks/one/lantern.safetensors", "disks/two/loras/lantern.safetensors"]);
    // a program's layout, with models where it looks for them: no entry needs a folder
    put(world, "ComfyUI/models/loras/lantern.safetensors", 3001);
    const comfy = join(folder, "ComfyUI");
    assertEquals((await run(["adopt", comfy, "--project", comfy, "--layout", "comfyui"])).code, 0);
    const { models, root, layout } = JSON.parse(Deno.readTextFileSync(join(comfy, "civikit.models.json")));
    assertEquals([models, root, layout], [["urn:air:sdxl:lora:civitai:1001@2001"], ".", "comfyui"]);
  }));
