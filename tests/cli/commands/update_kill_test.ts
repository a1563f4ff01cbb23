import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTrash, writeSidecars } from "../../../api/mod.ts";
import { fixed } from "../../../testing/origin/content.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { type CatalogueModel, type CatalogueVersion, startCivitai } from "../../_civitai/mod.ts";
import { model } from "../../hub/watch/_watch.ts";
import { sha256, tree } from "../_world.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** `CIVIKIT_UPDATE_KILLS=30` makes it thirty kills of each kind. */
const kills = Number(Deno.env.get("CIVIKIT_UPDATE_KILLS") ?? 2);
const count = 6;
const fileBytes = 200_000;

/** Every other model keeps the name of its file from version to version. */
const names = (id: number) => ({
  old: `m${id}.safetensors`,
  fresh: id % 2 === 0 ? `m${id}.safetensors` : `m${id}_v2.safetensors`,
});

function bytesOf(fileId: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fileBytes).fill(fileId % 256);
  bytes.set(new TextEncoder().encode(`\0 file ${fileId}`));
  return bytes;
}

function shelf(): CatalogueModel[] {
  return Array.from({ length: count }, (_, n) => {
    const id = n + 1;
    const made = model(id, [{ id: id * 10 + 2, at: "2025-07-01" }, { id: id * 10 + 1, at: "2025-06-01" }]);
    const versions = made.versions.map((version, place): CatalogueVersion => ({
      ...version,
      files: version.files.map((file) => ({
        ...file,
        id: version.id,
        name: place === 0 ? names(id).fresh : names(id).old,
        metadata: { format: "SafeTensor" },
        content: fixed(bytesOf(version.id)),
      })),
    }));
    return { ...made, versions };
  });
}

/** The folder as its user left it: each model with what is known of it, what another program wrote, and its picture. */
async function fill(models: string): Promise<void> {
  Deno.mkdirSync(models, { recursive: true });
  for (let id = 1; id <= count; id++) {
    const path = join(models, names(id).old);
    Deno.writeFileSync(path, bytesOf(id * 10 + 1));
    const usage = { version: 1, notes: `note ${id}`, tags: ["mine"], triggerWords: ["old word"] };
    Deno.writeTextFileSync(join(models, `m${id}.civikit.json`), JSON.stringify(usage));
    await writeSidecars(path, {
      id: id * 10 + 1,
      modelId: id,
      name: "v1",
      model: { name: `Model ${id}`, type: "LORA" },
    });
    const info = join(models, `m${id}.civitai.info`);
    Deno.writeTextFileSync(info, JSON.stringify({ ...JSON.parse(Deno.readTextFileSync(info)), mine: id }));
    Deno.writeTextFileSync(join(models, `m${id}.preview.png`), `picture ${id}`);
  }
}

function linesOf(path: string): number {
  try {
    return Deno.readTextFileSync(path).split("\n").length - 1;
  } catch {
    return 0; // not there yet, or not any more
  }
}

/** What a whole run leaves: every file with what is in it, and what is in the trash. */
async function stateOf(models: string): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  // a sidecar that was being written leaves its draft, which is no sidecar
  for (const name of tree(models).filter((one) => !one.endsWith(".tmp"))) {
    const path = join(models, name);
    if (name.endsWith(".safetensors")) state[name] = await sha256(path);
    else if (name.endsWith(".civitai.info")) {
      const { id, mine = null } = JSON.parse(Deno.readTextFileSync(path));
      state[name] = JSON.stringify({ id, mine });
    } else state[name] = Deno.readTextFileSync(path);
  }
  for (const { path, files, why } of openTrash([models]).list()) {
    state[`trash: ${basename(path)}`] = `${why}: ${files.map((one) => basename(one)).sort()}`;
  }
  return state;
}

