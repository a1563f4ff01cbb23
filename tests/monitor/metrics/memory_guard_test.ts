import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { memoryGuard, metricsRegistry, type MonitorEvent } from "../../../monitor/mod.ts";
import { createTransport } from "../../../create_transport.ts";
import { download } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { startOrigin } from "../../_origin/mod.ts";

const MiB = 1024 * 1024;

Deno.test("memoryGuard() steps down to its floors while memory is above the limit, and back up well below it", async () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  const steps: MonitorEvent[] = [];
  registry.events.subscribe((event) => void steps.push(event));
  let rss = 100 * MiB;
  using guard = memoryGuard({ registry, clock, rssBytes: () => rss, parallel: 3, pieceBytes: 1 * MiB });
  const now = () => [guard.level, guard.parallel(), guard.pieceBytes() / 1024];
  assertEquals(now(), [0, 3, 1024]);
  await clock.advance(10_000);
  assertEquals(now(), [0, 3, 1024]);
  rss = 301 * MiB;
  const down: number[][] = [];
  for (let n = 0; n < 6; n++) {
    await clock.advance(10_000);
    down.push(now());
  }
  assertEquals(down, [[1, 2, 512], [2, 1, 256], [3, 1, 128], [4, 1, 64], [4, 1, 64], [4, 1, 64]]);
  rss = 290 * MiB; // below the limit, yet near it
  await clock.advance(10_000);
  assertEquals(now(), [4, 1, 64]);
  rss = 120 * MiB;
  await clock.advance(20_000);
  assertEquals(now(), [2, 1, 256]);
  await clock.advance(60_000);
  assertEquals(now(), [0, 3, 1024]);

  assertEquals(steps.map((event) => event.type === "memory" ? event.direction : event.type), [
    ...["lower", "lower", "lower", "lower", "raise", "raise", "raise", "raise"],
  ]);
  const counted = registry.snapshot().counters.map(({ name, label, count }) => [name, label, count]);
  assertEquals(counted, [["memory", "lower", 4], ["memory", "raise", 4]]);
  const { limitBytes, level, parallel } = registry.snapshot().memory;
  assertEquals([limitBytes, level, parallel], [300 * MiB, 0, 3]);
});

Deno.test("memoryGuard() looks no more once it is stopped", async () => {
  const clock = fakeClock();
  let looks = 0;
  const guard = memoryGuard({ clock, rssBytes: () => ++looks });
  await clock.advance(25_000);
  guard.stop();
  await clock.advance(60_000);
  assertEquals([looks, clock.timers], [3, 0]);
});

Deno.test("memoryGuard() takes connections from a download that is running, and the next one starts with small parts", async () => {
  const active: number[] = [];
  let rss = 100 * MiB;
  const guard = memoryGuard({ clock: fakeClock(), rssBytes: () => rss, parallel: 4, pieceBytes: MiB / 2 });
  await using origin = await startOrigin({
    files: { "/a.bin": { size: 8 * MiB, seed: 5 } },
    // slow enough for further connections to be worth it
    faults: [{ kind: "rate", bytesPerSecond: 8 * MiB }],
    route(scene) {
      active.push(scene.active);
      if (scene.active === 4 && rss < 900 * MiB) {
        rss = 900 * MiB;
        for (let n = 0; n < 5; n++) guard.check();
      }
      return undefined;
    },
  });
  const folder = await Deno.makeTempDir();
  using transport = createTransport({ parallel: guard.parallel, pieceBytes: guard.pieceBytes });
  const fetched = await download(transport, `${origin.url}/a.bin`, join(folder, "a.bin"));
  assertEquals(fetched.bytes, 8 * MiB);
  const four = active.indexOf(4);
  assert(four > 0, active.join());
  // those that were on their way finish what they have; from then on there is one
  assert(active.length > four + 4 && active.slice(four + 4).every((count) => count === 1), active.join());
  const before = origin.log.length;
  origin.heal();
  await download(transport, `${origin.url}/a.bin`, join(folder, "b.bin"));
  assertEquals([origin.log[0]?.range, origin.log[before]?.range], ["bytes=0-524287", "bytes=0-65535"]);
  guard.stop();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("memoryGuard() names options that cannot be", () => {
  assertThrows(() => memoryGuard({ limitBytes: 5 }), RangeError, "limitBytes");
  assertThrows(() => memoryGuard({ parallel: 99 }), RangeError, "parallel");
  assertThrows(() => memoryGuard({ pieceBytes: 1 }), RangeError, "pieceBytes");
  assertThrows(() => memoryGuard({ everyMs: 1 }), RangeError, "everyMs");
});
