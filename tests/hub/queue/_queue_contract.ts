import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Job, JobQueue, NewJob, QueueChange } from "../../../hub/queue/mod.ts";
import { InputError } from "../../../transport/mod.ts";
import { type FakeClock, fakeClock, settle } from "../../_support/clock.ts";

/** Opens one more connection to one and the same queue, as another process would. */
export type OpenQueue = () => JobQueue | Promise<JobQueue>;

/** How an implementation is brought up: `work` gets what opens connections to a queue that is empty. */
export type WithQueue = (clock: FakeClock, work: (open: OpenQueue) => Promise<void>) => Promise<void>;

const numbered = (count: number, first = 1): NewJob[] =>
  Array.from({ length: count }, (_, index) => ({ reference: String(first + index) }));

const references = (jobs: readonly Job[]): string => jobs.map(({ reference }) => reference).join(" ");

async function inOrder(queue: JobQueue): Promise<string> {
  return references((await queue.list()).jobs);
}

/** Lets changes be told: by the time an engine says, and by as many turns of what it talks to as that takes. */
async function noticed(queue: JobQueue, clock: FakeClock, isHeard: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !isHeard(); turn++) {
    await clock.advance(queue.abilities.noticeMs / 2);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Holds an implementation of {@linkcode JobQueue} to what all of them promise. */
export function queueContract(name: string, withQueue: WithQueue, isThere = true): void {
  const test = (what: string, work: (queue: JobQueue, clock: FakeClock, open: OpenQueue) => Promise<void>) =>
    Deno.test({
      name: `${name} ${what}`,
      ignore: !isThere,
      async fn() {
        const clock = fakeClock();
        await withQueue(clock, async (open) => {
          await using queue = await open();
          await work(queue, clock, open);
        });
      },
    });

  test("keeps what is wanted, and nothing else, in the order it came", async (queue, clock, open) => {
    const added = await queue.add([{ reference: " 128713 ", options: { allFiles: true, dir: "/srv/models" } }, {
      reference: "https://civitai.com/models/4384/name?modelVersionId=5&token=geheim12345678",
    }]);
    assertEquals(added.map(({ isNew }) => isNew), [true, true]);
    await using other = await open();
    const { jobs: [job, second], next } = await other.list();
    assertEquals(next, null);
    assertEquals(job, added[0]!.job);
    assertEquals(job!.options, { allFiles: true, dir: "/srv/models" });
    assertEquals(second!.reference, "https://civitai.com/models/4384/name?modelVersionId=5");
    const { id: _, key: _key, position: _position, ...rest } = job!;
    assertEquals(rest, {
      reference: "128713",
      options: { allFiles: true, dir: "/srv/models" },
      state: "waiting",
      name: "128713",
      bytes: 0,
      totalBytes: null,
      bytesPerSecond: 0,
      code: null,
      why: null,
      verdict: null,
      path: null,
      attempts: 0,
      notBeforeMs: null,
      createdMs: clock.date(),
      changedMs: clock.date(),
      worker: null,
    });
    assertEquals(await queue.get(job!.id), job);
    assertEquals(await queue.get("no such one"), undefined);
  });

  test("takes the same wish once, and begins one that is over anew", async (queue) => {
    const wish = { reference: "version:5", options: { file: "1", dir: "/a" } };
    const [[first], [again], [other]] = await Promise.all([
      queue.add([wish]),
      queue.add([{ reference: "5", options: { dir: "/a", file: "1" } }]),
      queue.add([{ ...wish, options: { file: "2", dir: "/a" } }]),
    ]);
    assertEquals([again!.isNew, again!.job.id, other!.isNew], [false, first!.job.id, true]);
    const [one] = await queue.lease("me", 1, 1000);
    await queue.finish("me", one!.id, { state: "failed", code: "not_found" });
    const [anew] = await queue.add([wish]);
    assertEquals([anew!.isNew, anew!.job.id, anew!.job.state, anew!.job.code], [true, one!.id, "waiting", null]);
    assertEquals(references((await queue.list()).jobs), "version:5 version:5");
    assert(anew!.job.position > other!.job.position);
  });

  test("answers the same jobs to the same wish, whatever became of them, and refuses other ones", async (queue) => {
    const asked = [{ reference: "1" }, { reference: "2", options: { sidecars: true } }];
    const first = await queue.add(asked, "mine");
    await queue.change(first[0]!.job.id, "cancel");
    const again = await queue.add(asked, "mine");
    assertEquals(again.map(({ job: { id }, isNew }) => [id, isNew]), first.map(({ job: { id } }) => [id, false]));
    for (
      const others of [[asked[1]!, asked[0]!], asked.slice(0, 1), [...asked, { reference: "3" }], [
        asked[0]!,
        { reference: "2" },
      ]]
    ) {
      const error = await assertRejects(() => queue.add(others, "mine"), InputError);
      assertEquals([error.code, error.reason], ["invalid_argument", "key_reused"]);
      assert(error.message.includes("mine"), error.message);
    }
    assertEquals((await queue.list()).jobs.length, 2);
    const other = await queue.add(asked, "yours");
    assertEquals(other.map(({ isNew }) => isNew), [true, true]);
  });

  test("tells which versions and models jobs ask for that are not over", async (queue) => {
    const [one, two] = await queue.add([
      { reference: "2002" },
      { reference: "2003", options: { file: "a.safetensors" } },
      { reference: "model:1001", key: "mine" },
      { reference: "https://example.com/2004" },
    ]);
    const urls = ["https://example.com/2004", "https://example.com/2005"];
    const which = { versions: [2002, 2003, 2004], models: [1001, 1002], urls };
    const rest = { models: new Set([1001]), urls: new Set(urls.slice(0, 1)) };
    assertEquals(await queue.queued(which), { versions: new Set([2002, 2003]), ...rest });
    await queue.change(one!.job.id, "cancel");
    await queue.change(two!.job.id, "pause");
    assertEquals(await queue.queued(which), { versions: new Set([2003]), ...rest });
    await queue.change(one!.job.id, "retry");
    await queue.change(two!.job.id, "remove");
    assertEquals(await queue.queued(which), { versions: new Set([2002]), ...rest });
  });

  test("takes a key that was given once for all", async (queue) => {
    const [first] = await queue.add([{ reference: "1", key: "mine" }]);
    await queue.change(first!.job.id, "cancel");
    const [again] = await queue.add([{ reference: "2", key: "mine" }]);
    assertEquals([again!.isNew, again!.job.reference, again!.job.state], [false, "1", "cancelled"]);
    const [other] = await queue.add([{ reference: "1" }]);
    assertEquals(other!.isNew, true);
  });

  for (
    const [what, job, words] of [
      ["garbage", { reference: "what is this" }, ["what is this", "understood are"]],
      ["nothing", { reference: "  " }, ["nothing was given"]],
      ["http", { reference: "http://example.com/a" }, ["https"]],
      ["a secret", { reference: "https://example.com/a?X-Amz-Signature=0123456789abcdef" }, [
        "signature",
        "[redacted]",
      ]],
      ["a folder from somewhere", { reference: "1", options: { dir: "models" } }, ["dir", "absolute"]],
      ["a name that leads out", { reference: "1", options: { output: "../a" } }, ["output", "try"]],
      ["a layout nobody knows", { reference: "1", options: { layout: "fooocus9" } }, ["fooocus9"]],
      ["options that contradict", { reference: "1", options: { allFiles: true, file: "2" } }, ["allFiles"]],
      ["an option nobody knows", { reference: "1", options: { url: "x" } }, ["url"]],
      ["an option of another kind", { reference: "1", options: { force: "yes" } }, ["force", "true or false"]],
      ["a hash that is none", { reference: "1", options: { sha256: "abc" } }, ["sha256", "64"]],
      ["a key of other characters", { reference: "1", key: "a\nb" }, ["key"]],
    ] as [string, NewJob, string[]][]
  ) {
    test(`refuses ${what}, by name, and all that came with it`, async (queue) => {
      const { message } = await assertRejects(() => queue.add([{ reference: "1" }, job]), InputError);
      for (const word of words) assert(message.includes(word), `${message}: no "${word}"`);
      assertEquals((await queue.list()).jobs, []);
    });
  }

  test("hands out jobs in their order, and none of them twice", async (queue, _, open) => {
    await queue.add(numbered(9));
    await using other = await open();
    const all = await Promise.all([queue.lease("a", 2, 1000), other.lease("b", 2, 1000), queue.lease("a", 2, 1000)]);
    assertEquals(references(all.flat()).split(" ").sort().join(" "), "1 2 3 4 5 6");
    assertEquals(references(await other.lease("b", 9, 1000)), "7 8 9");
    assertEquals(await queue.lease("c", 9, 1000), []);
    assertEquals((await queue.counts()).resolving, 9);
    assertEquals((await queue.list()).jobs.filter(({ worker }) => worker === "a").length, 4);
  });

  test("gives what a lease ran out on to the next, and its worker nothing more to say", async (queue, clock, open) => {
    await queue.add(numbered(2));
    const [job] = await queue.lease("slow", 1, 1000);
    assertEquals(await queue.update("slow", job!.id, { state: "downloading", bytes: 7 }), true);
    await using other = await open();
    await clock.advance(999);
    assertEquals(references(await other.lease("next", 2, 1000)), "2");
    await clock.advance(1);
    const [taken] = await other.lease("next", 2, 1000);
    assertEquals([taken!.id, taken!.bytes, taken!.worker], [job!.id, 7, "next"]);
    assertEquals(await queue.update("slow", job!.id, { bytes: 9 }), false);
    assertEquals(await queue.finish("slow", job!.id, { state: "failed", code: "not_found" }), undefined);
    assertEquals(await queue.renew("slow", 1000), []);
    assertEquals((await queue.get(job!.id))!.bytes, 7);
  });

  test("prolongs a lease", async (queue, clock) => {
    await queue.add(numbered(1));
    await queue.lease("a", 1, 1000);
    for (let time = 0; time < 5; time++) {
      await clock.advance(900);
      assertEquals(references(await queue.renew("a", 1000)), "1");
      assertEquals(await queue.lease("b", 1, 1000), []);
    }
  });

  test("keeps how far a job is, and why it stands there", async (queue) => {
    await queue.add(numbered(1));
    const [job] = await queue.lease("a", 1, 1000);
    const why = { code: "rate_limited", status: 429, untilMs: 12 } as const;
    await queue.update("a", job!.id, {
      state: "downloading",
      name: "a.bin",
      bytes: 5,
      totalBytes: 9,
      bytesPerSecond: 2,
    });
    await queue.update("a", job!.id, { why, path: "/srv/a.bin" });
    const { state, name, bytes, totalBytes, bytesPerSecond, path, ...rest } = (await queue.get(job!.id))!;
    assertEquals([state, name, bytes, totalBytes, bytesPerSecond, path], [
      "downloading",
      "a.bin",
      5,
      9,
      2,
      "/srv/a.bin",
    ]);
    assertEquals(rest.why, why);
    await queue.update("a", job!.id, { why: null });
    assertEquals((await queue.get(job!.id))!.why, null);
  });

  test("knows what became of a job", async (queue, clock) => {
    await queue.add(numbered(4));
    const [done, failed, later, back] = await queue.lease("a", 4, 1000);
    const ending = { state: "done", verdict: "verified", path: "/srv/a", bytes: 3 } as const;
    const there = await queue.finish("a", done!.id, ending);
    assertEquals([there!.state, there!.verdict, there!.bytes, there!.totalBytes], ["done", "verified", 3, 3]);
    const gone = await queue.finish("a", failed!.id, { state: "failed", code: "no_space" });
    assertEquals([gone!.state, gone!.code, gone!.attempts, gone!.worker], ["failed", "no_space", 1, null]);
    const notBeforeMs = clock.date() + 500;
    const again = await queue.finish("a", later!.id, {
      state: "waiting",
      notBeforeMs,
      why: { code: "connect_failed" },
    });
    assertEquals([again!.state, again!.attempts, again!.notBeforeMs], ["waiting", 1, notBeforeMs]);
    await queue.finish("a", back!.id, { state: "released" });
    assertEquals(references(await queue.lease("a", 4, 1000)), "4");
    await clock.advance(500);
    const [parked] = await queue.lease("a", 4, 1000);
    assertEquals([parked!.reference, parked!.why], ["3", null]);
    const date = { state: "waiting", notBeforeMs: clock.date() + 1, isParked: true } as const;
    assertEquals((await queue.finish("a", parked!.id, date))!.attempts, 1);
  });

  test("does at once what is wished for a job that nobody has", async (queue, clock) => {
    const { id } = (await queue.add(numbered(3)))[0]!.job;
    const state = async () => (await queue.get(id))!.state;
    await queue.change(id, "pause");
    assertEquals(await state(), "paused");
    assertEquals(references(await queue.lease("a", 1, 1000)), "2");
    await queue.change(id, "pause");
    await queue.change(id, "resume");
    assertEquals(await state(), "waiting");
    await queue.change(id, "skip");
    assertEquals(await inOrder(queue), "2 3 1");
    await queue.change(id, "cancel");
    assertEquals(await state(), "cancelled");
    for (const action of ["pause", "resume", "skip"] as const) {
      const { message } = await assertRejects(() => queue.change(id, action), InputError);
      assert(message.includes("cancelled"), message);
    }
    await queue.change(id, "retry");
    assertEquals(await state(), "waiting");
    const [, mine] = await queue.lease("b", 2, 1000);
    assertEquals(mine!.id, id);
    await queue.finish("b", id, { state: "waiting", notBeforeMs: clock.date() + 9999, why: { code: "early_access" } });
    assertEquals((await queue.change(id, "retry"))!.notBeforeMs, null);
    assertEquals((await queue.change(id, "remove"))!.id, id);
    assertEquals(await queue.get(id), undefined);
    for (const action of ["pause", "remove"] as const) assertEquals(await queue.change(id, action), undefined);
  });

  test(
    "takes a job from its worker by a wish, and gives it to nobody before that one lets go",
    async (queue, _, open) => {
      await queue.add(numbered(5));
      await using other = await open();
      const [paused, skipped, cancelled, removed, finished] = await queue.lease("a", 5, 1000);
      for (const job of [paused, skipped, cancelled, removed, finished]) {
        await queue.update("a", job!.id, { state: "downloading", bytes: 100 });
      }
      await other.change(paused!.id, "pause");
      await other.change(paused!.id, "resume");
      await other.change(skipped!.id, "skip");
      await other.change(cancelled!.id, "cancel");
      await other.change(removed!.id, "remove");
      await other.change(finished!.id, "cancel");
      for (const job of [paused, skipped, cancelled, removed, finished]) {
        assertEquals(await queue.update("a", job!.id, { bytes: 200 }), false);
      }
      assertEquals(await other.lease("b", 5, 1000), []);
      assertEquals((await queue.renew("a", 1000)).map(({ state }) => state).sort(), [
        "cancelled",
        "cancelled",
        "waiting",
        "waiting",
      ]);
      for (const job of [paused, skipped, cancelled]) await queue.finish("a", job!.id, { state: "released" });
      // the file is there, whatever was wished
      await queue.finish("a", finished!.id, { state: "done", verdict: "verified", path: "/srv/5", bytes: 9 });
      assertEquals(await queue.finish("a", removed!.id, { state: "released" }), undefined);
      assertEquals((await other.lease("b", 5, 1000)).map(({ reference, bytes }) => [reference, bytes]), [
        ["1", 100],
        ["2", 100],
      ]);
      assertEquals((await queue.get(cancelled!.id))!.state, "cancelled");
      assertEquals((await queue.get(finished!.id))!.state, "done");
    },
  );

  test("does the same for all jobs in some states", async (queue) => {
    await queue.add(numbered(4));
    const [one, two] = await queue.lease("a", 2, 1000);
    await queue.finish("a", one!.id, { state: "failed", code: "gone" });
    await queue.finish("a", two!.id, { state: "done", verdict: "there", path: "/srv/2", bytes: 1 });
    assertEquals(await queue.changeAll(["waiting", "failed", "done"], "pause"), 2);
    assertEquals(await queue.changeAll(["failed"], "retry"), 1);
    const { paused, waiting, done } = await queue.counts();
    assertEquals([paused, waiting, done], [2, 1, 1]);
    assertEquals(await queue.changeAll(["done", "failed", "cancelled"], "remove"), 1);
    assertEquals(await inOrder(queue), "1 3 4");
  });

  test("moves a job to where it is wanted, as often as one likes", async (queue) => {
    if (!queue.abilities.move) return;
    const jobs = (await queue.add(numbered(4))).map(({ job }) => job.id);
    const [one, two, three, four] = jobs as [string, string, string, string];
    await queue.move(four, { before: one });
    assertEquals(await inOrder(queue), "4 1 2 3");
    await queue.move(one, { after: three });
    assertEquals(await inOrder(queue), "4 2 3 1");
    await queue.move(two, { before: two });
    // halves soon have no number between them
    for (let time = 0; time < 200; time++) await queue.move(time % 2 === 0 ? three : two, { after: four });
    assertEquals(await inOrder(queue), "4 2 3 1");
    for (let time = 0; time < 200; time++) await queue.move(time % 2 === 0 ? three : two, { before: one });
    assertEquals(await inOrder(queue), "4 3 2 1");
    assertEquals(await queue.move("999", { after: one }), undefined);
    const { message } = await assertRejects(() => queue.move(one, { after: "999" }), InputError);
    assert(message.includes("999"), message);
    assertEquals(references(await queue.lease("a", 4, 1000)), "4 3 2 1");
  });

  test("shows its jobs page by page", async (queue) => {
    const added = await queue.add(numbered(25));
    await queue.change(added[3]!.job.id, "pause");
    await queue.change(added[20]!.job.id, "cancel");
    for (const isReversed of [false, true]) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const { jobs, next } = await queue.list({ states: ["waiting", "paused"], limit: 5, isReversed, after });
        assert(jobs.length <= 5);
        seen.push(...jobs.map(({ reference }) => reference));
        after = next ?? undefined;
      } while (after !== undefined);
      const wanted = added.map(({ job }) => job.reference).filter((reference) => reference !== "21");
      assertEquals(seen, isReversed ? wanted.reverse() : wanted);
    }
    const { next } = await queue.list({ limit: 3 });
    await queue.change(added[2]!.job.id, "remove");
    assertEquals(references((await queue.list({ after: next!, limit: 2 })).jobs), "4 5");
    assertEquals((await queue.list({ states: ["failed"] })).jobs, []);
    await assertRejects(() => queue.list({ after: "'; DROP TABLE jobs" }), InputError);
    await assertRejects(() => queue.list({ limit: 0 }), RangeError);
  });

  test("tells of changes, its own and those of other processes", async (queue, clock, open) => {
    await using other = await open();
    const stop = new AbortController();
    const heard: QueueChange[] = [];
    const listening = (async () => {
      for await (const change of queue.events(stop.signal)) heard.push(change);
    })();
    await settle();
    await other.add(numbered(2));
    await noticed(queue, clock, () => heard.flatMap(({ jobs }) => jobs).length >= 2);
    const jobs = heard.flatMap(({ jobs }) => jobs);
    assertEquals(references(jobs), "1 2");
    heard.length = 0;
    await queue.change(jobs[0]!.id, "pause");
    await noticed(queue, clock, () => heard.length > 0);
    assertEquals(heard.flatMap(({ jobs }) => jobs).at(-1)?.state, "paused");
    heard.length = 0;
    await other.change(jobs[0]!.id, "remove");
    await noticed(queue, clock, () => heard.some(({ removed }) => removed.length > 0));
    assertEquals(heard.flatMap(({ removed }) => removed), [jobs[0]!.id]);
    assertEquals(heard.every(({ isComplete }) => isComplete), true);
    stop.abort();
    await listening;
  });

  test("says when there is more than it tells", async (queue) => {
    const stop = new AbortController();
    const events = queue.events(stop.signal)[Symbol.asyncIterator]();
    await queue.add(numbered(1500));
    const { value } = await events.next();
    assertEquals((value as QueueChange).isComplete, false);
    stop.abort();
    assertEquals((await events.next()).done, true);
  });

  test("knows who works on it", async (queue, clock, open) => {
    await queue.add(numbered(3));
    await using other = await open();
    await queue.lease("a", 2, 1000);
    await clock.advance(100);
    await other.lease("b", 1, 1000);
    const workers = await queue.workers();
    assertEquals(workers.map(({ id, jobs, isAlive }) => [id, jobs, isAlive]).sort(), [["a", 2, true], ["b", 1, true]]);
    assertEquals(workers.map(({ pid }) => pid), [Deno.pid, Deno.pid]);
    assert(workers.every(({ startedMs }) => startedMs > 0 && startedMs <= Date.now()));
  });
}
