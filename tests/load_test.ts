/** As much at once as is promised: large files, many connections, many files. Nothing here asserts how long it took. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { createTransport } from "../create_transport.ts";
import { compose, downloadAll, type DownloadJob, fetchTransport } from "../transport/mod.ts";
import { contentAt, type FileSpec, type Origin, sha256Of, startOrigin } from "./_origin/mod.ts";
import { runVictim } from "./torture/_run.ts";

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

interface Place {
  readonly origin: Origin;
  readonly folder: string;
  /** A job for the file with this number. */
  job(number: number): DownloadJob;
  /** The names in the folder, in order. */
  names(): string[];
}

/** A disk in memory, where there is one: ten thousand times «bring it to the disk» would only tell how slow the disk is. */
const memoryDisk = Deno.build.os === "linux" ? "/dev/shm" : undefined;

/** Calls `work` with an origin of `count` files of `size` bytes, and an empty folder. */
async function withFiles(
  count: number,
  size: number,
  work: (place: Place) => Promise<void>,
  dir?: string,
): Promise<void> {
  const files: Record<string, FileSpec> = {};
  for (let number = 0; number < count; number++) files[`/${number}.bin`] = { size, seed: number };
  await using origin = await startOrigin({ files });
  const folder = await Deno.makeTempDir(dir === undefined ? {} : { dir });
  try {
    await work({
      origin,
      folder,
      job: (number) => ({ request: `${origin.url}/${number}.bin`, path: join(folder, `${number}.bin`) }),
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

Deno.test("a file of more than 2 GiB comes over 32 connections in bounded memory, verified", () =>
  withFiles(1, 2 * GiB + 5 * MiB, async ({ origin, job, names }) => {
    const { request, path } = job(0);
    const size = 2 * GiB + 5 * MiB;
    const { verified, bytes, code, message, peakBytes = 0 } = await runVictim({
      url: request as string,
      path,
      hash: sha256Of(0, size),
      connections: 32,
    });
    assertEquals([code, verified, bytes], [undefined, true, size], message);
    assert(peakBytes < 256 * MiB, `${(peakBytes / MiB).toFixed(0)} MiB of memory`);
    // one that was given up counts here until the origin notices
    assert(origin.peak() > 1 && origin.peak() < 48, `${origin.peak()} connections`);
    assertEquals(names(), ["0.bin"]);
  }));

for (const start of [2 ** 31 - 5, 2 ** 32 - 5, 20 * GiB - 3 * MiB]) {
  Deno.test(`a range from byte ${start} of a file of 20 GiB comes in parts, and they are the right ones`, () =>
    withFiles(1, 20 * GiB, async ({ origin, job }) => {
      using transport = createTransport({ parallel: 4, pieceBytes: 256 * 1024 });
      const end = start + 3 * MiB - 1;
      const response = await transport.fetch(
        new Request(job(0).request, { headers: { range: `bytes=${start}-${end}` } }),
      );
      assertEquals(response.headers.get("content-range"), `bytes ${start}-${end}/${20 * GiB}`);
      assertEquals(await response.bytes(), contentAt(0, start, 3 * MiB) as Uint8Array<ArrayBuffer>);
      assert(origin.log.length > 1);
    }));
}

Deno.test("16 downloads at once, each over several connections, come all of them", () =>
  withFiles(16, 4 * MiB, async ({ job, names }) => {
    using transport = createTransport({ parallel: 32, pieceBytes: 256 * 1024 });
    // nobody writes a byte before all are at it
    const all = Promise.withResolvers<void>();
    const waiting = new Set<number>();
    const jobs = numbers(16).map((number) => ({
      ...job(number),
      options: {
        hashes: { SHA256: sha256Of(number, 4 * MiB) },
        gate() {
          if (waiting.add(number).size === 16) all.resolve();
          return all.promise;
        },
      },
    }));
    const outcomes = await downloadAll(transport, jobs, { concurrency: 16 }).done;
    assertEquals(outcomes.map(({ result, error }) => error ?? result?.verified), numbers(16).map(() => true));
    assertEquals(names().length, 16);
  }));

Deno.test("10,000 small files come from a queue that is read only as far as there is room", () =>
  withFiles(10_000, 100, async ({ origin, job, names }) => {
    using transport = fetchTransport();
    let taken = 0;
    let ended = 0;
    let ahead = 0;
    function* queue() {
      for (const number of numbers(10_000)) {
        ahead = Math.max(ahead, ++taken - ended);
        yield job(number);
      }
    }
    const failures: unknown[] = [];
    for await (const { error } of downloadAll(transport, queue(), { concurrency: 16, defaults: { digests: [] } })) {
      ended++;
      if (error !== undefined) failures.push(error);
    }
    assertEquals([failures, ended, names().length], [[], 10_000, 10_000]);
    assertEquals(names().filter((name) => !name.endsWith(".bin")), []);
    assertEquals(Deno.readFileSync(job(9999).path), contentAt(9999, 0, 100) as Uint8Array<ArrayBuffer>);
    assert(ahead <= 32 && origin.peak() <= 16, `${ahead} taken, ${origin.peak()} asked for at once`);
  }, memoryDisk));

Deno.test("batches that are cancelled over and over leave nothing open, and the next one ends what they began", () =>
  withFiles(64, MiB, async ({ origin, job, names }) => {
    using socket = fetchTransport();
    let answers = 0;
    let all = Promise.withResolvers<void>();
    const transport = compose(socket, async (request, next) => {
      const response = await next(request);
      if (++answers % 16 === 0) all.resolve();
      return response;
    });
    const run = () => downloadAll(transport, numbers(64).map(job), { concurrency: 16 });
    origin.add({ kind: "stall", after: 50_000 });
    for (let batches = 0; batches < 10; batches++) {
      const reason = new Error("not wanted any more");
      const batch = run();
      await all.promise;
      all = Promise.withResolvers();
      batch.cancel(reason);
      const outcomes = await batch.done;
      assertEquals([outcomes.length, new Set(outcomes.map(({ error }) => error))], [64, new Set([reason])]);
      await origin.idle();
    }
    origin.heal();
    const outcomes = await run().done;
    assertEquals(outcomes.filter(({ error }) => error !== undefined), []);
    assertEquals(names(), numbers(64).map((number) => `${number}.bin`).sort());
  }));
