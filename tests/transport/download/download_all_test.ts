import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import {
  type CivikitError,
  compose,
  downloadAll,
  type DownloadAllOptions,
  type DownloadBatch,
  type DownloadJob,
  fetchTransport,
} from "../../../transport/mod.ts";
import { settle } from "../../_support/clock.ts";
import { type Origin, startOrigin } from "../../_origin/mod.ts";

const size = 2_000_000;

interface Place {
  readonly origin: Origin;
  /** Downloads the files with these names, `a` to `f`; the others are missing at the origin. */
  get(names: string, options?: DownloadAllOptions & { more?: Partial<DownloadJob> }): DownloadBatch;
  /** The names in the folder, in order, part files left out. */
  finished(): string[];
  /** Resolves when so many answers have come in all. */
  answers(count: number): Promise<void>;
  /** A job for each name. */
  jobs(names: string, more?: Partial<DownloadJob>): DownloadJob[];
  start(jobs: Iterable<DownloadJob> | AsyncIterable<DownloadJob>, options?: DownloadAllOptions): DownloadBatch;
}

async function place(test: (place: Place) => Promise<void>): Promise<void> {
  const files = Object.fromEntries([..."abcdef"].map((name, seed) => [`/${name}`, { size, seed }]));
  await using origin = await startOrigin({ files });
  using socket = fetchTransport();
  const folder = await Deno.makeTempDir();
  let came = 0;
  const waiting: { count: number; resolve: () => void }[] = [];
  const transport = compose(socket, async (request, next) => {
    const response = await next(request);
    came++;
    for (const { count, resolve } of waiting) if (came >= count) resolve();
    return response;
  });
  const jobs: Place["jobs"] = (names, more = {}) =>
    [...names].map((name) => ({ request: `${origin.url}/${name}`, path: join(folder, name), ...more }));
  const start: Place["start"] = (list, options) => downloadAll(transport, list, options);
  try {
    await test({
      origin,
      jobs,
      start,
      get: (names, { more, ...options } = {}) => start(jobs(names, more), options),
      finished: () => [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.length === 1).sort(),
      async answers(count) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push({ count, resolve });
        if (came < count) await promise;
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("downloadAll() gives each file an outcome, in the order of the jobs, and one that fails stops no other", () =>
  place(async ({ get, finished }) => {
    const outcomes = await get("axbyc").done;
    assertEquals(outcomes.map(({ result, error }) => result?.bytes ?? (error as CivikitError).code), [
      size,
      "not_found",
      size,
      "not_found",
      size,
    ]);
    assertEquals(finished(), ["a", "b", "c"]);
  }));

Deno.test("downloadAll() tells each outcome once, as it comes, to whoever iterates", () =>
  place(async ({ origin, get }) => {
    origin.add({ kind: "stall", after: 10_000, path: "/a" });
    const stop = new AbortController();
    const told: string[] = [];
    for await (const { job: { request } } of get("abc", { concurrency: 2, signal: stop.signal })) {
      told.push((request as string).at(-1)!);
      if (told.length === 2) stop.abort();
    }
    assertEquals(told, ["b", "c", "a"]);
  }));

Deno.test("downloadAll() has no more downloads under way than it may, three unless told otherwise", () =>
  place(async ({ origin, get }) => {
    await get("abcdef").done;
    assertEquals(origin.peak() <= 3, true);
    for (const concurrency of [0, 65, 1.5]) {
      assertThrows(() => get("a", { concurrency }), RangeError, "concurrency");
    }
  }));

/** A batch that pauses itself at the first write of `a`; the jobs behind it are there from then on. */
function pausing({ jobs, start }: Place): { batch: DownloadBatch; paused: Promise<void>; counts(): number[] } {
  const paused = Promise.withResolvers<void>();
  let asked = 0;
  let taken = 0;
  const gate = () => {
    if (++asked > 1) return undefined;
    batch.pause();
    batch.pause();
    return void paused.resolve();
  };
  async function* source() {
    yield* jobs("a", { options: { gate } });
    await paused.promise;
    for (const job of jobs("bcd")) {
      taken++;
      yield job;
    }
  }
  const batch = start(source(), { concurrency: 4 });
  return { batch, paused: paused.promise, counts: () => [asked, taken] };
}

Deno.test("downloadAll() paused writes nothing and begins nothing, and goes on where it was", () =>
  place(async (place) => {
    const { batch, paused, counts } = pausing(place);
    await paused;
    for (let turns = 0; turns < 50; turns++) await settle();
    // one write was under way, and the next job waits to be begun
    assertEquals([batch.isPaused, counts(), place.finished()], [true, [1, 1], []]);
    batch.resume();
    const outcomes = await batch.done;
    assertEquals([batch.isPaused, outcomes.map(({ result }) => result?.bytes)], [false, [size, size, size, size]]);
    assertEquals(place.finished(), ["a", "b", "c", "d"]);
  }));

Deno.test("downloadAll() cancelled while it is paused ends, and cannot be paused any more", () =>
  place(async (place) => {
    const { batch, paused } = pausing(place);
    await paused;
    const reason = new Error("enough");
    batch.cancel(reason);
    batch.pause();
    assertEquals((await batch.done).map(({ error }) => error), [reason, reason, reason, reason]);
    assertEquals([batch.isPaused, place.finished()], [false, []]);
  }));

Deno.test("downloadAll() cancels one file by the signal of its job, and no other", () =>
  place(async ({ jobs, start, finished, origin, answers }) => {
    origin.add({ kind: "stall", after: 10_000, path: "/b" });
    const stop = new AbortController();
    const [a, b, c] = jobs("abc");
    const batch = start([a!, { ...b!, options: { signal: stop.signal } }, c!]);
    await answers(3);
    const reason = new Error("not this one");
    stop.abort(reason);
    const outcomes = await batch.done;
    assertEquals(outcomes.map(({ error }) => error), [undefined, reason, undefined]);
    assertEquals(finished(), ["a", "c"]);
  }));

Deno.test("downloadAll() asks the gate of a job, and takes the options of a job before those for all", () =>
  place(async ({ get, finished }) => {
    let asked = 0;
    const gate = () => void asked++;
    const outcomes = await get("a", {
      defaults: { sizeBytes: 5, verify: true },
      more: { options: { sizeBytes: size, gate } },
    }).done;
    assertEquals(outcomes.map(({ error }) => error), [undefined]);
    assert(asked > 0);
    const [other] = await get("b", { defaults: { sizeBytes: 5 } }).done;
    assertEquals([(other!.error as CivikitError).code, finished()], ["size_mismatch", ["a"]]);
  }));

Deno.test("downloadAll() whose source of jobs breaks ends what is under way, and throws what the source threw", () =>
  place(async ({ jobs, start, finished }) => {
    const broken = new Error("the list ends here");
    async function* source() {
      yield* jobs("ab");
      await Promise.resolve();
      throw broken;
    }
    const batch = start(source());
    const told: unknown[] = [];
    const error = await assertRejects(async () => {
      for await (const { error } of batch) told.push(error);
    });
    assertStrictEquals(error, broken);
    assertStrictEquals(await assertRejects(() => batch.done), broken);
    assertEquals([told, finished()], [[undefined, undefined], ["a", "b"]]);
  }));
