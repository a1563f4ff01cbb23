import { assertEquals } from "@std/assert";
import { hourMs, keptSince, minuteMs, piecesOf, spanOf } from "../../../monitor/stats/time_span.ts";

const dayMs = 24 * hourMs;
/** Noon of some day, and half a minute. */
const nowMs = 1000 * dayMs + 12 * hourMs + 30_000;
const noon = nowMs - 30_000;
const kept = { nowMs, keepMinutesMs: dayMs, oldestMs: noon - 30 * dayMs };

Deno.test("keptSince(): the first whole minute that is kept", () => {
  assertEquals(keptSince(kept), noon - dayMs);
  assertEquals(keptSince({ nowMs: noon + 59_999, keepMinutesMs: hourMs }), noon - hourMs);
});

Deno.test("spanOf(): minutes where minutes are kept, hours before, and no further back than there is anything", () => {
  const cases: [wanted: { fromMs?: number; toMs?: number }, oldestMs: number, fromMs: number, toMs: number][] = [
    [{}, kept.oldestMs, kept.oldestMs, nowMs],
    [{}, Infinity, noon, nowMs],
    [{}, noon - 90_000, noon - 2 * minuteMs, nowMs],
    [{ fromMs: noon - 90_000 }, kept.oldestMs, noon - 2 * minuteMs, nowMs],
    [{ fromMs: noon - dayMs }, kept.oldestMs, noon - dayMs, nowMs],
    [{ fromMs: noon - dayMs - 1 }, kept.oldestMs, noon - dayMs - hourMs, nowMs],
    [{ fromMs: noon - 2 * dayMs + 1, toMs: noon - dayMs }, kept.oldestMs, noon - 2 * dayMs, noon - dayMs],
    [{ fromMs: 0, toMs: noon }, noon - hourMs, noon - hourMs, noon],
  ];
  for (const [wanted, oldestMs, fromMs, toMs] of cases) {
    assertEquals(spanOf(wanted, { ...kept, oldestMs }), { fromMs, toMs }, JSON.stringify(wanted));
  }
});

Deno.test("piecesOf(): whole hours in the middle, minutes at the ends, and nothing twice or left out", () => {
  const hour = noon - 5 * hourMs;
  const none = [0, 0];
  const cases: [span: [from: number, to: number], minutes: number[][], hours: number[]][] = [
    // within an hour
    [[hour + minuteMs, hour + 3 * minuteMs], [[hour + minuteMs, hour + 3 * minuteMs]], none],
    // over the edge of an hour, with no whole one in it
    [[hour - minuteMs, hour + minuteMs], [[hour - minuteMs, hour], [hour, hour + minuteMs]], [hour, hour]],
    // whole hours, to the minute at both ends
    [[hour - minuteMs, hour + 2 * hourMs + minuteMs], [[hour - minuteMs, hour], [
      hour + 2 * hourMs,
      hour + 2 * hourMs + minuteMs,
    ]], [hour, hour + 2 * hourMs]],
    // an end within a minute takes the minute
    [[hour, hour + 90_000], [[hour, hour], [hour, hour + 2 * minuteMs]], [hour, hour]],
    // up to now: the hour that is running is taken whole
    [[hour, nowMs], [[hour, hour], [noon + hourMs, noon + hourMs]], [hour, noon + hourMs]],
    [[noon, nowMs], [[noon, noon], [noon + hourMs, noon + hourMs]], [noon, noon + hourMs]],
    // an end before the minutes that are kept takes its hour
    [
      [noon - 3 * dayMs, noon - 2 * dayMs + 1],
      [[noon - 3 * dayMs, noon - 3 * dayMs], [noon - 2 * dayMs + hourMs, noon - 2 * dayMs + hourMs]],
      [noon - 3 * dayMs, noon - 2 * dayMs + hourMs],
    ],
  ];
  for (const [[fromMs, toMs], minutes, hours] of cases) {
    assertEquals<unknown>(piecesOf({ fromMs, toMs }, kept), { minutes, hours }, `${fromMs - noon} to ${toMs - noon}`);
  }
});
