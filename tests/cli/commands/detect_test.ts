import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, tree } from "../_world.ts";

/** Makes empty files and, where the name ends in `/`, folders. */
function make(root: string, ...names: string[]): void {
  for (const name of names) {
    const path = join(root, name);
    Deno.mkdirSync(name.endsWith("/") ? path : join(path, ".."), { recursive: true });
    if (!name.endsWith("/")) Deno.writeTextFileSync(path, "");
  }
}

Deno.test("civikit config detect finds programs where they usually are, each by its layout, and nothing else", () =>
  inWorld(async ({ folder, run }) => {
    make(folder, "ComfyUI/folder_paths.py", "ComfyUI/comfy/");
    make(folder, "AI/stable-diffusion-webui-forge/webui.py", "AI/stable-diffusion-webui-forge/modules_forge/");
    make(folder, "AI/stable-diffusion-webui-forge/modules/sd_models.py");
    make(folder, "stable-diffusion-webui/webui.py", "stable-diffusion-webui/modules/sd_models.py");
    make(folder, "sdnext/webui.py", "sdnext/installer.py", "sdnext/modules/sd_models.py");
    make(folder, "invokeai/invokeai.yaml", "Documents/comfy_notes/readme.txt");
    make(folder, "Documents/ComfyUI/models/checkpoints/", "Documents/ComfyUI/custom_nodes/", "Documents/ComfyUI/user/");
    make(folder, "ComfyUI_windows_portable/ComfyUI/folder_paths.py", "ComfyUI_windows_portable/ComfyUI/comfy/");
    const { code, io } = await run(["config", "detect", "--json"], { env: { HOME: folder } });
    assertEquals(code, 0, io.err);
    const found = events(io).filter(({ root }) => String(root).startsWith(folder));
    assertEquals(
      new Set(found.map(({ root, layout }) => `${layout} ${String(root).slice(folder.length + 1)}`)),
      new Set([
        "comfyui ComfyUI",
        "comfyui ComfyUI_windows_portable/ComfyUI",
        "comfyui Documents/ComfyUI",
        "forge AI/stable-diffusion-webui-forge",
        "a1111 stable-diffusion-webui",
        "sdnext sdnext",
        "invokeai invokeai",
      ]),
    );
  }));

Deno.test("civikit config detect --use sets root and layout, which download then goes by", () =>
  inWorld(async ({ folder, run }) => {
    make(folder, "ComfyUI/folder_paths.py", "ComfyUI/comfy/");
    const env = { HOME: folder };
    const early = await run(["config", "detect", "--use", "1"], { env: { HOME: join(folder, "none") } });
    assertEquals(early.code, 2);
    assertStringIncludes(early.io.err, "civikit config set root FOLDER");
    assertStringIncludes((await run(["config", "detect"], { env })).io.out, "ComfyUI");
    const { code, io } = await run(["config", "detect", "--use", "1"], { env });
    assertEquals(code, 0, io.err);
    const done = await run(["download", "2002"], { env });
    assertEquals(done.code, 0, done.io.err);
    assertEquals(tree(join(folder, "ComfyUI/models")), ["loras/paper_lantern_v2.safetensors"]);
    const none = await run(["config", "detect", "--use", "50"], { env });
    assertEquals(none.code, 2);
    assertStringIncludes(none.io.err, "--use 50");
  }));

Deno.test("civikit config detect reads extra_model_paths.yaml: the default section first, ~ and variables, first lines", () =>
  inWorld(async ({ folder, run }) => {
    make(folder, "ComfyUI/folder_paths.py", "ComfyUI/comfy/");
    Deno.writeTextFileSync(
      join(folder, "ComfyUI/extra_model_paths.yaml"),
      `# my disks
a111:
    base_path: ../webui
    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora
         models/LyCORIS
big: &big
    base_path: $DISK/models
    is_default: true
    loras: ./lora   # mine
    vae: /elsewhere/vae
    unet: unet
    diffusion_models: dit
broken: 7
`,
    );
    const env = { HOME: folder, DISK: "~/disk".replace("~", folder) };
    const { io } = await run(["config", "detect", "--json"], { env });
    const found = events(io).filter(({ root }) => String(root).startsWith(folder));
    assertEquals(found.map(({ root, folders }) => [String(root).slice(folder.length + 1), folders]), [
      ["disk/models", { LORA: "lora", UNet: "dit" }],
      ["ComfyUI", {}],
      ["webui", { Checkpoint: "models/Stable-diffusion", LORA: "models/Lora" }],
    ]);
    assertEquals((await run(["config", "detect", "--use", "1"], { env })).code, 0);
    const done = await run(["download", "2002"], { env });
    assertEquals(done.code, 0, done.io.err);
    assertEquals(tree(join(folder, "disk")), ["models/lora/paper_lantern_v2.safetensors"]);
  }));

Deno.test("civikit config detect names an extra_model_paths.yaml that is none, and goes on", () =>
  inWorld(async ({ folder, run }) => {
    make(folder, "ComfyUI/folder_paths.py", "ComfyUI/comfy/");
    Deno.writeTextFileSync(join(folder, "ComfyUI/extra_model_paths.yaml"), "a: [1\nb: }");
    const { code, io } = await run(["config", "detect"], { env: { HOME: folder } });
    assertEquals(code, 0, io.err);
    assertStringIncludes(io.err, "extra_model_paths.yaml cannot be read");
    assertStringIncludes(io.out, join(folder, "ComfyUI"));
  }));
