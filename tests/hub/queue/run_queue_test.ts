import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { metricsRegistry } from "../../../monitor/mod.ts";
import { systemClock } from "../../../transport/internal.ts";
import { NetworkError } from "../../../transport/mod.ts";
import { fakeClock, settle } from "../../_support/clock.ts";
import { sha256, tree } from "../../cli/_world.ts";
import { add, atWork, standing } from "./_work.ts";

const big = "bigHarbour_v10.safetensors";
const lantern = "paper_lantern_v2.safetensors";

Deno.test("runQueue() works everything off, each file verified, and leaves alone what is done", () =>
  atWork(async ({ civitai, queue, root, run }) => {
    await add(queue, "2002", "model:1002", "999999", `${civitai.url}/models/1003`);
    assertEquals(await run(), { done: 3, failed: 1 });
    assertEquals(await standing(queue), {
      "2002": "done verified",
      "model:1002": "done verified",
      "999999": "failed not_found",
      [`${civitai.url}/models/1003`]: "done verified",
    });
    assertEquals(tree(root), ["harbourMix_v20.safetensors", lantern, "softedges-neg.safetensors"]);
    assertEquals(await sha256(join(root, lantern)), await civitai.sha256(3002));
    const [first] = (await queue.list()).jobs;
    assertEquals([first!.name, first!.path, first!.bytes], [lantern, join(root, lantern), first!.totalBytes!]);
    const asked = civitai.log.length;
    assertEquals(await run(), { done: 0, failed: 0 });
    assertEquals(civitai.log.length, asked);
  }));

Deno.test("runQueue() tells nobody of files that it lets go of, and of those that stay", () =>
  atWork(async ({ queue, root, run }) => {
    await queue.add([{ reference: "2002" }, { reference: "model:1002", options: { dir: join(root, "mine") } }]);
    const kept: string[] = [];
    const told: string[] = [];
    assertEquals(
      await run({
        keep: (_path, { name }) => Promise.resolve(kept.push(name)),
        letGo: { spool: join(root, "spool"), find: () => Promise.resolve(undefined) },
        published: ({ path }) => told.push(path),
      }),
      { done: 2, failed: 0 },
    );
    const stays = "harbourMix_v20.safetensors";
    assertEquals([kept, told, tree(root)], [[lantern, stays], [join(root, "mine", stays)], [`mine/${stays}`]]);
  }));

Deno.test("runQueue() says of a file that was there that it was there", () =>
  atWork(async ({ civitai, queue, run }) => {
    const [id] = await add(queue, "2002");
    await run();
    const bytes = civitai.storage.log.length;
    await queue.change(id!, "retry");
    await run();
    assertEquals(await standing(queue), { "2002": "done there" });
    assertEquals(civitai.storage.log.length, bytes);
  }));

Deno.test("runQueue() puts files where job and settings say, with what belongs beside them", () =>
  atWork(async ({ queue, root, run }) => {
    await queue.add([
      { reference: "2010", options: { allFiles: true } },
      { reference: "2002", options: { layout: "{creator}/{file}", sidecars: false } },
      { reference: "2001", options: { dir: join(root, "mine"), output: "lamp.safetensors", sidecars: false } },
    ]);
    const settings = () => ({ root, layout: "comfyui", sidecars: true, concurrent: 2 });
    // no picture comes, and the files are there all the same
    assertEquals(await run({ settings }, { transport: { retry: { max: 0 } } }), { done: 3, failed: 0 });
    const files = tree(root).filter((path) => path.endsWith(".safetensors"));
    assertEquals(files, [
      `lamplighter/${lantern}`,
      "mine/lamp.safetensors",
      "models/checkpoints/harbourMix_v10.safetensors",
      "models/checkpoints/harbourMix_v10_pruned.safetensors",
      "models/vae/harbour.vae.safetensors",
    ]);
    assert(tree(root).includes("models/checkpoints/harbourMix_v10.civitai.info"), tree(root).join());
    assert(!tree(root).includes("mine/lamp.civitai.info"));
    const [job] = (await queue.list()).jobs;
    const sizes = files.slice(2).map((path) => Deno.statSync(join(root, path)).size);
    assertEquals(job!.bytes, sizes.reduce((sum, size) => sum + size, 0));
  }));

