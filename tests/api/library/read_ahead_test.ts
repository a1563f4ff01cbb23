import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { hashFiles } from "@civikit/civikit/api";
import { type Throttle, throttle } from "@civikit/civikit/transport";
import { readingOrder } from "../../../api/library/hash_files.ts";
import { isSpinning, Lane, readAhead } from "../../../api/library/read_ahead.ts";
import { followDigest } from "../../../transport/internal.ts";
import { fakeClock, settle } from "../../_support/clock.ts";
import { inFolder } from "./_folder.ts";

const MiB = 1024 ** 2;

/** Writes files of these sizes; what is in them depends on their number. */
function write(folder: string, sizes: readonly number[]): { path: string; bytes: number; sha256: string }[] {
  return sizes.map((bytes, index) => {
    const content = new Uint8Array(bytes).map((_, at) => (at * 7 + (at >> 12) + index) & 255);
    const path = join(folder, `${index}.safetensors`);
    Deno.writeFileSync(path, content);
    return { path, bytes, sha256: createHash("sha256").update(content).digest("hex").toUpperCase() };
  });
}

/** Counts what passes. */
function counting(inner: Throttle): Throttle & { taken: number } {
  const counted = {
    taken: 0,
    take(bytes: number, signal?: AbortSignal) {
      const waiting = inner.take(bytes, signal);
      if (waiting === undefined) counted.taken += bytes;
      return waiting?.then(() => void (counted.taken += bytes));
    },
  };
  return counted;
}

Deno.test("hashFiles() reads no faster than its limit, all files together, and hashes nothing it did not read", () =>
  inFolder(async (folder) => {
    const files = write(folder, [20 * MiB, 3 * MiB, 700_000, 1000]);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const clock = fakeClock();
    const perSecond = 4 * MiB;
    const limit = counting(throttle(perSecond, clock));
    let hashed = 0;
    const outcomes = new Map<string, string | undefined>();
    const work = (async () => {
      const options = {
        throttle: limit,
        concurrency: 2,
        onProgress: (at: { hashedBytes: number }) => hashed = at.hashedBytes,
      };
      for await (const { file, sha256 } of hashFiles(files, options)) outcomes.set(file.path, sha256);
    })();
    let isDone = false;
    work.finally(() => isDone = true);
    const since = clock.now();
    while (!isDone) {
      // a read of each of two files may be under way, with nothing before it
      const most = (clock.now() - since) / 1000 * perSecond + 2 * MiB;
      assert(limit.taken <= most, `${limit.taken} of ${most} bytes`);
      assert(hashed <= limit.taken, `${hashed} hashed of ${limit.taken} read`);
      await settle();
      await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(20);
    }
    await work;
    assertEquals(limit.taken, total);
    assert(clock.now() - since >= (total - 2 * MiB) / perSecond * 1000, `${clock.now() - since} ms`);
    for (const { path, sha256 } of files) assertEquals(outcomes.get(path), sha256);
  }));

Deno.test("hashFiles() that is left, or aborted, waits no more for its limit", () =>
  inFolder(async (folder) => {
    const files = write(folder, [2 * MiB, 2 * MiB, 1000]);
    const clock = fakeClock();
    const stop = new AbortController();
    const work = Array.fromAsync(hashFiles(files, { throttle: throttle(1, clock), signal: stop.signal }));
    await settle();
    stop.abort(new Error("enough"));
    await assertRejects(() => work, Error, "enough");
    // the smallest has nothing before it
    for await (const { sha256 } of hashFiles(files.slice(2), { throttle: throttle(1, clock) })) {
      assertEquals(sha256, files[2]!.sha256);
      break;
    }
  }));

Deno.test("a file read ahead has the hash it has, warm or not, alone or in turns with others", () =>
  inFolder(async (folder) => {
    const files = write(folder, [70 * MiB + 5, 600_000]);
    const lane = new Lane();
    await Promise.all(files.flatMap((file) =>
      [undefined, lane, lane].map(async (lane) => {
        const follower = followDigest(file.path, ["SHA256"]);
        try {
          await readAhead(file.path, file.bytes, follower, { lane, isWorthIt: () => true });
          assertEquals((await follower.finish(file.bytes)).SHA256, file.sha256);
        } finally {
          follower.close();
        }
      })
    ));
    // shorter than it was: the hashing says so
    const follower = followDigest(files[1]!.path, ["SHA256"]);
    await readAhead(files[1]!.path, 2 * MiB, follower, { isWorthIt: () => true });
    await assertRejects(() => follower.finish(2 * MiB));
    follower.close();
  }));

Deno.test("files of a spinning disk are read in the order of their numbers, others the largest first", () => {
  const file = (path: string, bytes: number, inode: string | null) => ({ path, bytes, inode });
  const files = [
    file("a", 10, "1:300"),
    file("b", 50, "2:9"),
    file("c", 40, "1:20"),
    file("d", 30, "2:7"),
    file("e", 20, null),
    file("f", 60, "1:100"),
  ];
  const order = (spins: (device: number) => boolean) => readingOrder(files, spins).map(({ path }) => path).join("");
  assertEquals(order(() => false), "fbcdea");
  assertEquals(order((device) => device === 1), "cbfdea");
  assertEquals(order(() => true), "dbcfea");
  const asked: number[] = [];
  readingOrder(files, (device) => asked.push(device) > 0);
  assertEquals(asked.sort(), [1, 2], "each disk is asked about once");
});

Deno.test("isSpinning() reads what Linux says of a disk, and of the one a partition is on", () =>
  inFolder((folder) => {
    const put = (path: string, text: string) => {
      Deno.mkdirSync(join(folder, path), { recursive: true });
      Deno.writeTextFileSync(join(folder, path, "rotational"), text);
    };
    put("8:0/queue", "1\n");
    put("259:3/queue", "0\n");
    Deno.mkdirSync(join(folder, "disk/sdb1"), { recursive: true });
    put("disk/queue", "1\n");
    Deno.symlinkSync(join(folder, "disk/sdb1"), join(folder, "8:17"));
    const device = (major: number, minor: number) => (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
    const spins = (major: number, minor: number) => isSpinning(device(major, minor), folder);
    assertEquals([spins(8, 0), spins(259, 3), spins(8, 17), spins(0, 42)], [true, false, true, false]);
    return Promise.resolve();
  }));

Deno.test("a lane lets one in at a time, in the order they came", async () => {
  const lane = new Lane();
  const order: string[] = [];
  await Promise.all(["a", "b", "c"].map(async (name) => {
    using _turn = await lane.take();
    order.push(`${name}<`);
    await settle();
    order.push(`>${name}`);
  }));
  assertEquals(order.join(""), "a<>ab<>bc<>c");
});
