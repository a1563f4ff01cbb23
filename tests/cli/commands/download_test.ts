import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { main } from "../../../cli/mod.ts";
import { type TestIo, testIo } from "../_io.ts";
import { inWorld, sha256, type World } from "../_world.ts";
import { freePort } from "../../_support/free_port.ts";

interface Place extends Pick<World, "civitai" | "run"> {
  /** Where `run` downloads to. */
  readonly dir: string;
}

/** Calls `work` with a Civitai, and a `run` of `civikit download` into a folder that is not there yet. */
const inPlace = (work: (place: Place) => Promise<void>) =>
  inWorld(({ civitai, folder, run }) => {
    const dir = join(folder, "models");
    return work({ civitai, dir, run: (args, options) => run(["download", "--dir", dir, ...args], options) });
  });

async function names(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();
}

const events = ({ out }: TestIo) => out.trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("civikit download fetches versions, models, AIRs and page URLs, verified, in one go", () =>
  inPlace(async ({ civitai, dir, run }) => {
    const { code, io } = await run([
      "2002",
      "model:1003",
      "urn:air:sdxl:lora:civitai:1004@2030",
      `${civitai.url}/models/1002/harbour-mix?modelVersionId=2010`,
      "--print-path",
    ]);
    assertEquals(code, 0, io.err);
    assertEquals(await names(dir), [
      "harbourMix_v10.safetensors",
      "paper_lantern_v2.safetensors",
      "softedges-neg.safetensors",
      "twin.safetensors",
    ]);
    assertEquals(await sha256(join(dir, "paper_lantern_v2.safetensors")), await civitai.sha256(3002));
    assertEquals(new Set(io.out.trimEnd().split("\n")), new Set((await names(dir)).map((name) => join(dir, name))));
    assert(io.err.includes("4 downloaded; "), io.err);
    assert(!io.err.includes("\x1b"), "no codes without a terminal");
  }));

Deno.test("civikit download --all takes every file of a version, and gives equal names a path each", () =>
  inPlace(async ({ dir, run }) => {
    const { code, io } = await run(["2030", "2010", "--all-files"]);
    assertEquals(code, 0, io.err);
    assertEquals(await names(dir), [
      "harbour.vae.safetensors",
      "harbourMix_v10.safetensors",
      "harbourMix_v10_pruned.safetensors",
      "twin-3031.safetensors",
      "twin.safetensors",
    ]);
  }));

Deno.test("civikit download --file chooses by id and by name", () =>
  inPlace(async ({ dir, run }) => {
    assertEquals((await run(["2010", "--file", "3012"])).code, 0);
    assertEquals((await run(["2010", "--file", "harbourMix_v10_pruned.safetensors", "-o", "small.bin"])).code, 0);
    assertEquals(await names(dir), ["harbour.vae.safetensors", "small.bin"]);
    const { code, io } = await run(["2010", "--file", "nonsense"]);
    assertEquals(code, 4);
    assert(io.err.includes("No such file in this version") && io.err.includes("3012"), io.err);
  }));

Deno.test("civikit download reads references from a list and from standard input", () =>
  inPlace(async ({ dir, run }) => {
    const list = join(dir, "..", "list.txt");
    await Deno.writeTextFile(list, "# my models\n\n2002\n  model:1003\n");
    assertEquals((await run(["--from", list])).code, 0);
    assertEquals((await run(["-"], { stdin: "2001\n" })).code, 0);
    assertEquals(await names(dir), [
      "paper_lantern.safetensors",
      "paper_lantern_v2.safetensors",
      "softedges-neg.safetensors",
    ]);
    const missing = await run(["--from", join(dir, "no-such-list")]);
    assertEquals([missing.code, missing.io.err.includes("reading the list")], [8, true], missing.io.err);
    assertEquals((await run(["-"], { stdin: "# nothing\n" })).code, 2);
  }));

Deno.test("civikit download does not fetch a finished file again, and says so", () =>
  inPlace(async ({ civitai, run }) => {
    assertEquals((await run(["2002"])).code, 0);
    const before = civitai.storage.log.length;
    const { code, io } = await run(["2002", "2002"]);
    assertEquals(code, 0, io.err);
    assert(io.err.includes("already there") && io.err.includes("1 already there; "), io.err);
    assertEquals(civitai.storage.log.length, before);
  }));