Deno.test("runQueue() parks what is not open yet, until its date; whoever has bought it gets it", () =>
  atWork(async ({ queue, run }) => {
    const [id] = await add(queue, "2070");
    const key = (name: string) => ({ key: () => name });
    assertEquals(await run({}, key("demo-key")), { done: 0, failed: 0 });
    const { state, why, notBeforeMs, attempts } = (await queue.get(id!))!;
    const untilMs = Date.parse("2099-01-01T00:00:00Z");
    assertEquals([state, why?.code, why?.untilMs, notBeforeMs, attempts], [
      "waiting",
      "early_access",
      untilMs,
      untilMs,
      0,
    ]);
    await queue.change(id!, "retry");
    assertEquals(await run({}, key("member-key")), { done: 1, failed: 0 });
  }));

Deno.test("runQueue() tries again what passes by itself, after pauses that grow, and says why it waits", () =>
  atWork(async ({ civitai, queue, run, until }) => {
    civitai.faults.maintenance(true);
    const [id] = await add(queue, "2002");
    const running = run({ random: () => 0.5 }, { transport: { retry: { max: 0 } } });
    const pauses: number[] = [];
    for (const attempts of [1, 2, 3]) {
      const { why, notBeforeMs, changedMs, state } = await until(id!, (job) => job.attempts === attempts);
      assertEquals([state, why?.code, why?.untilMs], ["waiting", "service_unavailable", notBeforeMs]);
      pauses.push(Math.round((notBeforeMs! - changedMs) / 1000));
    }
    civitai.faults.heal();
    assertEquals(await running, { done: 1, failed: 0 });
    assertEquals(pauses, [5, 15, 45]);
    assertEquals((await queue.get(id!))!.attempts, 0);
  }));

Deno.test("runQueue() gives up after some attempts", () =>
  atWork(async ({ civitai, queue, run }) => {
    civitai.faults.maintenance(true);
    const [id] = await add(queue, "2002");
    const quick = { transport: { retry: { max: 0 } } };
    assertEquals(await run({ mostAttempts: 3 }, quick), { done: 0, failed: 1 });
    const { code, attempts, why } = (await queue.get(id!))!;
    assertEquals([code, attempts, why?.status], ["service_unavailable", 3, 503]);
  }));

Deno.test("runQueue() lets one failure leave the others alone: a place that is none, a key that is missing", () =>
  atWork(async ({ queue, root, run }) => {
    Deno.mkdirSync(root);
    Deno.writeTextFileSync(join(root, "file"), "");
    await queue.add([
      { reference: "2001", options: { dir: join(root, "file", "below") } },
      { reference: "2080" },
      { reference: "2060" },
      { reference: "2110" },
      { reference: "2002" },
    ]);
    assertEquals(await run(), { done: 1, failed: 4 });
    assertEquals(await standing(queue), {
      "2001": "failed invalid_path",
      "2080": "failed login_required",
      "2060": "failed hash_mismatch",
      "2110": "failed downloads_disabled",
      "2002": "done verified",
    });
  }));

Deno.test("runQueue() pauses the job whose transfer is paused, and its place is another's", () =>
  atWork(async ({ civitai, queue, root, run, until }) => {
    civitai.faults.limitConnections(150_000);
    const { transfers } = metricsRegistry();
    const [id] = await add(queue, "2100");
    const stop = new AbortController();
    const { track } = transfers;
    const settings = () => ({ root, concurrent: 1 });
    const running = run({ isWatching: true, signal: stop.signal, settings, track });
    await until(id!, ({ bytes }) => bytes > 300_000);
    assert(transfers.pause(transfers.list()[0]!.id));
    await until(id!, ({ state, worker }) => state === "paused" && worker === null);
    civitai.faults.heal();
    const [next] = await add(queue, "2002");
    await until(next!, ({ state }) => state === "done");
    await queue.change(id!, "resume");
    await until(id!, ({ state }) => state === "done");
    stop.abort();
    await running;
    assertEquals(await sha256(join(root, big)), await civitai.sha256(3100));
  }));

