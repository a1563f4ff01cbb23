import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashCache, movesHistory } from "../../api/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import { put, wholeTree, withDisks } from "../api/moves/_tree.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));
const number = (name: string, usual: number) => Number(Deno.env.get(name) ?? usual);
const files = number("CIVIKIT_ORGANIZE_FILES", 300);
const kills = number("CIVIKIT_ORGANIZE_KILLS", 2);
const seed = number("CIVIKIT_SEED", Date.now() % 1e9);

function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** A tree without the times of its folders, which are new ones each time. */
const timeless = (tree: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(tree).map(([name, text]) => [name, name.endsWith("/") ? text.replace(/ \d+$/, "") : text]),
  );

const types = ["Checkpoint", "LORA", "VAE", "Upscaler", "TextualInversion"];
const bases = ["SDXL 1.0", "Pony", "SD 1.5", "Flux.1 D"];

/** A folder as people have them: models with sidecars, links, names of one file, empty folders, names of all kinds. */
function fill(root: string, other: string | undefined, hashes: string): void {
  using cache = hashCache(hashes);
  if (other !== undefined) symlinkSync(other, join(root, "VAE"));
  cache.together(() => {
    for (let n = 0; n * 5 < files * 2; n++) {
      const folder = join(root, `old ${n % 7}`, `模型 ${n % 31}`, ...(n % 3 === 0 ? ["deep"] : []));
      const name = n % 50 === 0 ? `same.safetensors` : `model ${n} 水.safetensors`;
      const path = join(folder, n % 50 === 0 ? String(n) : "", name);
      const text = `bytes of ${n}`;
      const mtimeMs = 1_600_000_000_000 + n * 1237;
      put(path, text, mtimeMs);
      if (n % 5 === 0) chmodSync(path, 0o600);
      put(path.replace(/safetensors$/, "civitai.info"), `{"n":${n}}`, mtimeMs + 1);
      if (n % 2 === 0) put(path.replace(/safetensors$/, "preview.png"), `picture ${n}`, mtimeMs + 2);
      const sha256 = createHash("sha256").update(text).digest("hex").toUpperCase();
      cache.keep({ path, bytes: Buffer.byteLength(text), mtimeMs, sha256, problem: null });
      const identity = n % 17 === 0 ? null : {
        ...{ modelId: n + 1, versionId: n + 1, fileId: n + 1, modelName: `M${n}`, versionName: "v1" },
        ...{
          modelType: types[n % types.length]!,
          baseModel: bases[n % bases.length]!,
          fileName: name,
          fileType: "Model",
        },
      };
      cache.keepAsked(sha256, { identity, askedAt: Date.now() });
      if (n % 40 === 1) {
        const twin = join(root, "twins", `twin ${n}.safetensors`);
        mkdirSync(join(root, "twins"), { recursive: true });
        linkSync(path, twin);
        cache.keep({ path: twin, bytes: Buffer.byteLength(text), mtimeMs, sha256, problem: null });
        symlinkSync(join("..", path.slice(root.length + 1)), join(root, "twins", `link ${n}.safetensors`));
      }
    }
  });
  for (const name of ["empty", "empty too/inside"]) mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, "old 1"), 0o750);
}

/** The contents of all plain files, each inode once. */
function contents(...roots: readonly string[]): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  const look = (folder: string) => {
    for (const name of readdirSync(folder)) {
      if (name === ".civikit") continue;
      const path = join(folder, name);
      const { dev, ino } = lstatSync(path);
      if (lstatSync(path).isDirectory()) look(path);
      else if (lstatSync(path).isFile() && !seen.has(`${dev}:${ino}`)) {
        seen.add(`${dev}:${ino}`);
        found.push(Deno.readTextFileSync(path));
      }
    }
  };
  for (const root of roots) look(root);
  return found.sort();
}