Deno.test("civikit download --json writes nothing but the documented lines", () =>
  inPlace(async ({ civitai, dir, run }) => {
    const { code, io } = await run(["2002", "99999", "--json"]);
    assertEquals([code, io.err], [4, ""]);
    const lines = events(io);
    const kinds = lines.map(({ event }) => event).filter((event) => event !== "progress");
    assertEquals(kinds, ["error", "plan", "start", "done", "summary"]);
    const done = lines.find(({ event }) => event === "done");
    assertEquals(done.path, join(dir, "paper_lantern_v2.safetensors"));
    assertEquals([done.verified, done.verifiedBy, done.skipped], [true, "SHA256", false]);
    assertEquals(done.hashes.SHA256.toUpperCase(), await civitai.sha256(3002));
    const { elapsedMs: _, ...summary } = lines.at(-1);
    const counts = { done: 1, skipped: 0, failed: 1, unfinished: 0 };
    assertEquals(summary, { event: "summary", ...counts, bytes: done.bytes, fetchedBytes: done.bytes, exitCode: 4 });
    const [refused] = events((await run(["2070", "--json"])).io).filter(({ event }) => event === "error");
    assertEquals([refused.code, refused.exitCode, refused.index], ["early_access", 3, 0]);
    assert(refused.server.includes("2099-01-01"), refused.server);
    const quiet = await run(["2001", "--json", "--quiet"]);
    assertEquals(events(quiet.io).filter(({ event }) => event === "progress"), []);
  }));

Deno.test("civikit download --dry-run shows file, size, hashes, target and free space, and fetches nothing", () =>
  inPlace(async ({ civitai, dir, run }) => {
    const { code, io } = await run(["2002", "--dry-run"]);
    assertEquals(code, 0, io.err);
    for (const part of ["paper_lantern_v2.safetensors", await civitai.sha256(3002), dir, " bytes)", " free in "]) {
      assert(io.out.includes(part), `${part} in ${io.out}`);
    }
    const [line] = events((await run(["2002", "--dry-run", "--json"])).io);
    assertEquals([line.event, line.file, line.reference], ["would_download", "paper_lantern_v2.safetensors", "2002"]);
    assertEquals(civitai.storage.log.length, 0);
    assertEquals(await Deno.stat(dir).then(() => true, () => false), false, "no folder is made");
  }));

Deno.test("civikit download ends with the documented exit code for each kind of failure, and a hint", () =>
  inPlace(async ({ civitai, dir, run }) => {
    const table: [string[], number, string][] = [
      [["99999"], 4, 'write "model:99999"'],
      [["model:99999"], 4, "No such model"],
      [["2090"], 4, "No longer available"],
      [["2080"], 3, "Login required: no API key is set"],
      [["2070"], 3, "Early access"],
      [["2110"], 3, "Downloads disabled"],
      [["2060"], 7, "wrong checksum"],
      [["2002", "--sha256", "ab".repeat(32)], 7, "wrong checksum"],
      [["bogus"], 2, "Not a usable address"],
      [["http://example.com/x.bin"], 2, "Insecure address refused"],
      [["urn:air:sdxl:lora:civitai:x@y"], 2, "Not a usable AIR"],
      // an address of its own: on 127.0.0.1 another test may have been given the port meanwhile
      [[`http://127.0.0.77:${freePort()}/x.bin`], 5, "Connection failed"],
      [["2002", "bogus", "99999"], 1, "No such version"],
      [["2002", "-o", "con.txt"], 8, "Path not allowed"],
    ];
    for (const [args, expected, text] of table) {
      const { code, io } = await run(args);
      assertEquals(code, expected, `${args.join(" ")}: ${io.err}`);
      assert(io.err.includes(text), `${args.join(" ")}: ${io.err}`);
      assert(io.err.includes("  next: "), `${args.join(" ")}: ${io.err}`);
    }
    civitai.faults.refuseDownloads(100, { status: 429, body: `{"error":"busy"}`, retryAfter: 3600 });
    const limited = await run(["2001"]);
    assertEquals(limited.code, 6, limited.io.err);
    civitai.faults.heal();

    const left = await names(dir);
    assert(
      left.every((name) => name === "paper_lantern_v2.safetensors" || /\.(quarantine|part)/.test(name)),
      `${left}`,
    );
  }));

