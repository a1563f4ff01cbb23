import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { events, inWorld, type Ran, sha256, tree, type World } from "../_world.ts";

/** Runs `civikit queue` on a queue of this test's own. */
function inQueue(work: (world: World, queue: (...args: string[]) => Promise<Ran>) => Promise<void>): Promise<void> {
  return inWorld((world) => {
    const env = stateOf(world);
    return work(world, (...args) => world.run(["queue", ...args], { env }));
  });
}

const stateOf = ({ folder }: World) => ({ CIVIKIT_STATE_DIR: join(folder, ".state") });

const listed = async (queue: (...args: string[]) => Promise<Ran>) => events((await queue("list", "--json")).io);

Deno.test("queue: what is added is worked off, and the queue knows what became of it", () =>
  inQueue(async (world, queue) => {
    const { civitai, folder } = world;
    const added = await queue("add", "2002", "model:1003", "999999", "--dir", folder, "--json");
    assertEquals(added.code, 0);
    const { added: fresh, refused } = events(added.io).at(-1)!;
    assertEquals([fresh, refused], [3, 0]);
    const ran = await queue("run", "--json");
    assertEquals(ran.code, 4, ran.io.err + ran.io.out);
    const { done, failed, left } = events(ran.io).at(-1)!;
    assertEquals([done, failed, left], [2, 1, 0]);
    assertEquals(tree(folder), ["paper_lantern_v2.safetensors", "softedges-neg.safetensors"]);
    assertEquals(await sha256(join(folder, "paper_lantern_v2.safetensors")), await civitai.sha256(3002));
    const jobs = await listed(queue);
    assertEquals(jobs.map(({ state }) => state), ["done", "done", "failed"]);
    assertEquals(jobs[2]!["code"], "not_found");
    const { io: { out } } = await queue("list");
    for (const word of ["paper_lantern_v2.safetensors", "hash proved", "not_found"]) assert(out.includes(word), out);
    const narrow = await world.run(["queue", "list"], { env: stateOf(world), isTerminal: true, columns: 40 });
    assert(!narrow.io.out.includes("…"), `half a name and half a reason say nothing: ${narrow.io.out}`);
  }));

Deno.test("queue: jobs are paused, resumed, moved, skipped, cancelled, begun anew, removed, cleared", () =>
  inQueue(async (_, queue) => {
    await queue("add", "1", "2", "3", "4");
    const order = async () => (await listed(queue)).map(({ reference, state }) => `${reference} ${state}`).join(", ");
    assertEquals((await queue("pause", "1", "2")).code, 0);
    assertEquals((await queue("resume", "2")).code, 0);
    assertEquals((await queue("move", "4", "--before", "1")).io.out, "1 job moved\n");
    assertEquals((await queue("skip", "2")).code, 0);
    assertEquals((await queue("cancel", "3")).code, 0);
    assertEquals(await order(), "4 waiting, 1 paused, 3 cancelled, 2 waiting");
    assertEquals((await queue("retry", "3")).code, 0);
    assertEquals((await queue("remove", "4")).code, 0);
    assertEquals((await queue("pause", "all")).code, 0);
    assertEquals(await order(), "1 paused, 3 paused, 2 paused");
    assertEquals(events((await queue("list", "--state", "waiting", "--json")).io), []);
    assertEquals((await queue("cancel", "1")).code, 0);
    assertEquals((await queue("clear")).code, 0);
    assertEquals(await order(), "3 paused, 2 paused");
  }));

Deno.test("queue: what cannot be done is said by name", () =>
  inQueue(async (_, queue) => {
    await queue("add", "1");
    for (
      const [args, code, word] of [
        [["add"], 2, "nothing to add"],
        [["pause"], 2, "ids of jobs"],
        [["pause", "77"], 2, "77"],
        [["move", "1"], 2, "--before"],
        [["move", "1", "--after", "9"], 2, "9"],
        [["list", "--state", "sleeping"], 2, "sleeping"],
        [["lst"], 2, "list"],
        [["resume", "1; DROP TABLE jobs"], 2, "DROP TABLE"],
        [["add", "1", "--layout", "fooocus9"], 2, "fooocus9"],
        [["add", "1", "--all-files", "--file", "2"], 2, "allFiles"],
      ] as [string[], number, string][]
    ) {
      const ran = await queue(...args);
      assertEquals(ran.code, code, args.join(" ") + ran.io.err);
      assert(ran.io.err.includes(word), ran.io.err);
    }
  }));

