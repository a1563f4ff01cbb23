import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../tools/registry.ts";
import { startCivitai } from "./_civitai/mod.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The code samples of a document that run as tests (`ts`), or do not (`ts ignore`). */
async function samples(name: string, mark: "ts" | "ts ignore"): Promise<string[]> {
  const text = await Deno.readTextFile(join(root, name));
  return [...text.matchAll(/^```(ts(?: ignore)?)\n([\s\S]+?)^```/gm)].filter(([, found]) => found === mark)
    .map(([, , code]) => code!);
}

Deno.test("the library example of README.md downloads and verifies what it says", async () => {
  const [code] = await samples("README.md", "ts ignore");
  assert(code !== undefined && code.includes("civitai(transport)"), "there is no such example");
  await using civitai = await startCivitai();
  // the example as it stands, but for the Civitai it asks
  const text = code.replace("civitai(transport)", `civitai(transport, { baseUrl: "${civitai.url}" })`);
  await Deno.mkdir(join(root, ".tmp"), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: join(root, ".tmp"), prefix: "readme_" });
  try {
    await Deno.writeTextFile(join(folder, "example.ts"), text);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--check", "--quiet", ...await registryFlags(root), join(folder, "example.ts")],
      cwd: folder,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const path = join(folder, "models", "paper_lantern_v2.safetensors");
    assertEquals(new TextDecoder().decode(stdout), `${path} verified\n`);
    assertEquals((await Deno.stat(path)).size, civitai.file(3002).file.content.size);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README.zh-TW.md shows the same library example as README.md", async () => {
  assertEquals(await samples("README.zh-TW.md", "ts ignore"), await samples("README.md", "ts ignore"));
});
