import { assertEquals, assertThrows } from "@std/assert";
import { formatBytes, formatSpeed, speedMeter } from "../../../transport/download/speed.ts";
import { fakeClock } from "../../_support/clock.ts";

Deno.test("speedMeter() gives the mean of a steady stream", async () => {
  const clock = fakeClock();
  const meter = speedMeter({ windowMs: 5000, clock });
  for (let step = 0; step < 200; step++) {
    await clock.advance(100);
    meter.add(1_000_000);
  }
  const speed = meter.bytesPerSecond();
  assertEquals(Math.abs(speed - 10_000_000) < 500_000, true, `${speed}`);
  assertEquals(Math.round(meter.etaMs(10 * speed)!), 10_000);
});

Deno.test("speedMeter() forgets what left its window", async () => {
  const clock = fakeClock();
  const meter = speedMeter({ windowMs: 1000, clock });
  meter.add(5000);
  await clock.advance(500);
  assertEquals(meter.bytesPerSecond(), 10_000);
  await clock.advance(499);
  assertEquals(Math.round(meter.bytesPerSecond()), 5005);
  await clock.advance(60_000);
  assertEquals(meter.bytesPerSecond(), 0);
  assertEquals(meter.etaMs(1), undefined);
});

Deno.test("speedMeter() does not explode on a first reading at once", () => {
  const clock = fakeClock();
  const meter = speedMeter({ windowMs: 2000, clock });
  assertEquals(meter.bytesPerSecond(), 0);
  meter.add(100);
  assertEquals(meter.bytesPerSecond(), 1000);
});

Deno.test("speedMeter() checks windowMs", () => {
  for (const windowMs of [0, -1, NaN, Infinity]) assertThrows(() => speedMeter({ windowMs }), RangeError, "windowMs");
});

Deno.test("formatSpeed() writes one decimal in B/s, KB/s and MB/s", () => {
  assertEquals(
    [0, 999, 1023, 1024, 1536, 1024 ** 2 - 1, 1024 ** 2, 2.25 * 1024 ** 3].map(formatSpeed),
    ["0.0 B/s", "999.0 B/s", "1023.0 B/s", "1.0 KB/s", "1.5 KB/s", "1.0 MB/s", "1.0 MB/s", "2304.0 MB/s"],
  );
});

Deno.test("formatBytes() goes up to TB and keeps small sizes whole", () => {
  assertEquals(
    [0, 1023, 1024, 1024 ** 3, 20e9, 3 * 1024 ** 5].map(formatBytes),
    ["0 B", "1023 B", "1.0 KB", "1.0 GB", "18.6 GB", "3072.0 TB"],
  );
});
