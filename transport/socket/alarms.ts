import type { Clock } from "../clock.ts";

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * Many alarms with one delay on one timer: they fall due in the order they were set, so the first decides when to look.
 * Setting and cancelling costs a set's insert and delete, where a timer of its own costs microseconds. The timer runs in
 * the background: what is waited for keeps the process alive, not the alarm.
 */
export function alarms(delayMs: number, clock: Clock): (ring: () => void) => () => void {
  const waiting = new Set<Alarm>();
  let armed = false;

  function look(): void {
    armed = false;
    const now = clock.now();
    for (const alarm of waiting) {
      if (alarm.at > now) return arm(alarm.at - now);
      waiting.delete(alarm);
      alarm.ring();
    }
  }

  function arm(waitMs: number): void {
    if (armed) return;
    armed = true;
    clock.after(Math.ceil(waitMs), look, true);
  }

  return function set(ring) {
    const alarm = { at: clock.now() + delayMs, ring };
    waiting.add(alarm);
    arm(delayMs);
    return () => void waiting.delete(alarm);
  };
}