Deno.test("queue: of ten thousand lines the bad ones are told with their line, and the others are in", () =>
  inWorld(async (world) => {
    const lines = Array.from({ length: 10_000 }, (_, index) => String(index + 1));
    lines[6] = "http://example.com/x.bin";
    lines[8] = "\u001b[31mwhat is this";
    const ran = await world.run(["queue", "add", "-", "--json"], { env: stateOf(world), stdin: lines.join("\n") });
    const said = events(ran.io);
    assertEquals([said.at(-1)!["added"], said.at(-1)!["refused"], ran.code], [9998, 2, 2]);
    const bad = said.filter(({ event }) => event === "error").map(({ subject }) => String(subject));
    assertEquals(bad.map((subject) => /line (\d+)/.exec(subject)?.[1]), ["7", "9"]);
    assert(!ran.io.err.includes("\u001b[31mwhat"));
  }));

Deno.test("queue: a line of a list has its folder, name and hash of its own", () =>
  inWorld(async (world) => {
    const { folder } = world;
    const env = stateOf(world);
    const stdin = `2002\n  out=mine.safetensors\n  dir=${folder}/e\n2001\n`;
    const ran = await world.run(["queue", "add", "-", "--dir", `${folder}/d`], { env, stdin });
    assertEquals(ran.code, 0, ran.io.err);
    assertEquals((await world.run(["queue", "run"], { env })).code, 0);
    assertEquals(tree(folder), ["d/paper_lantern.safetensors", "e/mine.safetensors"]);
    const wrong = await world.run(["queue", "add", "-"], {
      env,
      stdin: `2002\n  dir=${folder}/f\n  sha256=${"0".repeat(64)}\n`,
    });
    assertEquals(wrong.code, 0, wrong.io.err);
    assertEquals((await world.run(["queue", "run"], { env })).code, 7);
  }));

Deno.test("download --queue hands over, and downloads nothing", () =>
  inWorld(async (world) => {
    const { civitai, folder } = world;
    const env = stateOf(world);
    const ran = await world.run(["download", "--queue", "--model", "1001", "--dir", folder], { env });
    assertEquals([ran.code, civitai.log.length], [0, 0]);
    const worked = await world.run(["queue", "run"], { env });
    assertEquals(worked.code, 0, worked.io.err);
    assertEquals(tree(folder), ["paper_lantern_v2.safetensors"]);
  }));

Deno.test("queue: a job that is paused by another process lets go, and goes on from there", () =>
  inWorld(async (world) => {
    const { civitai, folder } = world;
    const env = stateOf(world);
    civitai.faults.limitConnections(150_000);
    await world.run(["queue", "add", "2100", "--dir", folder], { env });
    const running = world.run(["queue", "run", "--parallel", "1", "--json"], { env });
    const job = async () => events((await world.run(["queue", "list", "--json"], { env })).io)[0]!;
    const until = async (isSo: (job: Record<string, unknown>) => boolean) => {
      while (!isSo(await job())) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await until(({ bytes }) => Number(bytes) > 300_000);
    await world.run(["queue", "pause", "1"], { env });
    assertEquals((await running).code, 0);
    const { state, worker } = await job();
    assertEquals([state, worker], ["paused", null]);
    assert(Deno.statSync(join(folder, "bigHarbour_v10.safetensors.part")).size > 0);
    civitai.faults.heal();
    await world.run(["queue", "resume", "1"], { env });
    assertEquals((await world.run(["queue", "run"], { env })).code, 0);
    assertEquals(await sha256(join(folder, "bigHarbour_v10.safetensors")), await civitai.sha256(3100));
  }));
