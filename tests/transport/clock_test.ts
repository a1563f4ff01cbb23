import { assertEquals } from "@std/assert";
import { systemClock } from "../../transport/clock.ts";

const longest = 2 ** 31 - 1;

/** Calls `work` with timers that only fire when told to, and the delays they were set for. */
function withTimers(work: (delays: number[], fire: () => void) => void): void {
  const { setTimeout, clearTimeout } = globalThis;
  const { unrefTimer } = Deno;
  const delays: number[] = [];
  let pending: (() => void) | undefined;
  const timers = {
    setTimeout(callback: () => void, delayMs: number) {
      pending = callback;
      return delays.push(delayMs);
    },
    clearTimeout: () => pending = undefined,
  };
  Object.assign(globalThis, timers);
  Deno.unrefTimer = () => {};
  try {
    work(delays, () => {
      const callback = pending;
      pending = undefined;
      callback?.();
    });
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Deno.unrefTimer = unrefTimer;
  }
}

Deno.test("systemClock waits longer than a timer of the platform can, by several of them", () => {
  withTimers((delays, fire) => {
    let calls = 0;
    systemClock.after(2 * longest + 5, () => calls++, true);
    fire();
    fire();
    assertEquals([delays, calls], [[longest, longest, 5], 0]);
    fire();
    assertEquals([delays.length, calls], [3, 1]);
  });
});

Deno.test("systemClock never sets a timer that overflows, however long the wait", () => {
  for (const delayMs of [2 ** 31, Number.MAX_SAFE_INTEGER, Infinity]) {
    withTimers((delays) => {
      systemClock.after(delayMs, () => {});
      assertEquals(delays, [longest], `${delayMs}`);
    });
  }
});

Deno.test("systemClock cancels a long wait also after its first timer", () => {
  withTimers((delays, fire) => {
    let calls = 0;
    const cancel = systemClock.after(longest + 1, () => calls++);
    fire();
    cancel();
    fire();
    assertEquals([delays, calls], [[longest, 1], 0]);
  });
});
