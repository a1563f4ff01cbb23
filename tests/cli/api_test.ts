import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { unicodeWidth } from "@std/cli/unicode-width";
import { main } from "../../cli/main.ts";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Civitai, type CivitaiOptions, startCivitai } from "../_civitai/mod.ts";
import { testIo, type TestIoOptions } from "./_io.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Run = (args: readonly string[], options?: TestIoOptions) => Promise<Ran>;

/** Runs `work` with a civikit command against an embedded Civitai, in a folder of its own. */
async function withCommand(
  work: (run: Run, on: { site: Civitai; folder: string }) => Promise<void>,
  options: CivitaiOptions = {},
): Promise<void> {
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768, ...options });
  const folder = await mkdtemp(join(tmpdir(), "civikit_cli_api_"));
  try {
    await work(async (args, { env = {}, ...rest } = {}) => {
      const io = testIo({ ...rest, env: { CIVIKIT_BASE_URL: site.url, HOME: folder, ...env } });
      const code = await main(args, io);
      return { code, out: io.out, err: io.err };
    }, { site, folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const lines = (text: string) => text.trimEnd().split("\n");
const objects = (text: string) => lines(text).map((line) => JSON.parse(line));

Deno.test("civikit models search shows a table that fits the terminal, and lines of JSON on request", async () => {
  await withCommand(async (run) => {
    const { code, out, err } = await run(["models", "search", "--nsfw", "--limit", "3"], {
      isTerminal: true,
      columns: 72,
    });
    assertEquals([code, lines(out).length], [0, 4]);
    assertMatch(lines(out)[0]!, /^ID +NAME +TYPE +BASE +CREATOR +DOWNLOADS +DATE$/);
    for (const line of lines(out)) assertEquals(unicodeWidth(line) <= 72, true, line);
    for (const line of lines(out).slice(1)) assertMatch(line, /^\d{4} .* [\d,]+ +\d{4}-\d\d-\d\d$/);
    assertStringIncludes(err, "more: --resume ");

    const json = await run(["models", "search", "lantern", "--json"]);
    assertEquals([objects(json.out).map(({ id }) => id), json.err], [[1001], ""]);
    const both = await run([
      "models",
      "search",
      "--type",
      "Checkpoint,TextualInversion",
      "--base",
      "SDXL 1.0",
      "--json",
    ]);
    assertEquals(objects(both.out).map(({ id }) => id), [1002, 1011]);
  });
});

Deno.test("civikit models search goes on with --resume, one plain word in every shell, and shows everything with --all", async () => {
  await withCommand(async (run, { site }) => {
    const first = await run(["models", "search", "--nsfw", "--limit", "4", "--json"]);
    const position = /--resume ([\w-]+)\n/.exec(first.err)![1]!;
    const rest = await run(["models", "search", "--nsfw", "--all", "--json", "--resume", position]);
    const all = site.models.filter(({ mode }) => mode === undefined).map(({ id }) => id);
    assertEquals([...objects(first.out), ...objects(rest.out)].map(({ id }) => id), all);
    for (const wrong of ["{}", "e30", "not-what-it-was", `${position}x`, position.slice(1)]) {
      const bad = await run(["models", "search", "--resume", wrong]);
      assertEquals([bad.code, bad.err.includes("--resume")], [2, true], wrong);
    }
  });
});

Deno.test("civikit models search says why a tag or a base model is refused", async () => {
  await withCommand(async (run) => {
    for (const flags of [["--tag", "nonsense"], ["--base", "SDXL"], ["--limit", "0"], ["--sort", "a", "--type", "b"]]) {
      const { code, out, err } = await run(["models", "search", ...flags]);
      assertEquals([code, out], [2, ""], flags.join(" "));
      assertMatch(err, /error/);
    }
    assertEquals((await run(["models", "search", "nothing like this"])).err, "nothing found\n");
  });
});

Deno.test("civikit models get takes an id, a page and an AIR", async () => {
  await withCommand(async (run, { site }) => {
    for (const what of ["1001", `${site.url}/models/1001`, "civitai:1001@2001", `${site.url}/model-versions/2002`]) {
      const { code, out } = await run(["models", "get", what]);
      assertEquals(code, 0, what);
      assertStringIncludes(out, "Paper Lantern Style");
      assertStringIncludes(out, "paper_lantern_v2.safetensors");
    }
    assertEquals(JSON.parse((await run(["models", "get", "1010", "--json"])).out).mode, "Archived");
    assertEquals([(await run(["models", "get", "5"])).code, (await run(["models", "get"])).code], [4, 2]);
  });
});

Deno.test("civikit versions shows one, and finds what hashes and files belong to", async () => {
  await withCommand(async (run, { site, folder }) => {
    const { out } = await run(["versions", "get", "2110"]);
    assertStringIncludes(out, "no downloads (Generation)");
    const { content } = site.file(3001).file;
    const path = join(folder, "a.safetensors");
    await Deno.writeFile(path, content.read(0, content.size));
    const one = await run(["versions", "by-hash", path, "--json"]);
    assertEquals(JSON.parse(one.out).id, 2001);
    const many = await run(["versions", "by-hash", path, await site.sha256(3010), "f".repeat(64)]);
    assertEquals([many.code, lines(many.out).length, many.err.includes("unknown to Civitai")], [4, 3, true]);
    assertEquals((await run(["versions", "by-hash", join(folder, "none")])).code, 8);
    assertEquals([(await run(["versions", "get", "x"])).code, (await run(["versions", "got", "7"])).code], [2, 2]);
  });
});

Deno.test("civikit images searches, shows and saves", async () => {
  await withCommand(async (run, { folder }) => {
    const { out } = await run(["images", "search", "--version-id", "2001", "--limit", "2", "--json"]);
    assertEquals(objects(out).map(({ id, meta }) => [id, meta.steps]), [[7_000_000, 20], [7_000_002, 20]]);
    assertStringIncludes((await run(["images", "get", "7000001"])).out, "paper lantern");
    const dir = join(folder, "gallery");
    const saved = await run(["images", "download", "--nsfw", "--all", "--dir", dir, "--sidecar", "--videos", "skip"]);
    assertMatch(saved.out, /^16 saved \(.+\), 0 already there, 4 skipped, 0 failed\n$/);
    assertEquals((await readdir(dir)).filter((name) => name.endsWith(".json")).length, 16);
    const again = await run(["images", "download", "--nsfw", "--limit", "3", "--dir", dir, "--json"]);
    assertEquals(objects(again.out).at(-1), {
      ...{ event: "summary", saved: 0, exists: 3, skipped: 0, failed: 0, bytes: 0, exitCode: 0 },
    });
    assertEquals((await run(["images", "download", "--videos", "eat"])).code, 2);
  });
});

Deno.test("civikit creators, tags, users and enums answer", async () => {
  await withCommand(async (run) => {
    assertStringIncludes((await run(["creators", "search"])).out, "lamplighter");
    assertEquals(objects((await run(["tags", "search", "base", "--json"])).out).map(({ name }) => name), [
      "base model",
    ]);
    assertStringIncludes((await run(["users", "get", "lamplighter"])).out, "77");
    assertStringIncludes((await run(["users", "search", "lamp"])).out, "lamplighter");
    assertEquals([(await run(["users", "get", "nobody"])).code, (await run(["users", "search"])).code], [4, 2]);
    assertEquals((await run(["enums", "basemodel"])).out, "SD 1.5\nSDXL 1.0\nFlux.1 D\n");
    assertMatch((await run(["enums"])).out, /^BaseModel +3$/m);
    assertStringIncludes((await run(["enums", "BaseModels"])).err, "BaseModel");
  });
});

Deno.test("civikit whoami tells whose key it is, and exit code 3 when it is nobody's", async () => {
  await withCommand(async (run) => {
    const key = (value: string) => ({ env: { CIVITAI_API_KEY: value } });
    assertMatch((await run(["whoami"], key("demo-key"))).out, /^name +demo$/m);
    assertEquals(JSON.parse((await run(["whoami", "--json"], key("member-key"))).out).isMember, true);
    const wrong = await run(["whoami"], key("wrong-key"));
    assertEquals([wrong.code, wrong.out, wrong.err.includes("wrong-key")], [3, "", false]);
    assertEquals((await run(["whoami"])).code, 3);
  });
});

Deno.test("civikit says when the answer is the anonymous one to a bad key", async () => {
  await withCommand(async (run) => {
    const bad = await run(["models", "get", "1001", "--json"], { env: { CIVITAI_API_KEY: "wrong-key" } });
    assertEquals([bad.code, JSON.parse(bad.out).id], [0, 1001]);
    assertStringIncludes(bad.err, "does not accept the API key");
    const good = await run(["models", "get", "1001", "--json"], { env: { CIVITAI_API_KEY: "demo-key" } });
    assertEquals([good.code, good.err], [0, ""]);
  });
});
