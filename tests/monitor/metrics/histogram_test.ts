import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Histogram } from "../../../monitor/mod.ts";
import { randomFrom } from "../../_origin/mod.ts";

const shapes: Record<string, (random: () => number) => number> = {
  "even from 0.05 to 2000 ms": (random) => 0.05 + random() * 2000,
  "a long tail around 40 ms": (random) => 40 * Math.exp((random() + random() + random() - 1.5) * 2),
  "microseconds": (random) => 0.02 + random() * 0.1,
  "minutes": (random) => 30_000 + random() * 900_000,
  "two humps": (random) => random() < 0.9 ? 20 + random() : 3000 + random() * 100,
};

for (const [shape, draw] of Object.entries(shapes)) {
  Deno.test(`Histogram gives percentiles within 2% of the exact ones: ${shape}`, () => {
    const random = randomFrom(7);
    const histogram = new Histogram();
    const all: number[] = [];
    for (let n = 0; n < 20_000; n++) {
      const ms = draw(random);
      all.push(ms);
      histogram.record(ms);
    }
    all.sort((a, b) => a - b);
    for (const share of [0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1]) {
      const exact = all[Math.ceil(share * all.length) - 1]!;
      assertAlmostEquals(histogram.quantile(share), exact, exact * 0.02, `share ${share}`);
    }
    assertEquals(histogram.count, 20_000);
    assertEquals(histogram.maxMs, all.at(-1));
    const limit = all[5000]!;
    const exactCount = all.filter((ms) => ms <= limit).length;
    const near = all.filter((ms) => ms <= limit * 1.035).length;
    assert(histogram.countUpTo(limit) >= exactCount && histogram.countUpTo(limit) <= near);
  });
}

Deno.test("Histogram takes what is no duration as 0, and what is too long as the longest it can hold", () => {
  const histogram = new Histogram();
  for (const ms of [-5, NaN, 0, Infinity]) histogram.record(ms);
  assertEquals(histogram.count, 4);
  assertEquals(histogram.quantile(0.5), 0);
  assert(histogram.quantile(1) > 1_000_000);
  assertEquals(new Histogram().quantile(0.99), 0);
});

Deno.test("Histogram: encoded, added and subtracted ones keep every duration", () => {
  const random = randomFrom(11);
  const before = new Histogram();
  const all = new Histogram();
  for (let n = 0; n < 3000; n++) {
    const ms = random() * 500;
    all.record(ms);
    if (n < 1000) before.record(ms);
  }
  const fresh = all.since(before);
  assertEquals(fresh.count, 2000);
  const again = new Histogram();
  again.addEncoded(before.encode(), before.sumMs, before.maxMs);
  again.addEncoded(fresh.encode(), fresh.sumMs, fresh.maxMs);
  assertEquals(again.encode(), all.encode());
  assertEquals([again.count, again.maxMs], [all.count, all.maxMs]);
  assertAlmostEquals(again.sumMs, all.sumMs, 1e-6);
});

Deno.test("Histogram: bytes that are none are refused and change nothing", () => {
  const histogram = new Histogram();
  histogram.record(5);
  const before = histogram.encode();
  assertThrows(() => histogram.addEncoded(new Uint8Array([1, 200]), 1, 1), RangeError, "too early");
  assertThrows(() => histogram.addEncoded(new Uint8Array([1, 1, 255, 127, 1]), 1, 1), RangeError, "no bucket");
  assertEquals(histogram.encode(), before);
  assertEquals(histogram.count, 1);
});
