import { assert, assertEquals } from "@std/assert";
import { blocksOf, documents } from "./_documents.ts";

const deploy = new URL("../../deploy/", import.meta.url);

async function filesBelow(folder: URL): Promise<URL[]> {
  const files: URL[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await filesBelow(new URL(`${name}/`, folder)));
    else files.push(new URL(name, folder));
  }
  return files;
}

Deno.test("every unit in the deployment guide is the tested file itself, and every one is in it", async () => {
  const files = await filesBelow(deploy);
  const texts = new Map(await Promise.all(files.map(async (url) => [await Deno.readTextFile(url), url] as const)));
  const guide = (await documents()).find(({ path }) => path === "docs/deployment_guide.md")!;
  const shown = new Set<URL>();
  for (const { place, language, code } of blocksOf(guide)) {
    if (language !== "ini" && language !== "xml") continue;
    const file = texts.get(code);
    assert(file !== undefined, `${place}: it is no file of deploy/; put the file in as it is`);
    shown.add(file);
  }
  const units = files.filter(({ pathname }) => /\/(?:systemd|launchd|windows)\//.test(pathname));
  assertEquals(units.filter((url) => !shown.has(url)).map(({ pathname }) => pathname), []);
});
