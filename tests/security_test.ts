import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

/** The texts of all tests. */
async function tests(folder = "tests/"): Promise<string> {
  let text = "";
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) text += await tests(`${folder}${name}/`);
    else if (name.endsWith("_test.ts")) text += await read(folder + name);
  }
  return text;
}

Deno.test("every promise of SECURITY.md names a test that is there", async () => {
  const rows = (await read("SECURITY.md")).split("\n").filter((line) => /^\| (?!promise|-).+\|$/.test(line));
  const names = rows.map((row) => /^\| .+? +\| `(.+)` +\|$/.exec(row)?.[1] ?? row);
  assert(names.length >= 30, `${names.length} rows`);
  const all = await tests();
  assertEquals(names.filter((name) => !all.includes(name)), []);
});

Deno.test("the documented permissions hold no right to run programs or load native code", async () => {
  const { permissions } = JSON.parse(await read("deno.json")) as { permissions: Record<string, object> };
  for (const set of Object.values(permissions)) {
    assertEquals(Object.keys(set).filter((right) => !["read", "write", "net", "env", "sys"].includes(right)), []);
  }
  const installs = (await read("README.md")).match(/^deno install [^`]*?civikit\/cli$/gm) ?? [];
  assertEquals(installs.length, 2);
  for (const line of installs) assert(!/--allow-(?:run|ffi|all)|(?:^| )-A\b/.test(line), line);
});
