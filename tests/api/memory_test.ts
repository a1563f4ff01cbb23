import { assert, assertEquals } from "@std/assert";
import { registryFlags } from "../../tools/registry.ts";
import { startCivitai } from "../_civitai/mod.ts";

Deno.test("models.list() over the whole stack leaves nothing of its pages behind", async () => {
  const models = 32_000;
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768, bulkModels: models });
  const script = new URL("_walk.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--quiet",
      "--v8-flags=--expose-gc",
      ...await registryFlags(),
      script,
      site.url,
      `${models}`,
    ],
    stderr: "inherit",
  }).output();
  const { count, used } = JSON.parse(new TextDecoder().decode(stdout)) as { count: number; used: number[] };
  assertEquals(count, models);
  // 320 pages of 320 KB went by; keys of rows and cursors stay, a few bytes each
  const grown = Math.min(...used.slice(2)) - Math.min(...used.slice(0, 2));
  assert(grown < 16 * 1024 ** 2, `${grown} bytes stayed: ${used.join(" ")}`);
});
