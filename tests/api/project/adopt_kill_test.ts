import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";
import type { CatalogueModel } from "../../../testing/civitai/catalogue.ts";
import { seeded, startCivitai } from "../../_civitai/mod.ts";
import { tree } from "../../cli/_world.ts";
import { inFolder } from "../library/_folder.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** `CIVIKIT_FULL=1` makes it 40 kills. */
const kills = Deno.env.get("CIVIKIT_FULL") === "1" ? 40 : 4;
const fileCount = 4 * kills + 8;
const fileBytes = 3 * 1024 ** 2;

const models = Array.from({ length: fileCount }, (_, at): CatalogueModel => ({
  ...{
    id: 5000 + at,
    name: `模型 ${at}`,
    type: "LORA",
    description: null,
    creator: "lamplighter",
    tags: [],
    nsfwLevel: 1,
  },
  versions: [{
    ...{ id: 6000 + at, name: "v1", baseModel: "SDXL 1.0", publishedAt: "2025-01-01T00:00:00.000Z", trainedWords: [] },
    usageControl: "Download",
    files: [{
      ...{ id: 7000 + at, name: `file${at}.ckpt`, type: "Model", metadata: {}, primary: true },
      content: seeded(at, fileBytes),
    }],
  }],
}));

/** Rows of a table of the hash store; 0 while there is none. */
function rowsOf(path: string, table: "files" | "presumptions"): number {
  if (!existsSync(path)) return 0;
  try {
    using database = new DatabaseSync(path, { readOnly: true });
    return Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"]);
  } catch {
    return 0; // not made yet, or locked for a moment
  }
}

Deno.test(`civikit adopt of ${fileCount} files, killed -9 ${kills} times, goes on where it stopped and ends the same`, () =>
  inFolder(async (outer) => {
    await using site = await startCivitai({ models });
    const [place, project, calm] = ["models", "project", "calm"].map((name) => join(outer, name)) as [
      string,
      string,
      string,
    ];
    for (const [at, model] of models.entries()) {
      const folder = join(place, `夾 ${at % 3}`);
      Deno.mkdirSync(folder, { recursive: true });
      const { content } = model.versions[0]!.files[0]!;
      Deno.writeFileSync(join(folder, `file${at}.ckpt`), content.read(0, content.size));
    }
    for (const folder of [project, calm]) Deno.mkdirSync(folder);
    const flags = await registryFlags(root);
    const hashes = join(outer, "hashes.sqlite");
    const start = (...args: string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "--no-check", ...flags, join(root, "cli", "main.ts"), "adopt", place, ...args],
        env: { CIVIKIT_BASE_URL: site.url, XDG_CACHE_HOME: outer, XDG_CONFIG_HOME: outer, CIVIKIT_MONITOR: "off" },
        stdout: "piped",
        stderr: "piped",
      }).spawn();

    const before = tree(place);
    let kept = 0;
    let struck = 0;
    for (let kill = 0; kill < kills; kill++) {
      // by turns while it asks, and while it reads
      const isQuick = kill % 2 === 0;
      const table = isQuick ? "presumptions" : "files";
      const args = isQuick ? ["--quick"] : ["--io-limit", "20M"];
      const child = start("--project", project, "--hashes", hashes, "--json", ...args);
      const output = child.output();
      let ended = false;
      output.then(() => ended = true);
      const [from, asked] = [rowsOf(hashes, table), site.log.length];
      const most = Math.random() * 4;
      const isDue = () => isQuick ? site.log.length > asked + most : rowsOf(hashes, table) > from + most;
      while (!isDue() && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
      if (!ended) struck++;
      try {
        child.kill("SIGKILL");
      } catch {
        // it was quicker
      }
      await output;
      const now = rowsOf(hashes, "files");
      assert(now >= kept, "what was hashed stays hashed");
      kept = now;
    }
    assert(struck > 0, "no kill hit a run");
    assert(kept > 0, "no killed run kept a hash");
    const last = await start("--project", project, "--hashes", hashes, "--json").output();
    const said = new TextDecoder().decode(last.stdout);
    assertEquals(last.code, 0, said + new TextDecoder().decode(last.stderr));
    assertEquals(rowsOf(hashes, "files"), fileCount);
    const whole = await start("--project", calm, "--hashes", join(outer, "other.sqlite")).output();
    assertEquals(whole.code, 0, new TextDecoder().decode(whole.stderr));
    for (const name of ["civikit.models.json", "civikit.lock.json"]) {
      assertEquals(Deno.readTextFileSync(join(project, name)), Deno.readTextFileSync(join(calm, name)));
    }
    assertEquals(tree(place), before);
  }));
