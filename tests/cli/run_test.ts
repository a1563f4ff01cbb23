import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { formatBytes } from "../../transport/internal.ts";
import { main } from "../../cli/mod.ts";
import { type TestIo, testIo } from "./_io.ts";
import { events, inWorld, type World } from "./_world.ts";

async function downloads({ run, folder }: World): Promise<Record<string, number>> {
  const { io } = await run(["report", "--json"], { env: { CIVIKIT_STATE_DIR: join(folder, "state") } });
  return JSON.parse(io.out).downloads;
}

Deno.test("civikit install tells how each transfer ended, also one that failed before its first byte", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    const project = join(folder, "project");
    const env = { CIVIKIT_STATE_DIR: join(folder, "state") };
    const add = ["add", "2002", "2020", "--project", project, "--no-install"];
    assertEquals((await run(add, { env })).code, 0);
    // what lies where the unfinished file belongs is no file
    Deno.mkdirSync(join(project, "models", "paper_lantern_v2.safetensors.part"), { recursive: true });
    const { code, io } = await run(["install", "--project", project], { env });
    assertEquals(code, 8, io.err);
    const { finished, failed } = await downloads(world);
    assertEquals([finished, failed], [1, 1]);
  }));

for (const command of ["download", "install"] as const) {
  Deno.test(`civikit ${command} writes down the hash it proved, so that scan reads nothing again`, () =>
    inWorld(async ({ run, folder }) => {
      const project = join(folder, "project");
      const models = join(project, "models");
      const ways = { download: ["download", "2002", "--dir", models], install: ["add", "2002", "--project", project] };
      assertEquals((await run(ways[command])).code, 0);
      const { io } = await run(["scan", models, "--offline"]);
      assertStringIncludes(io.err + io.out, "0 hashed now");
    }));
}

Deno.test("civikit download of a file that is there already writes down the hash it proved", () =>
  inWorld(async ({ run, folder }) => {
    const models = join(folder, "models");
    const away = { XDG_CACHE_HOME: join(folder, "another") };
    assertEquals((await run(["download", "2002", "--dir", models], { env: away })).code, 0);
    const again = await run(["download", "2002", "--dir", models, "--json"]);
    assertEquals(events(again.io).find(({ event }) => event === "done")!.skipped, true);
    assertStringIncludes((await run(["scan", models, "--offline"])).io.out, "0 hashed now");
  }));

const big = 4 * 1024 ** 2;

/** A run of which Ctrl-C left a part of a large file. */
async function interrupted({ civitai, folder }: World, args: readonly string[]): Promise<TestIo> {
  civitai.faults.limitConnections(4_000_000);
  const io = testIo({ env: { CIVIKIT_BASE_URL: civitai.url, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder } });
  const running = main([...args, "--parallel", "1"], io);
  while (civitai.storage.log.reduce((sum, { bytes }) => sum + bytes, 0) < big / 3) await delay(5);
  io.interrupt();
  assertEquals(await running, 130, io.err);
  civitai.faults.heal();
  return io;
}

function partBytes(path: string): number {
  const { spans } = JSON.parse(Deno.readTextFileSync(`${path}.part.json`)) as {
    spans: { start: number; end: number }[];
  };
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

for (const command of ["download", "install"] as const) {
  Deno.test(`civikit ${command} interrupted in its first file tells how many bytes came, and a dry run what is left`, () =>
    inWorld(async (world) => {
      const { run, folder } = world;
      const project = join(folder, "project");
      const models = join(project, "models");
      const ways = { download: ["download", "2100", "--dir", models], install: ["install", "--project", project] };
      await run(["add", "2100", "--project", project, "--no-install"]);
      const io = await interrupted(world, ways[command]);
      const path = join(models, "bigHarbour_v10.safetensors");
      const there = partBytes(path);
      const size = Number(JSON.parse(Deno.readTextFileSync(`${path}.part.json`)).total);
      assert(there > 0 && there < size);
      assertStringIncludes(io.err, `1 unfinished; ${formatBytes(there)} in`);

      const dry = [...ways[command], "--dry-run"];
      const shown = await run(dry);
      assertEquals(shown.code, 0, shown.io.err);
      assertStringIncludes(shown.io.out, `${formatBytes(there)} of ${formatBytes(size)} there`);
      assertStringIncludes(shown.io.out, `1 file, ${formatBytes(size - there)} to fetch`);
      const [line] = events((await run([...dry, "--json"])).io);
      assertEquals([line!.event, line!.totalBytes, line!.leftBytes], ["would_download", size, size - there]);
      assertEquals(partBytes(path), there, "nothing was fetched");

      const again = await run([...ways[command], "--json"]);
      const last = events(again.io).at(-1)!;
      assertEquals([last.done, last.bytes, last.fetchedBytes], [1, size, size - there]);
    }));
}

Deno.test("civikit download prints no start of a file that is there already, and where it goes on with one that was begun", () =>
  inWorld(async (world) => {
    const { run, folder } = world;
    const args = ["download", "2002", "2100", "--dir", folder, "--jobs", "1"];
    const first = await interrupted(world, args);
    assertStringIncludes(first.err, "paper_lantern_v2.safetensors: started");
    const there = formatBytes(partBytes(join(folder, "bigHarbour_v10.safetensors")));
    const { err } = (await run(args)).io;
    assert(!err.includes("started"), err);
    assertStringIncludes(err, "paper_lantern_v2.safetensors: already there");
    assertStringIncludes(err, `bigHarbour_v10.safetensors: going on from ${there} of `);
  }));

Deno.test("civikit add interrupted counts the files that are unfinished, whatever else failed", () =>
  inWorld(async (world) => {
    const project = join(world.folder, "project");
    const io = await interrupted(world, ["add", "99999", "2100", "2001", "--project", project, "--jobs", "1"]);
    assertStringIncludes(io.err, "1 failed, 2 unfinished;");
  }));
