import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sqliteQueue } from "../../hub/queue/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import { hashesOf } from "../_civitai/mod.ts";
import { seeded, startOrigin } from "../_origin/mod.ts";
import { sha256, tree } from "../cli/_world.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** `CIVIKIT_KILLS=100` makes it a hundred kills. */
const kills = Number(Deno.env.get("CIVIKIT_KILLS") ?? 5);
const jobCount = 20;
const sizeOf = (seed: number) => 600_000 + seed * 7;

Deno.test(`civikit serve with ${jobCount} jobs, killed -9 ${kills} times at random: each ends once, each file is right`, async () => {
  const seeds = Array.from({ length: jobCount }, (_, index) => index + 1);
  const nameOf = (seed: number) => `file${seed}.bin`;
  // slow enough that all kills hit something, whatever their number
  const bytesPerSecond = Math.max(60_000, 4_000_000 / kills);
  await using origin = await startOrigin({
    files: Object.fromEntries(seeds.map((seed) => [`/${nameOf(seed)}`, { size: sizeOf(seed), seed }])),
    faults: [{ kind: "rate", bytesPerSecond }],
  });
  const folder = await Deno.makeTempDir();
  const ending = new AbortController();
  try {
    const models = join(folder, "downloads");
    const state = join(folder, "state");
    await using queue = sqliteQueue(join(state, "queue.sqlite"), { site: { baseUrl: origin.url } });
    await queue.add(
      await Promise.all(seeds.map(async (seed) => ({
        reference: `${origin.url}/${nameOf(seed)}`,
        options: { dir: models, sha256: (await hashesOf(seeded(seed, sizeOf(seed)), undefined))["SHA256"]! },
      }))),
    );

    const main = join(root, "cli", "main.ts");
    const args = ["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), main, "serve", "--port", "0"];
    const env = {
      CIVIKIT_BASE_URL: origin.url,
      CIVIKIT_STATE_DIR: state,
      XDG_CACHE_HOME: join(folder, "cache"),
      XDG_CONFIG_HOME: folder,
    };
    const start = () =>
      new Deno.Command(Deno.execPath(), { args, env, cwd: folder, stdout: "null", stderr: "inherit" }).spawn();

    const ends = new Map<string, number>();
    const isAllDone = async () => (await queue.counts()).done === jobCount;
    /** Counts how often each job came to be done, and tells when all are. */
    const { promise: allDone, resolve } = Promise.withResolvers<void>();
    const watching = (async () => {
      const known = new Set<string>();
      for await (const { jobs } of queue.events(ending.signal)) {
        for (const { id, state } of jobs) {
          if (state === "done" && !known.has(id)) ends.set(id, (ends.get(id) ?? 0) + 1);
          if (state === "done") known.add(id);
          else known.delete(id);
        }
        if (await isAllDone()) resolve();
      }
    })();

    const sentBytes = () => origin.log.reduce((sum, { bytes }) => sum + bytes, 0);
    const total = seeds.reduce((sum, seed) => sum + sizeOf(seed), 0);
    let struck = 0;
    for (let kill = 0; kill < kills && !await isAllDone(); kill++) {
      const child = start();
      const until = sentBytes() + Math.random() * total / (kills + 2);
      while (sentBytes() <= until && !await isAllDone()) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill("SIGKILL");
      await child.status;
      struck++;
    }
    assert(struck > 0, "no kill hit anything");
    origin.heal();

    const child = start();
    if (!await isAllDone()) await allDone;
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0);
    ending.abort();
    await watching;

    const { jobs } = await queue.list({ limit: 100 });
    assertEquals(jobs.map(({ state, worker, code }) => [state, worker, code]), jobs.map(() => ["done", null, null]));
    assertEquals([...ends.values()], jobs.map(() => 1));
    assertEquals(tree(models), seeds.map(nameOf).sort());
    for (const seed of seeds) {
      const { SHA256 } = await hashesOf(seeded(seed, sizeOf(seed)), undefined);
      assertEquals(await sha256(join(models, nameOf(seed))), SHA256);
    }
  } finally {
    ending.abort();
    await Deno.remove(folder, { recursive: true });
  }
});