for (const action of ["pause", "cancel", "skip", "remove"] as const) {
  Deno.test(`runQueue() obeys "${action}" in mid-download, and keeps the bytes`, () =>
    atWork(async ({ civitai, queue, root, run, until }) => {
      civitai.faults.limitConnections(150_000);
      const [id] = await add(queue, "2100");
      const stop = new AbortController();
      const running = run({ isWatching: true, signal: stop.signal, settings: () => ({ root, concurrent: 1 }) });
      await until(id!, ({ state, bytes }) => state === "downloading" && bytes > 300_000);
      const [next] = await add(queue, "2002");
      await queue.change(id!, action);
      await until(next!, ({ state }) => state === "done");
      const job = await queue.get(id!);
      if (action !== "skip") {
        assertEquals(job?.state, { pause: "paused", cancel: "cancelled", remove: undefined }[action]);
      }
      assert(Deno.statSync(join(root, `${big}.part.json`)).size > 0);
      civitai.faults.heal();
      if (action === "pause") await queue.change(id!, "resume");
      if (action === "cancel") await queue.change(id!, "retry");
      const [again] = action === "remove" ? await add(queue, "2100") : [id];
      const done = await until(again!, ({ state }) => state === "done");
      assertEquals(await sha256(done.path!), await civitai.sha256(3100));
      const from = civitai.storage.log.filter(({ path }) => path.includes("3100")).length;
      assert(from >= 1);
      stop.abort();
      await running;
    }, systemClock));
}

Deno.test("runQueue() gives back at the end what is under way, and the next goes on with it", () =>
  atWork(async ({ civitai, queue, root, run, until }) => {
    civitai.faults.limitConnections(150_000);
    const [id] = await add(queue, "2100");
    const stop = new AbortController();
    const running = run({ signal: stop.signal });
    await until(id!, ({ state, bytes }) => state === "downloading" && bytes > 500_000);
    stop.abort();
    assertEquals(await running, { done: 0, failed: 0 });
    const { state, worker, why, bytes } = (await queue.get(id!))!;
    assertEquals([state, worker, why], ["waiting", null, { code: "stopped" }]);
    assert(bytes > 0);
    assert(Deno.statSync(join(root, `${big}.part.json`)).size > 0);
    civitai.faults.heal();
    const said = until(id!, ({ why }) => why?.code === "spans_proved");
    assertEquals(await run(), { done: 1, failed: 0 });
    const { count, total } = (await said).why!;
    assertEquals(count, total);
    assertEquals(await sha256(join(root, big)), await civitai.sha256(3100));
  }, systemClock));

Deno.test("runQueue() of two workers does every job once", () =>
  atWork(async ({ civitai, queue, root, run }) => {
    await add(queue, "2001", "2002", "2010", "2011", "2020", "2040", "2041", "2042", "2051", "2120");
    const [one, other] = await Promise.all([run(), run()]);
    assertEquals([one.done + other.done, one.failed + other.failed], [10, 0]);
    const downloads = civitai.log.filter(({ path }) => path.startsWith("/api/download/"));
    assertEquals(new Set(downloads.map(({ path, query }) => `${path}?${query}`)).size, 10);
    assertEquals(tree(root).filter((path) => path.includes(".part")), []);
  }));

Deno.test("runQueue() on a machine whose disk is in the way leaves the jobs to the others", () =>
  atWork(async ({ queue, root, run }) => {
    Deno.mkdirSync(root);
    Deno.writeTextFileSync(join(root, "file"), "");
    const shared = { ...queue, abilities: { ...queue.abilities, isShared: true } };
    await add(queue, "2001", "2002", "2010", "2011", "2020", "2040", "2041", "2042", "2051", "2120");
    const [bad, good] = await Promise.all([
      run({ queue: shared, settings: () => ({ root: join(root, "file", "below") }) }),
      run({ queue: shared }),
    ]);
    assertEquals([bad, good], [{ done: 0, failed: 0 }, { done: 10, failed: 0 }]);
  }));

