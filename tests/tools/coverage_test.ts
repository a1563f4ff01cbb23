import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { removeCutProfiles } from "../../tools/coverage.ts";

Deno.test("profiles of processes that were killed while writing are left out, whole ones stay", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const profile = JSON.stringify({ scriptId: "1", url: "file:///a.ts", functions: [{ functionName: "" }] });
    await Deno.writeTextFile(join(folder, "whole.json"), profile);
    await Deno.writeTextFile(join(folder, "empty.json"), "");
    await Deno.writeTextFile(join(folder, "cut.json"), profile.slice(0, 40));
    assertEquals(removeCutProfiles(folder), 2);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["whole.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
