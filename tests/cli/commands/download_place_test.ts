import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, sha256, tree } from "../_world.ts";

Deno.test("civikit download --layout sorts what it fetches into the program's folders", () =>
  inWorld(async ({ folder, civitai, run }) => {
    const root = join(folder, "ComfyUI");
    const { code, io } = await run(["download", "2002", "2010", "model:1003", "--layout", "ComfyUI", "--root", root]);
    assertEquals(code, 0, io.err);
    assertEquals(tree(root), [
      "models/checkpoints/harbourMix_v10.safetensors",
      "models/embeddings/softedges-neg.safetensors",
      "models/loras/paper_lantern_v2.safetensors",
    ]);
    const path = join(root, "models/loras/paper_lantern_v2.safetensors");
    assertEquals(await sha256(path), await civitai.sha256(3002));
    const again = await run(["download", "2002", "--layout", "comfyui", "--root", root, "--json"]);
    assertEquals([again.code, events(again.io).find(({ event }) => event === "done")?.skipped], [0, true]);
  }));

Deno.test("civikit download --layout takes a template, and asks who made the model where it says so", () =>
  inWorld(async ({ folder, run }) => {
    const template = "{type}/{baseModel}/{creator}/{file}";
    const { code, io } = await run(["download", "2002", "--layout", template, "--root", folder]);
    assertEquals(code, 0, io.err);
    const [path = ""] = tree(folder);
    assert(/^LORA\/SDXL 1\.0\/[^/]+\/paper_lantern_v2\.safetensors$/.test(path) && !path.includes("unknown"), path);
  }));

Deno.test("civikit download --layout gives two files of one name in one folder a path each, in two folders none", () =>
  inWorld(async ({ folder, run }) => {
    const args = ["--all-files", "--layout", "comfyui", "--root", folder];
    assertEquals((await run(["download", "2030", "2010", ...args])).code, 0);
    const first = tree(folder);
    assertEquals(new Set(first.map((path) => path.toLowerCase())).size, first.length);
    assert(first.some((path) => path.startsWith("models/vae/")), first.join());
    assertEquals((await run(["download", "2010", "2030", ...args])).code, 0);
    assertEquals(tree(folder), first);
  }));

Deno.test("civikit download tells base model and trigger words of what it fetched, in lines and in JSON", () =>
  inWorld(async ({ folder, run }) => {
    const plain = await run(["download", "2002", "--dir", folder]);
    assertStringIncludes(plain.io.err, "  base model: SDXL 1.0\n  trigger words: paperlantern\n");
    assertStringIncludes(plain.io.err, join(folder, "paper_lantern_v2.safetensors"));
    const again = await run(["download", "2001", "--dir", folder, "--json"]);
    const done = events(again.io).find(({ event }) => event === "done");
    assertEquals([done?.baseModel, done?.trainedWords], ["SDXL 1.0", ["paperlantern", "soft glow"]]);
    const chinese = await run(["download", "2002", "--dir", folder, "--lang", "zh-TW"]);
    assertStringIncludes(chinese.io.err, "  觸發詞：paperlantern\n");
    const bars = await run(["download", "2002", "--dir", folder], { isTerminal: true });
    assertStringIncludes(bars.io.err, "trigger words: paperlantern");
  }));

Deno.test("civikit download --sidecars writes what other programs read beside the models, in their folders", () =>
  inWorld(async ({ folder, run }) => {
    const args = ["2002", "2010", "--layout", "forge", "--root", folder, "--sidecars"];
    const { code, io } = await run(["download", ...args]);
    assertEquals(code, 0, io.err);
    const paths = tree(folder);
    for (const path of ["models/Lora/paper_lantern_v2", "models/Stable-diffusion/harbourMix_v10"]) {
      const info = JSON.parse(Deno.readTextFileSync(join(folder, `${path}.civitai.info`)));
      assert([2002, 2010].includes(info.id), JSON.stringify(info.id));
      assert(paths.some((one) => one.startsWith(`${path}.preview.`)), paths.join());
    }
    assert(paths.includes("models/Lora/paper_lantern_v2.json"), paths.join());
    Deno.removeSync(join(folder, "models/Lora/paper_lantern_v2.civitai.info"));
    // a file that was there already gets its own, too
    await run(["download", ...args]);
    assertEquals(tree(folder), paths);
  }));

Deno.test("civikit download refuses options that say two places, and a layout there is not", () =>
  inWorld(async ({ folder, run, civitai }) => {
    const both = await run(["download", "2002", "--dir", folder, "--root", folder]);
    assertEquals(both.code, 2);
    assertStringIncludes(both.io.err, "--root: contradicts --dir");
    const unknown = await run(["download", "2002", "--layout", "comfy"]);
    assertEquals(unknown.code, 2);
    assertStringIncludes(unknown.io.err, "comfyui");
    assertEquals(civitai.log.length, 0);
  }));

Deno.test("civikit download goes by root, layout and folders of the settings, but --dir means that very folder", () =>
  inWorld(async ({ folder, run }) => {
    const env = { CIVIKIT_ROOT: folder, CIVIKIT_LAYOUT: "comfyui", CIVIKIT_FOLDERS: "LORA=loras/new" };
    const { code, io } = await run(["download", "2002", "2010"], { env });
    assertEquals(code, 0, io.err);
    const paths = ["loras/new/paper_lantern_v2.safetensors", "models/checkpoints/harbourMix_v10.safetensors"];
    assertEquals(tree(folder), paths);
    const plain = await run(["download", "2002", "--dir", join(folder, "plain")], { env });
    assertEquals(plain.code, 0, plain.io.err);
    assertEquals(tree(join(folder, "plain")), ["paper_lantern_v2.safetensors"]);
  }));