Deno.test("runQueue() takes a transfer that was cancelled from elsewhere for a job that was cancelled", () =>
  atWork(async ({ civitai, queue, stack, run, until, root }) => {
    civitai.faults.limitConnections(150_000);
    const [id] = await add(queue, "2100");
    using opened = await stack({ monitor: { store: join(root, "..", "stats.sqlite") } });
    const { monitor, transport } = opened;
    const running = run({ transport, track: monitor!.track });
    await until(id!, ({ state, bytes }) => state === "downloading" && bytes > 0);
    for (const { id } of monitor!.registry.transfers.list()) monitor!.registry.transfers.cancel(id);
    await running;
    assertEquals(await standing(queue), { "2100": "cancelled" });
  }, systemClock));

Deno.test("runQueue() lets a job fail whose worker threw what nobody expected, and goes on", () =>
  atWork(async ({ queue, root, run }) => {
    await add(queue, "2002", "2001");
    let asked = 0;
    const settings = () => {
      asked++;
      // asked first for how many at once, then for the first job
      if (asked === 2) throw new RangeError("a fault of the program");
      return { root, concurrent: 1 };
    };
    assertEquals(await run({ settings, onTrouble: () => {} }), { done: 1, failed: 1 });
    const [first] = (await queue.list()).jobs;
    assertEquals([first!.state, first!.why?.message], ["failed", "a fault of the program"]);
  }));

Deno.test("runQueue() takes each file to where it is kept before its job is done, and again where that failed", () =>
  atWork(async ({ civitai, queue, run }) => {
    const [id] = await add(queue, "2002");
    const kept: string[] = [];
    const states: string[] = [];
    const work = await run({
      async keep(path, { sha256, bytes, name }) {
        states.push((await queue.get(id!))!.state);
        kept.push(`${name} ${sha256} ${bytes}`);
        assertEquals((await Deno.stat(path)).size, bytes);
        if (kept.length === 1) {
          throw new NetworkError("storing: cut off", { code: "connection_reset", url: "https://s3.test/a" });
        }
      },
    });
    assertEquals([work.done, states], [1, ["verifying", "verifying"]]);
    assertEquals(new Set(kept).size, 1);
    assert(kept[0]!.startsWith(`${lantern} ${(await civitai.sha256(3002)).toLowerCase()} `), kept[0]);
    // the second time the file was there
    assertEquals(civitai.storage.log.filter(({ status }) => status < 300).length, 1);
  }));

Deno.test("runQueue() lets go of a job that is its own by the queue, and whose end it could not tell", () =>
  atWork(async ({ queue, run }) => {
    const [id] = await add(queue, "2002");
    let isCut = true;
    const deaf = {
      ...queue,
      finish(...[worker, job, how]: Parameters<typeof queue.finish>) {
        if (!isCut) return queue.finish(worker, job, how);
        isCut = false;
        return Promise.reject(new Error("the connection is closed"));
      },
    };
    const stop = new AbortController();
    const ran = run({ queue: deaf, isWatching: true, leaseMs: 1000, onTrouble: () => {}, signal: stop.signal });
    while ((await queue.get(id!))!.state !== "done") await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort();
    await ran;
    assertEquals(await standing(queue), { "2002": "done there" });
  }));

Deno.test("runQueue() waits before it asks a queue again that cannot be written, and holds up nobody meanwhile", async () => {
  const clock = fakeClock();
  await atWork(async ({ queue, run }) => {
    let asked = 0;
    // it would be asked for ever without a pause: here until it has been seen
    const full = {
      ...queue,
      lease: (...asking: Parameters<typeof queue.lease>) =>
        ++asked > 9 ? queue.lease(...asking) : Promise.reject(new Error("no space")),
    };
    const troubles: unknown[] = [];
    const stop = new AbortController();
    const onTrouble = (error: unknown) => troubles.push(error);
    const ran = run({ queue: full, isWatching: true, onTrouble, signal: stop.signal });
    while (asked === 0) await settle();
    await settle();
    assertEquals([asked, troubles.length], [1, 1]);
    await clock.advance(1000);
    assertEquals([asked, troubles.length], [2, 2]);
    stop.abort();
    await ran;
  }, clock);
});
