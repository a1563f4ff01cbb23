import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { createTransport, download } from "../../../mod.ts";
import { lockPart } from "../../../transport/internal.ts";
import { events, inWorld, tree, type World } from "../_world.ts";

/** Leaves an unfinished download behind. */
async function interrupted({ civitai, folder }: World): Promise<string> {
  using transport = createTransport({ key: "member-key", hosts: [new URL(civitai.url).host] });
  const ending = new AbortController();
  const path = join(folder, "harbourMix_v10.safetensors");
  civitai.faults.limitConnections(1024 ** 2);
  const { signal } = ending;
  const url = `${civitai.url}/api/download/models/2010`;
  await download(transport, url, path, { signal, onProgress: () => ending.abort() }).catch(() => {});
  civitai.faults.heal();
  assert(tree(folder).includes("harbourMix_v10.safetensors.part"), tree(folder).join());
  return `${path}.part`;
}

Deno.test("civikit clean lists what is left of downloads, and removes it only with --yes", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    await interrupted(world);
    Deno.mkdirSync(join(folder, "below"));
    const keep = ["model.safetensors", "firefox.zip.part", "notes.quarantine", "below/a.ckpt"];
    const ours = ["below/x.gguf.part.old", "below/x.gguf.part.old.1", "bad.ckpt.quarantine"];
    for (const name of [...keep, ...ours]) Deno.writeTextFileSync(join(folder, name), name);
    Deno.writeTextFileSync(join(folder, "bad.ckpt.quarantine.json"), JSON.stringify({ wanted: {}, actual: {} }));
    const before = tree(folder);

    const dry = await run(["clean", folder]);
    assertEquals(dry.code, 0, dry.io.err);
    assertStringIncludes(dry.io.out, "harbourMix_v10.safetensors.part");
    assertStringIncludes(dry.io.out, "4 files");
    assertStringIncludes(dry.io.out, "civikit clean --yes");
    assertEquals(tree(folder), before);

    const { code, io } = await run(["clean", folder, "--yes", "--json"]);
    assertEquals(code, 0, io.err);
    const lines = events(io);
    assertEquals(lines.filter(({ event }) => event === "removed").map(({ kind }) => kind).sort(), [
      "old",
      "old",
      "part",
      "quarantine",
    ]);
    assertEquals([lines.at(-1)?.files, lines.at(-1)?.dryRun], [4, false]);
    assertEquals(tree(folder), keep.toSorted());
    assertStringIncludes((await run(["clean", folder, "--lang", "zh-TW"])).io.out, "沒有需要清理");
  }));

Deno.test("civikit clean leaves the part file of a running download alone", () =>
  inWorld(async (world) => {
    const path = await interrupted(world);
    using _lock = lockPart(path, path.slice(0, -".part".length));
    for (const flags of [[], ["--yes"]]) {
      const { code, io } = await world.run(["clean", world.folder, "--json", ...flags]);
      assertEquals(code, 0, io.err);
      assertEquals(events(io)[0], { event: "in_use", kind: "part", path, bytes: events(io)[0]?.bytes });
    }
    assert(tree(world.folder).includes("harbourMix_v10.safetensors.part.json"));
  }));

Deno.test("civikit clean looks into the folder for downloads, follows no link, and finds damaged databases", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    await interrupted(world);
    const cache = join(folder, "..", "cache", "civikit");
    Deno.mkdirSync(cache, { recursive: true });
    Deno.writeTextFileSync(join(cache, "http.sqlite.corrupt-20261126T110000000Z"), "damaged");
    const target = join(folder, "..", "target");
    Deno.mkdirSync(target);
    Deno.symlinkSync(folder, join(target, "link"));
    const linked = await run(["clean", target, "--json"]);
    assertEquals(events(linked.io).filter(({ kind }) => kind === "part"), []);
    const { io } = await run(["clean", "--json"], { env: { CIVIKIT_DOWNLOAD_DIRECTORY: folder } });
    assertEquals(events(io).map(({ kind }) => kind).filter(Boolean), ["part", "corrupt"]);
    const none = await run(["clean", join(folder, "nowhere")]);
    assertEquals(none.code, 0, none.io.err);
  }));

Deno.test("civikit clean takes drafts of sidecars that nobody is writing any more", () =>
  inWorld(async ({ run, folder }) => {
    const ours = ["a.civitai.info.tmp", "a.civikit.json.tmp", "civikit.lock.json.tmp"];
    const keep = ["b.civitai.info.tmp", "notes.json.tmp"];
    for (const name of [...ours, ...keep]) Deno.writeTextFileSync(join(folder, name), "{");
    for (const name of [...ours, "notes.json.tmp"]) {
      const hourAgo = Date.now() / 1000 - 3600;
      Deno.utimeSync(join(folder, name), hourAgo, hourAgo);
    }
    const { code, io } = await run(["clean", folder, "--yes", "--json"]);
    assertEquals(code, 0, io.err);
    assertEquals(events(io).map(({ kind }) => kind).filter(Boolean), ["draft", "draft", "draft"]);
    assertEquals(tree(folder), keep);
  }));

Deno.test("civikit paths names every place, with its size once it is there", () =>
  inWorld(async ({ run, folder }) => {
    const env = { CIVIKIT_STATE_DIR: join(folder, "state") };
    await run(["login"], { secret: "member-key", env });
    await run(["download", "2002", "--dir", join(folder, "models")], { env });
    const { code, io } = await run(["paths", "--json"], { env: { ...env, CIVIKIT_ROOT: folder } });
    assertEquals(code, 0, io.err);
    const rows = new Map(events(io).map((row) => [row.name, row]));
    assertEquals([...rows.keys()], [
      "settings",
      "key",
      "keys",
      "pairing",
      "cache",
      "hashes",
      "stats",
      "logs",
      "queue",
      "watch",
      "outbox",
      "roots",
      "downloads",
      "root",
    ]);
    for (const name of ["keys", "cache", "hashes", "stats", "logs"]) {
      const row = rows.get(name);
      assert(row?.exists === true && typeof row.bytes === "number" && row.bytes > 0, JSON.stringify(row));
    }
    assertEquals([rows.get("settings")?.exists, rows.get("settings")?.bytes], [false, null]);
    assertEquals([rows.get("root")?.path, rows.get("root")?.bytes], [folder, null]);
    const off = await run(["paths"], { env: { ...env, CIVIKIT_CACHE: "off" } });
    assertStringIncludes(off.io.out, "switched off");
    assertStringIncludes((await run(["paths", "--lang", "zh-TW"], { env })).io.out, "快取");
  }));
