import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { liveTable, type LiveTransfer } from "../../../monitor/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { events, inWorld, type Ran, type World } from "../_world.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const MiB = 1024 ** 2;

/** A download in a process of its own, from storage that gives each connection 64 KiB a second. */
async function spawn({ civitai, folder }: World, version: string, more: readonly string[] = []) {
  const flags = await registryFlags(root);
  const { DENO_DIR, XDG_CACHE_HOME, HOME = "." } = Deno.env.toObject();
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-check", ...flags, join(root, "cli", "main.ts")],
      ...["download", version, "--dir", join(folder, "models"), "--parallel", "1", ...more],
    ],
    env: {
      CIVIKIT_BASE_URL: civitai.url,
      XDG_CONFIG_HOME: folder,
      XDG_CACHE_HOME: join(folder, "cache"),
      CIVIKIT_STATE_DIR: join(folder, "state"),
      DENO_DIR: DENO_DIR ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "deno"),
    },
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Asks `civikit transfers` until `is` holds of what it lists. */
async function until(world: World, is: (all: readonly LiveTransfer[]) => boolean, args: readonly string[] = []) {
  const env = { CIVIKIT_STATE_DIR: join(world.folder, "state") };
  for (;;) {
    const { code, io } = await world.run(["transfers", ...args, "--json"], { env });
    assertEquals(code, 0, io.err);
    const all = events(io) as unknown as LiveTransfer[];
    if (is(all)) return all;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const ask = ({ folder, run }: World, ...args: string[]): Promise<Ran> =>
  run(["transfers", ...args], { env: { CIVIKIT_STATE_DIR: join(folder, "state") } });

Deno.test("civikit transfers lists, pauses, resumes and cancels what another process downloads", () =>
  inWorld(async (world) => {
    world.civitai.faults.limitConnections(64 * 1024);
    const child = await spawn(world, "2100");
    const output = child.output();
    const [first] = await until(world, ([one]) => one?.state === "downloading" && one.bytes > 0);
    assertEquals([first!.process.pid, first!.process.command, first!.process.isAlive], [child.pid, "download", true]);
    assertEquals([first!.reference, first!.totalBytes! > 4 * MiB, first!.verdict], ["2100", true, null]);
    assert(first!.path.startsWith(join(world.folder, "models")), first!.path);
    const table = (await ask(world)).io.out;
    assert(table.includes(`download (${child.pid})`) && table.includes("running"), table);

    assertEquals((await ask(world, "pause", first!.id)).code, 0);
    const [paused] = await until(world, ([one]) => one?.state === "paused");
    assertEquals((await ask(world, "pause", first!.id)).code, 0, "it is so already");
    assertEquals((await ask(world, "resume", "all")).code, 0);
    await until(world, ([one]) => one?.state === "downloading" && one.bytes > paused!.bytes);
    assertEquals((await ask(world, "cancel", first!.id)).code, 0);
    const { code, stderr } = await output;
    assert(code !== 0, new TextDecoder().decode(stderr));
    assertEquals(await until(world, () => true), []);
    const [ended] = await until(world, () => true, ["--history"]);
    assertEquals([ended!.verdict, ended!.state, ended!.process.isAlive], ["cancelled", "cancelled", false]);
    const gone = await ask(world, "cancel", first!.id);
    assert(gone.code === 2 && gone.io.err.includes(`cancel "${first!.id}": no such transfer is running`), gone.io.err);
  }));

Deno.test("a process that is killed is told from one that runs; the next run takes its transfer off the list", () =>
  inWorld(async (world) => {
    // so slow that neither is done before both have begun
    world.civitai.faults.limitConnections(1024);
    const [killed, running] = [await spawn(world, "2100"), await spawn(world, "2002")];
    const outputs = [killed, running].map((child) => child.output());
    await until(world, (all) => all.length === 2 && all.every(({ bytes }) => bytes > 0));
    killed.kill("SIGKILL");
    await outputs[0];
    const all = await until(world, (all) => all.some(({ verdict }) => verdict === "died"));
    const died = all.find(({ process }) => process.pid === killed.pid)!;
    assertEquals([died.state, died.verdict, died.process.isAlive], ["failed", "died", false]);
    const other = all.find(({ process }) => process.pid === running.pid);
    if (other !== undefined) assertEquals([other.verdict, other.process.isAlive], [null, true]);
    const text = (await ask(world)).io.out;
    assert(text.includes("its process is gone"), text);
    const refused = await ask(world, "pause", died.id);
    assert(refused.code === 2 && refused.io.err.includes("its process is gone"), refused.io.err);
    world.civitai.faults.heal();
    world.civitai.faults.killConnectionsNow();
    await outputs[1];
    const env = { CIVIKIT_STATE_DIR: join(world.folder, "state") };
    assertEquals((await world.run(["download", "2100", "--dir", join(world.folder, "models")], { env })).code, 0);
    assertEquals(await until(world, () => true), []);
    const history = await until(world, () => true, ["--history"]);
    assertEquals(history.map(({ verdict }) => verdict).sort(), ["died", "verified", "verified"]);
    const table = (await ask(world, "--history", "--lang", "zh-TW")).io.out;
    assert(table.includes("已驗證") && table.includes("程式已不在"), table);
  }));

Deno.test("civikit transfers shows what runs without a record, and nothing of it afterwards", () =>
  inWorld(async (world) => {
    world.civitai.faults.limitConnections(64 * 1024);
    const child = await spawn(world, "2100", ["--no-monitor"]);
    const output = child.output();
    await until(world, ([one]) => (one?.bytes ?? 0) > 0);
    assertEquals((await ask(world, "cancel", "all")).code, 0);
    await output;
    assertEquals([await until(world, () => true), await until(world, () => true, ["--history"])], [[], []]);
  }));

Deno.test("civikit transfers --watch renews the list until Ctrl-C", () =>
  inWorld(async (world) => {
    const path = join(world.folder, "state", "stats.sqlite");
    liveTable(path).close();
    const { testIo } = await import("../_io.ts");
    const { main } = await import("../../../cli/mod.ts");
    const io = testIo({ env: { CIVIKIT_STATE_DIR: join(world.folder, "state") }, isTerminal: true });
    const ran = main(["transfers", "--watch"], io);
    while (!io.err.includes("nothing is being transferred")) await new Promise((resolve) => setTimeout(resolve, 5));
    io.advance(1000);
    io.interrupt();
    assertEquals(await ran, 0);
    assert(io.err.endsWith("\x1b[?25h"), "the cursor is given back");
  }));

Deno.test("civikit transfers names what cannot be meant", () =>
  inWorld(async (world) => {
    for (
      const [args, part] of [
        [["puase"], 'did you mean "pause"?'],
        [["pause"], "pause: give the ID of a transfer, or all"],
        [["pause", "x"], 'ID "x": neither a number of the list nor all'],
        [["pause", "1", "2"], "one ID at a time"],
        [["list", "4"], "the list takes none"],
        [["cancel", "all", "--history"], "only for lists"],
        [["--history", "--watch"], "what ended does not change"],
      ] as const
    ) {
      const { code, io } = await ask(world, ...args);
      assert(code === 2 && io.err.includes(part), io.err);
    }
    assertEquals((await ask(world, "cancel", "all")).io.err, "no transfer that could cancel\n");
    assertEquals((await ask(world, "--lang", "zh-TW")).io.err, "目前沒有傳輸\n");
  }));