Deno.test("civikit organize killed at any moment: every file is there once, and --undo gives the exact tree back", async () => {
  const random = randomFrom(seed);
  await withDisks(async (root, other) => {
    const hashes = join(await Deno.makeTempDir(), "hashes.sqlite");
    fill(root, other, hashes);
    // where moves are written down is there from the first run on
    mkdirSync(join(root, ".civikit/moves"), { recursive: true });
    const roots = other === undefined ? [root] : [root, other];
    const before = roots.map(wholeTree);
    const all = contents(...roots);
    const state = await Deno.makeTempDir();
    const flags = await registryFlags(checkout);

    const start = (more: readonly string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-A",
          "--quiet",
          "--no-check",
          ...flags,
          join(checkout, "cli/main.ts"),
          "organize",
          root,
          "--hashes",
          hashes,
          ...more,
        ],
        env: {
          CIVIKIT_STATE_DIR: state,
          CIVIKIT_MONITOR: "off",
          XDG_CONFIG_HOME: state,
          XDG_CACHE_HOME: state,
          NO_COLOR: "1",
        },
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
    const apply = ["--layout", "{type}/{base}/{file}", "--yes", "--offline", "--json"];
    const isBegun = () => movesHistory(root).some(({ state }) => state === "applying" || state === "undoing");

    async function whole(more: readonly string[]): Promise<number> {
      const began = performance.now();
      const { code, stderr } = await start(more).output();
      assertEquals(code, 0, `seed ${seed}: ${more.join(" ")}: ${new TextDecoder().decode(stderr)}`);
      return performance.now() - began;
    }

    /** Kills it some time after it began to move files; sometimes before that, sometimes it is quicker. */
    async function killed(more: readonly string[], spanMs: number): Promise<void> {
      const child = start(more);
      const isEarly = random() < 0.1;
      const count = () =>
        existsSync(join(root, ".civikit/moves")) ? readdirSync(join(root, ".civikit/moves")).length : 0;
      const had = count();
      let isOver = false;
      const ended = child.status.then(() => isOver = true);
      while (!isOver && !isEarly && count() === had && !(more.length === 1 && isBegun())) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, random() * spanMs))]);
      try {
        child.kill("SIGKILL");
      } catch {
        // it was quicker
      }
      await child.output();
    }

    // how long it moves, from its journal on: what is killed later was too late
    let begunMs = 0;
    const watching = setInterval(() => begunMs ||= isBegun() ? performance.now() : 0, 2);
    const wholeMs = await whole(apply);
    clearInterval(watching);
    const movedMs = performance.now() - (begunMs || performance.now());
    const after = roots.map(wholeTree).map(timeless);
    assertEquals(contents(...roots), all, `seed ${seed}`);
    assert(JSON.stringify(after) !== JSON.stringify(before));
    await whole(["--undo"]);
    assertEquals(roots.map(wholeTree), before, `seed ${seed}`);
    const spanMs = Math.max(20, movedMs);
    let midway = 0;
    for (let kill = 0; kill < kills; kill++) {
      await killed(apply, spanMs);
      if (isBegun()) midway++;
      // a link and the file it names twice for a moment are one file: each content is there, none is lost
      assertEquals([...new Set(contents(...roots).filter((text) => all.includes(text)))].length, new Set(all).size);
      const way = random();
      if (way < 0.3 && isBegun()) await killed(["--continue"], spanMs);
      if (way > 0.7 && isBegun()) await killed(["--undo"], spanMs);
      if (random() < 0.5 && movesHistory(root)[0]?.state !== "undoing") {
        await whole(["--continue"]);
        assertEquals(contents(...roots), all, `seed ${seed}, kill ${kill}`);
        const [{ state } = { state: "undone" }] = movesHistory(root);
        if (state === "applied") {
          assertEquals(roots.map(wholeTree).map(timeless), after, `seed ${seed}, kill ${kill}: all is moved`);
        }
      }
      await whole(["--undo"]);
      assertEquals(roots.map(wholeTree), before, `seed ${seed}, kill ${kill}`);
      assertEquals(contents(...roots), all, `seed ${seed}, kill ${kill}`);
    }
    if (kills >= 20) assert(midway > kills / 4, `only ${midway} of ${kills} kills hit moves under way`);
    if (Deno.env.has("CIVIKIT_ORGANIZE_KILLS")) {
      // deno-lint-ignore no-console -- for whoever runs the whole number
      console.log(
        `${all.length} files, ${kills} kills, ${midway} of them while moving; a whole run takes ${
          Math.round(wholeMs)
        } ms`,
      );
    }
    await Deno.remove(state, { recursive: true });
    await Deno.remove(join(hashes, ".."), { recursive: true });
  });
});
