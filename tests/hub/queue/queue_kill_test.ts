import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sqliteQueue } from "../../../hub/queue/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { hashesOf } from "../../_civitai/mod.ts";
import { seeded, startOrigin } from "../../_origin/mod.ts";
import { assertGoesOn, keptOf } from "../../_support/kept.ts";
import { sha256, tree } from "../../cli/_world.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** `CIVIKIT_KILLS=100` makes it a hundred kills. */
const kills = Number(Deno.env.get("CIVIKIT_KILLS") ?? 8);
const jobCount = 20;
const sizeOf = (seed: number) => 600_000 + seed * 7;

Deno.test(`civikit queue run of ${jobCount} jobs, killed -9 ${kills} times at random: each ends once, each file is right`, async () => {
  const seeds = Array.from({ length: jobCount }, (_, index) => index + 1);
  const nameOf = (seed: number) => `file${seed}.bin`;
  // slow enough that all kills hit something, whatever their number
  const bytesPerSecond = Math.max(60_000, 4_000_000 / kills);
  await using origin = await startOrigin({
    files: Object.fromEntries(seeds.map((seed) => [`/${nameOf(seed)}`, { size: sizeOf(seed), seed }])),
    faults: [{ kind: "rate", bytesPerSecond }],
  });
  const folder = await Deno.makeTempDir();
  try {
    const hashes = new Map<number, string>();
    for (const seed of seeds) hashes.set(seed, (await hashesOf(seeded(seed, sizeOf(seed)), undefined)).SHA256!);
    const models = join(folder, "models");
    const site = { baseUrl: origin.url };
    const state = join(folder, "state");
    await using queue = sqliteQueue(join(state, "queue.sqlite"), { site });
    await queue.add(seeds.map((seed) => ({
      reference: `${origin.url}/${nameOf(seed)}`,
      options: { dir: models, sha256: hashes.get(seed)! },
    })));

    const args = ["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), join(root, "cli", "main.ts")];
    const env = {
      CIVIKIT_BASE_URL: origin.url,
      CIVIKIT_STATE_DIR: state,
      XDG_CACHE_HOME: join(folder, "cache"),
      XDG_CONFIG_HOME: folder,
    };
    const ends = new Map<string, number>();
    const start = () =>
      new Deno.Command(Deno.execPath(), {
        args: [...args, "queue", "run", "--json"],
        ...{ env, cwd: folder, stdout: "piped", stderr: "piped" },
      }).spawn();

    /** Counts how often each job was told to be done. */
    const count = (stdout: Uint8Array): void => {
      for (const line of new TextDecoder().decode(stdout).split("\n")) {
        const [, id] = /^\{"event":"done","id":"(\d+)"/.exec(line) ?? [];
        if (id !== undefined) ends.set(id, (ends.get(id) ?? 0) + 1);
      }
    };

    const sentBytes = () => origin.log.reduce((sum, { bytes }) => sum + bytes, 0);
    const total = seeds.reduce((sum, seed) => sum + sizeOf(seed), 0);
    let struck = 0;
    for (let kill = 0; kill < kills; kill++) {
      const child = start();
      let isOver = false;
      const output = child.output().then((output) => {
        isOver = true;
        return output;
      });
      const until = sentBytes() + Math.random() * total / (kills + 2);
      while (sentBytes() <= until && !isOver) await new Promise((resolve) => setTimeout(resolve, 5));
      try {
        child.kill("SIGKILL");
        struck++;
      } catch {
        // it was quicker
      }
      count((await output).stdout);
    }
    assert(struck > 0, "no kill hit anything");
    origin.heal();
    const kept = new Map(seeds.map(nameOf).map((name) => [`/${name}`, keptOf(join(models, name))]));
    const asked = origin.log.length;
    const { code, stdout, stderr } = await start().output();
    count(stdout);
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals((await queue.counts()).done, jobCount);
    assert([...ends.values()].every((times) => times === 1), JSON.stringify([...ends]));
    assertEquals(tree(models), seeds.map(nameOf).sort(), "every file, and nothing else");
    for (const seed of seeds) assertEquals((await sha256(join(models, nameOf(seed)))).toUpperCase(), hashes.get(seed));
    assertGoesOn(origin.log.slice(asked), kept);
    assertEquals((await queue.workers()).filter(({ jobs }) => jobs > 0), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
