import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { metricsRegistry, recorder, type StatsDelta, type StatsStore, statsStore } from "../../../monitor/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

const attempt = (code?: "not_found") => ({
  ...{ method: "GET", url: "https://civitai.com/api/v1/models", durationMs: 12, status: code ? 404 : 200, bytes: 10 },
  ...{ code, isAborted: false },
});

Deno.test("recorder() hands over what is new, on the beat and at the end", async () => {
  const folder = await Deno.makeTempDir();
  const clock = fakeClock("2026-03-01T10:00:03Z");
  const registry = metricsRegistry({ clock });
  using store = statsStore(join(folder, "s.sqlite"), { clock });
  const keeping = recorder({ registry, store, everyMs: 10_000 });
  const kept = () => store.read().series[0];
  registry.record(attempt());
  await clock.advance(6_900);
  assertEquals(kept(), undefined);
  await clock.advance(200); // 10:00:10 is past
  assertEquals(kept()?.requests, 1);
  registry.record(attempt());
  registry.record(attempt("not_found"));
  registry.count("queue", "civitai.com", "", 5);
  await clock.advance(10_000);
  await clock.advance(10_000);
  assertEquals([kept()?.requests, kept()?.statuses, kept()?.latency.count], [3, { "200": 2, "404": 1 }, 3]);
  assertEquals(store.failures().length, 1);
  registry.record(attempt());
  registry.clear();
  registry.record(attempt("not_found"));
  keeping.stop();
  keeping.stop();
  // what was cleared before it was handed over is gone; what came later is not
  assertEquals([kept()?.requests, store.failures().length], [4, 2]);
  assertEquals(clock.timers, 0);
  store.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("recorder() offers again what the store refused", () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  const taken: StatsDelta[] = [];
  const errors: unknown[] = [];
  let refuse = true;
  const store = {
    add(delta: StatsDelta) {
      if (refuse) throw new Error("busy");
      taken.push(delta);
    },
  } as unknown as StatsStore;
  using keeping = recorder({ registry, store, onError: (error) => errors.push(error) });
  registry.record(attempt());
  assertEquals(keeping.flush(), false);
  registry.record(attempt("not_found"));
  refuse = false;
  assertEquals(keeping.flush(), true);
  assertEquals(taken.map(({ series, failures }) => [series[0]?.requests, failures.length]), [[2, 1]]);
  assertEquals(errors.length, 1);
});

Deno.test("recorder() puts a late flush into the minute its numbers are from", async () => {
  const clock = fakeClock("2026-03-01T10:00:50Z");
  const registry = metricsRegistry({ clock });
  const times: string[] = [];
  const store = { add: (_: StatsDelta, atMs: number) => times.push(new Date(atMs).toISOString()) };
  using keeping = recorder({ registry, store: store as unknown as StatsStore, everyMs: 10_000 });
  await clock.advance(10_004);
  keeping.flush();
  assertEquals(times[0], "2026-03-01T10:00:55.000Z");
});

Deno.test("recorder() names options that cannot be", () => {
  const registry = metricsRegistry();
  assertThrows(() => recorder({ registry, store: {} as StatsStore, everyMs: 5 }), RangeError, "everyMs");
});