Deno.test("civikit download takes a mislabelled file with --no-verify or with a hash the user trusts", () =>
  inPlace(async ({ civitai, dir, run }) => {
    assertEquals((await run(["2060"])).code, 7);
    const trusted = await run(["2060", "--sha256", await civitai.sha256(3060), "-o", "trusted.bin"]);
    assertEquals([trusted.code, trusted.io.err.includes("SHA256 verified")], [0, true], trusted.io.err);
    const blind = await run(["2060", "--no-verify", "-o", "blind.bin"]);
    assertEquals([blind.code, blind.io.err.includes("not verified")], [0, true], blind.io.err);
    assertEquals(await sha256(join(dir, "blind.bin")), await civitai.sha256(3060));
  }));

Deno.test("civikit download uses the key from the environment and never prints it", () =>
  inPlace(async ({ run }) => {
    const { code, io } = await run(["2080", "--json"], { env: { CIVITAI_API_KEY: "demo-key" } });
    assertEquals(code, 0, io.out);
    assert(!`${io.out}${io.err}`.includes("demo-key"));
  }));

Deno.test("civikit download keeps hostile names inside the folder and off the terminal", () =>
  inPlace(async ({ dir, run }) => {
    const { code, io } = await run(["2040", "2041", "2042", "2043"]);
    assertEquals(code, 0, io.err);
    assertEquals((await names(dir)).length, 4);
    assertEquals(await names(join(dir, "..")), ["models"]);
    for (const mark of ["\u202e", "\x1b", "\0"]) assert(!io.err.includes(mark), JSON.stringify(io.err));
  }));

Deno.test("civikit download refuses to replace a different file, and does with --force", () =>
  inPlace(async ({ dir, run }) => {
    const path = join(dir, "paper_lantern_v2.safetensors");
    await Deno.mkdir(dir);
    await Deno.writeTextFile(path, "mine");
    const { code, io } = await run(["2002"]);
    assertEquals([code, io.err.includes("File already there")], [8, true], io.err);
    assertEquals(await Deno.readTextFile(path), "mine");
    assertEquals((await run(["2002", "--force"])).code, 0);
  }));

Deno.test("civikit download --quiet is silent when all is well", () =>
  inPlace(async ({ run }) => {
    const { code, io } = await run(["2002", "--quiet"]);
    assertEquals([code, io.out, io.err], [0, "", ""]);
  }));

Deno.test("civikit download speaks the reader's language in its hints", () =>
  inPlace(async ({ run }) => {
    const { io } = await run(["99999", "--lang", "zh-TW"]);
    assert(io.err.includes("錯誤：99999: 找不到這個版本\n") && io.err.includes("  處理："), io.err);
  }));

Deno.test("civikit download interrupted before its first file ends with 130 and a summary", () =>
  inPlace(async ({ civitai, dir }) => {
    const io = testIo({ env: { CIVIKIT_BASE_URL: civitai.url } });
    civitai.faults.rateLimitNext(1, 20);
    const ended = main(["download", "2002", "--dir", dir, "--json"], io);
    while (civitai.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    io.interrupt();
    const code = await ended;
    const last = events(io).at(-1);
    assertEquals([code, last.event, last.exitCode, last.unfinished], [130, "summary", 130, 1], io.out);
    io.interrupt();
    assertEquals(io.exits, [], "nobody listens any more");
  }));

Deno.test("civikit download ends at once at the second interrupt, whatever still waits", () =>
  inPlace(async ({ civitai, dir }) => {
    const io = testIo({ env: { CIVIKIT_BASE_URL: civitai.url } });
    civitai.faults.rateLimitNext(1, 20);
    const ended = main(["download", "2002", "--dir", dir], io);
    while (civitai.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    io.interrupt();
    io.interrupt();
    assertEquals(io.exits, [130]);
    assertEquals(await ended, 130);
    assert(io.err.includes("interrupted: "), io.err);
  }));

Deno.test("civikit download ends at once, and says why, for files of a host that asked for a pause of a day", () =>
  inPlace(async ({ run }) => {
    let asked = 0;
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
      asked++;
      return new Response(null, { status: 429, headers: { "retry-after": "86400" } });
    });
    const { port } = server.addr;
    const urls = ["a", "b", "c"].map((name) => `http://127.0.0.1:${port}/${name}.bin`);
    const { code, io } = await run(["--jobs", "1", "--json", ...urls]);
    const failed = events(io).filter(({ event }) => event === "error");
    assertEquals([code, asked, failed.map((event) => event.code)], [6, 1, Array(3).fill("rate_limited")]);
    assert(
      failed[1].message.endsWith(`not sent, 127.0.0.1:${port} asked for a pause of another 86400 s`),
      failed[1].message,
    );
  }));
