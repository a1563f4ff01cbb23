import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCivitai } from "./_civitai/mod.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The code samples of a document that run as tests (`ts`), or do not (`ts ignore`). */
async function samples(name: string, mark: "ts" | "ts ignore"): Promise<string[]> {
  const text = await Deno.readTextFile(join(root, name));
  return [...text.matchAll(/^```(ts(?: ignore)?)\n([\s\S]+?)^```/gm)].filter(([, found]) => found === mark)
    .map(([, , code]) => code!);
}

Deno.test("the library example of README.md runs from a checkout, as it says, and verifies what it downloads", async () => {
  const [code] = await samples("README.md", "ts ignore");
  assert(code !== undefined && code.includes("downloadModel("), "there is no such example");
  const command = /^deno (run .*--config CHECKOUT.*)$/m.exec(await Deno.readTextFile(join(root, "README.md")))?.[1];
  await using civitai = await startCivitai();
  // the example as it stands, but for the Civitai it asks
  const text = code.replace('directory: "models",', `directory: "models", baseUrl: "${civitai.url}",`)
    .replace("https://civitai.com", civitai.url);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "app.ts"), text);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: command!.replace("run", "run --check --quiet").replaceAll("CHECKOUT/", root).split(" "),
      cwd: folder,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const path = join(folder, "models", "paper_lantern_v2.safetensors");
    const { name } = civitai.file(3002).model;
    assertEquals(new TextDecoder().decode(stdout), `${await Deno.realPath(path)} verified\n${name}\n`);
    assertEquals((await Deno.stat(path)).size, civitai.file(3002).file.content.size);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README.zh-TW.md shows the same library example as README.md", async () => {
  assertEquals(await samples("README.zh-TW.md", "ts ignore"), await samples("README.md", "ts ignore"));
});
