import type { Clock } from "../clock.ts";

/** An alarm that is set: for whoever wants to cancel it. */
export interface Alarm {
  /** Cancels it; again does nothing. */
  cancel(): void;
}

/**
 * Makes what sets alarms with one delay on one timer: they fall due in the order they were set, so the first decides when
 * to look. Setting and cancelling is a change of two links, where a timer of its own costs microseconds, and a map keeps
 * garbage from being collected young. The timer runs in the background: what is waited for keeps the process alive, not
 * the alarm.
 */
export function alarms<Key>(delayMs: number, clock: Clock, ring: (key: Key) => void): (key: Key) => Alarm {
  /** Begins and ends the chain. */
  const ends = new Linked<Key | undefined>(undefined, Infinity);
  let armed = false;

  function look(): void {
    armed = false;
    const now = clock.now();
    for (let first = ends.next; first !== ends; first = ends.next) {
      if (first.at > now) return arm(first.at - now);
      const { key } = first;
      first.cancel();
      ring(key as Key);
    }
  }

  function arm(waitMs: number): void {
    if (armed) return;
    armed = true;
    clock.after(Math.ceil(waitMs), look, true);
  }

  return function set(key) {
    const alarm = new Linked<Key | undefined>(key, clock.now() + delayMs);
    alarm.goBefore(ends);
    arm(delayMs);
    return alarm;
  };
}

/** A member of a chain, alone at first. */
class Linked<Key> implements Alarm {
  readonly key: Key;
  readonly at: number;
  next: Linked<Key> = this;
  #last: Linked<Key> = this;

  constructor(key: Key, at: number) {
    this.key = key;
    this.at = at;
  }

  goBefore(other: Linked<Key>): void {
    this.next = other;
    this.#last = other.#last;
    this.#last.next = other.#last = this;
  }

  cancel(): void {
    this.next.#last = this.#last;
    this.#last.next = this.next;
    // what has left must not keep those that are still there, nor those that came after them
    this.next = this.#last = this;
  }
}
