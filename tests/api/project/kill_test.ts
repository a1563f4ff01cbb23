import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";
import { hashesOf } from "../../_civitai/mod.ts";
import { seeded, startOrigin } from "../../_origin/mod.ts";
import { assertGoesOn, keptOf } from "../../_support/kept.ts";
import { sha256, tree } from "../../cli/_world.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** `CIVIKIT_FULL=1` makes it 50 files and ten kills. */
const isFull = Deno.env.get("CIVIKIT_FULL") === "1";
const fileCount = isFull ? 50 : 12;
const kills = isFull ? 10 : 4;
const fileBytes = 1_500_000;

Deno.test(`civikit install of ${fileCount} files, killed -9 ${kills} times at random, ends exactly as the lock file says`, async () => {
  const ids = Array.from({ length: fileCount }, (_, index) => 7001 + index);
  const contents = new Map(ids.map((id) => [id, seeded(id, fileBytes + id * 7)]));
  await using origin = await startOrigin({
    files: Object.fromEntries(ids.map((id) => [`/api/download/models/${id}`, { size: fileBytes + id * 7, seed: id }])),
    faults: [{ kind: "rate", bytesPerSecond: 3_000_000 }],
  });
  const folder = await Deno.makeTempDir();
  try {
    const files = await Promise.all(ids.map(async (id) => {
      const content = contents.get(id)!;
      const { SHA256: sha256 } = await hashesOf(content, undefined);
      const air = `urn:air:sdxl:lora:civitai:${id}@${id}`;
      const url = `${origin.url}/api/download/models/${id}`;
      const path = `${id % 3 === 0 ? "a" : "b/c"}/file${id}.safetensors`;
      const names = { model: `Model ${id}`, version: "v1" };
      return {
        path,
        sha256,
        bytes: content.size,
        wanted: air,
        air,
        modelId: id,
        versionId: id,
        fileId: id,
        ...names,
        url,
      };
    }));
    const lock = `${
      JSON.stringify({ lockVersion: 1, files: files.sort((a, b) => a.path < b.path ? -1 : 1) }, null, 2)
    }\n`;
    Deno.writeTextFileSync(join(folder, "civikit.lock.json"), lock);
    const flags = await registryFlags(root);
    const args = [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      ...flags,
      join(root, "cli", "main.ts"),
      "install",
      "--json",
      "-q",
    ];
    const env = { CIVIKIT_BASE_URL: origin.url, XDG_CACHE_HOME: join(folder, ".cache"), XDG_CONFIG_HOME: folder };
    const start = () =>
      new Deno.Command(Deno.execPath(), { args, env, cwd: folder, stdout: "piped", stderr: "piped" }).spawn();

    const sentBytes = () => origin.log.reduce((sum, { bytes }) => sum + bytes, 0);
    const share = files.reduce((sum, { bytes }) => sum + bytes, 0) / (kills + 2);
    let struck = 0;
    for (let kill = 0; kill < kills; kill++) {
      const child = start();
      const output = child.output();
      const before = sentBytes();
      let ended = false;
      output.then(() => ended = true);
      // somewhere in the transfer: after a random part of this run's share has been sent
      const until = before + Math.random() * share;
      while (sentBytes() < until && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
      try {
        child.kill("SIGKILL");
      } catch {
        // it was quicker
      }
      await output;
      if (existsSync(join(folder, "models")) && tree(join(folder, "models")).some((path) => path.endsWith(".part"))) {
        struck++;
      }
    }
    assert(struck > 0, "no kill hit a transfer");
    const kept = new Map(files.map(({ url, path }) => [new URL(url).pathname, keptOf(join(folder, "models", path))]));
    const asked = origin.log.length;
    const { code, stdout, stderr } = await start().output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 0, said);
    const paths = files.map(({ path }) => path).sort();
    assertEquals(tree(join(folder, "models")), paths, "every locked file, and nothing else");
    for (const { path, sha256: wanted } of files) {
      assertEquals(await sha256(join(folder, "models", path)), wanted, path);
    }
    assertEquals(Deno.readTextFileSync(join(folder, "civikit.lock.json")), lock);
    assertGoesOn(origin.log.slice(asked), kept);
    const before = origin.log.length;
    assertEquals((await start().output()).code, 0);
    assertEquals(origin.log.length, before, "once everything is there, nothing is asked");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