for (const old of ["replace", "trash"] as const) {
  Deno.test(`civikit update FOLDER --old ${old}, killed -9 ${kills} times: one of the two is always there, the next run ends it`, async () => {
    const folder = await Deno.makeTempDir();
    await using civitai = await startCivitai({ models: shelf() });
    try {
      const models = join(folder, "models");
      const journal = join(models, ".civikit", "updates.jsonl");
      const flags = await registryFlags(root);
      const start = () =>
        new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "-A", "--quiet", "--no-check", ...flags, join(root, "cli", "main.ts")],
            ...["update", models, "--all", "--old", old, "--sidecars", "--json"],
          ],
          env: {
            ...{
              CIVIKIT_BASE_URL: civitai.url,
              CIVIKIT_STATE_DIR: folder,
              CIVIKIT_CACHE: "off",
              CIVIKIT_MONITOR: "off",
            },
            ...{ XDG_CACHE_HOME: join(folder, "cache"), XDG_CONFIG_HOME: folder, NO_COLOR: "1" },
          },
          ...{ stdin: "null", stdout: "piped", stderr: "piped" },
        }).spawn();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      const whole = async () => {
        const { code, stdout, stderr } = await start().output();
        assertEquals(code, 0, text(stdout) + text(stderr));
      };
      const clear = () => Deno.removeSync(models, { recursive: true });

      await fill(models);
      const hashesOf = async (id: number) => ({
        v1: await civitai.sha256(id * 10 + 1),
        v2: await civitai.sha256(id * 10 + 2),
      });
      const begun = performance.now();
      const first = start();
      while (!existsSync(journal) && performance.now() - begun < 60_000) {
        await new Promise((wait) => setTimeout(wait, 1));
      }
      const journaled = performance.now();
      assertEquals((await first.output()).code, 0);
      const spanMs = performance.now() - journaled;
      const wanted = await stateOf(models);
      for (let id = 1; id <= count; id++) {
        assertEquals(wanted[names(id).fresh], (await hashesOf(id)).v2);
        const stem = names(id).fresh.replace(".safetensors", "");
        assertEquals(JSON.parse(wanted[`${stem}.civitai.info`]!).id, id * 10 + 2);
        const { notes, tags } = JSON.parse(wanted[`${stem}.civikit.json`]!);
        assertEquals([notes, tags], [`note ${id}`, ["mine"]]);
        if (old === "trash") {
          assertEquals(
            wanted[`trash: ${names(id).old}`],
            `updated: ${
              [".civikit.json", ".civitai.info", ".json", ".preview.png", ".safetensors"].map((end) => `m${id}${end}`)
            }`,
          );
        }
      }
      assertEquals(
        Object.keys(wanted).filter((name) => /-\d+[.]/.test(name)),
        [],
        "nothing is left under a passing name",
      );

      let midway = 0;
      for (let kill = 0; kill < kills; kill++) {
        clear();
        await fill(models);
        const child = start();
        let isOver = false;
        const ended = child.status.then(() => isOver = true);
        // after any of the lines of the journal, and any moment of what comes before the next one
        const lines = Math.floor(Math.random() * 2 * count);
        while (!isOver && linesOf(journal) < lines) await new Promise((wait) => setTimeout(wait, 1));
        await Promise.race([ended, new Promise((wait) => setTimeout(wait, Math.random() * spanMs / count))]);
        try {
          child.kill("SIGKILL");
        } catch {
          // it had ended
        }
        await child.output();
        if (existsSync(journal)) midway++;
        const there = new Set<string>();
        for (const name of tree(models)) {
          if (name.endsWith(".safetensors")) there.add(await sha256(join(models, name)));
        }
        for (let id = 1; id <= count; id++) {
          const { v1, v2 } = await hashesOf(id);
          assert(there.has(v1) || there.has(v2), `kill ${kill}: model ${id} has neither file`);
          there.delete(v1);
          there.delete(v2);
        }
        assertEquals([...there], [], `kill ${kill}: nothing half has a final name`);
        await whole();
        assertEquals(await stateOf(models), wanted, `kill ${kill}`);
        assertEquals(existsSync(journal), false);
      }
      if (kills >= 20) {
        assert(midway > kills / 4, `only ${midway} of ${kills} kills hit an update under way`);
        // deno-lint-ignore no-console -- for whoever runs the whole number
        console.log(
          `--old ${old}: ${kills} kills, ${midway} of them under way; ${Math.round(spanMs)} ms from the journal on`,
        );
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
