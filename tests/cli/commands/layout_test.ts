import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { parse } from "yaml";
import { layoutFolders } from "../../../api/mod.ts";
import { readExtraPaths } from "../../../cli/run/extra_model_paths.ts";
import { events, inWorld } from "../_world.ts";

const noEnv = () => undefined;

/** The folders ComfyUI takes from a file (utils/extra_config.py): each line of each key, joined to the base. */
function comfyFolders(text: string): Record<string, string[]> {
  const folders: Record<string, string[]> = {};
  for (const section of Object.values(parse(text) as Record<string, Record<string, unknown> | null>)) {
    if (section === null) continue;
    const { base_path: base, is_default: _, ...keys } = section as Record<string, string>;
    for (const [key, value] of Object.entries(keys)) {
      const lines = String(value).split("\n").filter((line) => line.length > 0);
      folders[key] = [...folders[key] ?? [], ...lines.map((line) => base === undefined ? line : join(base, line))];
    }
  }
  return folders;
}

Deno.test("layout export comfyui writes a file that ComfyUI's rules and ours read back", async () => {
  await inWorld(async ({ folder, run }) => {
    const root = join(folder, "my models");
    for (const layout of ["comfyui", "a1111", "forge", "sdnext", "invokeai", "{type}/{baseModel}/{file}"]) {
      const file = join(folder, `${layout.replace(/\W/g, "")}.yaml`);
      const { code, io } = await run([
        "layout",
        "export",
        "comfyui",
        "--out",
        file,
        "--root",
        root,
        "--layout",
        layout,
      ]);
      assertEquals(code, 0, io.err);
      const text = Deno.readTextFileSync(file);
      const folders = comfyFolders(text);
      const foldersOf = layoutFolders(layout);
      assertEquals(folders["loras"], foldersOf("lora").map((one) => join(root, one)), layout);
      assertEquals(folders["checkpoints"], foldersOf("checkpoint").map((one) => join(root, one)), layout);
      const [section] = await readExtraPaths(file, noEnv);
      assertEquals([section?.name, section?.root, section?.isDefault], ["civikit", root, false]);
      assertEquals([section?.folders["LORA"], section?.folders["VAE"]], [foldersOf("lora")[0], foldersOf("vae")[0]]);
      // a second time it says so already
      assertMatch(
        (await run(["layout", "export", "comfyui", "--out", file, "--root", root, "--layout", layout])).io.err,
        /says so already/,
      );
      assertEquals(Deno.readTextFileSync(file), text);
    }
    const families = comfyFolders(Deno.readTextFileSync(join(folder, "invokeai.yaml")));
    assertEquals(families["loras"]!.slice(0, 2), [join(root, "models/sdxl/lora"), join(root, "models/sd-1/lora")]);
  });
});

Deno.test("layout export comfyui keeps what is not its own, comments and rights too", async () => {
  await inWorld(async ({ folder, run }) => {
    const file = join(folder, "extra_model_paths.yaml");
    const theirs = `# my own file
a111:
    base_path: /opt/webui # the old one
    checkpoints: models/Stable-diffusion
    loras: |
        models/Lora
        models/LyCORIS
`;
    const export_ = (...more: string[]) => ["layout", "export", "comfyui", "--out", file, "--root", folder, ...more];
    Deno.writeTextFileSync(file, theirs, { mode: 0o640 });
    const first = await run(export_("--layout", "comfyui", "--json"));
    assertEquals(events(first.io)[0]!["event"], "merged");
    const merged = Deno.readTextFileSync(file);
    for (const line of theirs.trimEnd().split("\n")) assertStringIncludes(merged, line.trim());
    assertEquals(comfyFolders(merged)["loras"], [
      "/opt/webui/models/Lora",
      "/opt/webui/models/LyCORIS",
      join(folder, "models/loras"),
    ]);
    assertEquals(Deno.statSync(file).mode! & 0o777, 0o640);

    // what someone added to our section stays, what the layout says is renewed
    Deno.writeTextFileSync(
      file,
      merged.replace("civikit:\n", "civikit:\n  is_default: true\n  ipadapter: models/ipadapter\n"),
    );
    await run(export_("--layout", "a1111"));
    const [, ours] = await readExtraPaths(file, noEnv);
    assertEquals([ours?.isDefault, ours?.folders["LORA"]], [true, "models/Lora"]);
    assertEquals(comfyFolders(Deno.readTextFileSync(file))["ipadapter"], [join(folder, "models/ipadapter")]);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["extra_model_paths.yaml"]);
  });
});

Deno.test("layout export comfyui refuses a file that is none, and leaves it as it is", async () => {
  await inWorld(async ({ folder, run }) => {
    const file = join(folder, "extra_model_paths.yaml");
    for (
      const [text, why] of [["a: [1", "not valid YAML"], ["- one\n- two\n", "not a list of sections"], [
        "civikit: 3\n",
        "is no section",
      ]] as const
    ) {
      Deno.writeTextFileSync(file, text);
      const { code, io } = await run(["layout", "export", "comfyui", "--out", file]);
      assertEquals([code, Deno.readTextFileSync(file)], [2, text]);
      assertStringIncludes(io.err, why);
    }
    const nowhere = await run(["layout", "export", "comfyui", "--out", "/proc/none/extra.yaml"]);
    assertEquals(nowhere.code === 0, false);
  });
});

Deno.test("layout export a1111 and forge print arguments a shell takes; what has no room is named", async () => {
  await inWorld(async ({ folder, run }) => {
    const root = join(folder, "it's mine");
    const webui = await run(["layout", "export", "a1111", "--root", root, "--layout", "a1111"]);
    const command = new Deno.Command("sh", { args: ["-c", `printf '%s\\n' ${webui.io.out}`] });
    const words = new TextDecoder().decode((await command.output()).stdout).trim().split("\n");
    assertEquals(words.slice(0, 4), [
      ...["--ckpt-dir", join(root, "models/Stable-diffusion"), "--lora-dir", join(root, "models/Lora")],
    ]);
    assertEquals(words.filter((word) => word.startsWith("--")), [
      ...["--ckpt-dir", "--lora-dir", "--vae-dir", "--embeddings-dir", "--hypernetwork-dir", "--esrgan-models-path"],
    ]);
    const forge = await run(["layout", "export", "forge", "--root", root, "--layout", "invokeai", "--json"]);
    const [{ arguments: args, left }] = events(forge.io) as [{ arguments: string[]; left: string[] }];
    assertEquals(args[1], join(root, "models/sdxl/main"));
    assertEquals(left.includes(join(root, "models/sd-1/lora")), true);
    assertMatch(
      (await run(["layout", "export", "a1111", "--layout", "invokeai"])).io.err,
      /warning: it takes one folder/,
    );
    assertEquals((await run(["layout", "export", "a1111", "--out", "x"])).code, 2);
    assertEquals((await run(["layout", "export", "webui"])).code, 2);
    assertEquals((await run(["layout", "export"])).code, 2);
  });
});
