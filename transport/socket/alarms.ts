import type { Clock } from "../clock.ts";

/** Alarms that are set. */
export interface Alarms<Key> {
  /** Sets one. */
  set(key: Key): void;
  /** Cancels it. */
  cancel(key: Key): void;
}

/**
 * Many alarms with one delay on one timer: they fall due in the order they were set, so the first decides when to look.
 * Setting and cancelling costs a map's insert and delete, where a timer of its own costs microseconds. The timer runs in
 * the background: what is waited for keeps the process alive, not the alarm.
 */
export function alarms<Key>(delayMs: number, clock: Clock, ring: (key: Key) => void): Alarms<Key> {
  const waiting = new Map<Key, number>();
  let armed = false;

  function look(): void {
    armed = false;
    const now = clock.now();
    for (const [key, at] of waiting) {
      if (at > now) return arm(at - now);
      waiting.delete(key);
      ring(key);
    }
  }

  function arm(waitMs: number): void {
    if (armed) return;
    armed = true;
    clock.after(Math.ceil(waitMs), look, true);
  }

  return {
    set(key) {
      waiting.set(key, clock.now() + delayMs);
      arm(delayMs);
    },
    cancel: (key) => void waiting.delete(key),
  };
}
