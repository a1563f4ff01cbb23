import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Persistence } from "../../../transport/body/persistence.ts";
import { NetworkError } from "../../../transport/errors/errors.ts";
import { fakeClock } from "../../_support/clock.ts";

const url = "https://example.test/a.bin";
const reset = new NetworkError("reading: reset", { code: "connection_reset", url });
const silence = new NetworkError("reading: no answer", { code: "header_timeout", url });
const signal = new AbortController().signal;

function persistence({ maxAttempts = 2, clock = fakeClock(), random = 1 } = {}): Persistence {
  return new Persistence({ maxAttempts, delayMs: 500, clock, random: () => random });
}

Deno.test("Persistence allows so many failures in a row, and counts anew when bytes came", () => {
  const tries = persistence();
  assertEquals([1, 2, 3].map(() => tries.mayGoOn(reset)), [true, true, false]);
  tries.reset();
  assertEquals([1, 2, 3].map(() => tries.mayGoOn(reset)), [true, true, false]);
});

Deno.test("Persistence gives up with what failed last, and says how often", () => {
  const tries = persistence();
  tries.goOn(reset, url);
  tries.goOn(reset, url);
  const error = assertThrows(() => tries.goOn(silence, url), NetworkError);
  assertEquals(
    [error.code, error.cause, error.message],
    ["no_progress", silence, `reading "${url}": 2 attempts in a row brought no new byte: reading: no answer`],
  );
  assertEquals(assertThrows(() => persistence({ maxAttempts: 0 }).goOn(reset, url)), reset);
});

Deno.test("Persistence ends two minutes after the first request that nobody answered", async () => {
  const clock = fakeClock();
  const tries = persistence({ maxAttempts: 100, clock });
  tries.begin();
  await clock.advance(119_999);
  assertEquals(tries.mayGoOn(silence), true);
  tries.begin();
  await clock.advance(1);
  assertEquals(tries.mayGoOn(silence), false);
});

Deno.test("Persistence takes any other failure for a sign of life", async () => {
  const clock = fakeClock();
  const tries = persistence({ maxAttempts: 100, clock });
  tries.begin();
  await clock.advance(119_999);
  tries.mayGoOn(reset);
  tries.begin();
  await clock.advance(119_999);
  assertEquals(tries.mayGoOn(silence), true);
});

const pauses: readonly (readonly [fruitless: number, random: number, leastMs: number, ms: number])[] = [
  [1, 1, 0, 500],
  [1, 0, 0, 250],
  [2, 1, 0, 1000],
  [3, 0, 0, 1000],
  [50, 1, 0, 30_000],
  [0, 1, 700, 700],
  [1, 1, 700, 700],
  [2, 1, 700, 1000],
];

for (const [fruitless, random, leastMs, ms] of pauses) {
  Deno.test(`Persistence waits ${ms} ms after ${fruitless} attempts, jitter ${random}, at least ${leastMs} ms`, async () => {
    const clock = fakeClock();
    let isOver = false;
    const pause = persistence({ clock, random }).pause(fruitless, signal, leastMs).then(() => isOver = true);
    await clock.advance(ms - 1);
    assertEquals(isOver, false);
    await clock.advance(1);
    await pause;
  });
}

Deno.test("Persistence does not wait where nothing was fruitless, and ends a wait at an abort", async () => {
  await persistence().pause(0, signal);
  const controller = new AbortController();
  const clock = fakeClock();
  const waiting = persistence({ clock }).pause(1, controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  assertEquals(clock.timers, 0);
});
