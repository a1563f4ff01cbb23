import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

Deno.test("every promise of SECURITY.md names a test that is there", async () => {
  const rows = (await read("SECURITY.md")).split("\n").filter((line) => /^\| .+ \|$/.test(line))
    .filter((line) => !/^\| (?:promise|-)/.test(line));
  assert(rows.length >= 30, `${rows.length} rows`);
  for (const row of rows) {
    const [, path, name] = /^\| .+? +\| \[\w+\]\((tests\/[\w/]+_test\.ts)\): `(.+)` +\|$/.exec(row) ?? [];
    assert(path !== undefined && name !== undefined, `no test: ${row}`);
    assert((await read(path)).includes(name), `${path} has no test "${name}"`);
  }
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
