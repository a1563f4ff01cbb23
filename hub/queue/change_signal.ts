import type { Clock } from "../../transport/mod.ts";

/** Wakes whoever waits for a change. */
export interface ChangeSignal {
  /** How many changes were told so far. */
  readonly count: number;
  /** Tells that there was one. */
  notify(): void;
  /**
   * Waits until more than `seen` were told, at most for the time it was made with: what other processes change may be told
   * by nobody. An aborted signal ends the wait and is no error.
   */
  wait(seen: number, signal: AbortSignal): Promise<void>;
}

/** Makes one whose waits last `mostMs` at most, in milliseconds. */
export function changeSignal(clock: Clock, mostMs: number): ChangeSignal {
  const waiting = new Set<() => void>();
  let count = 0;
  return {
    get count() {
      return count;
    },
    notify() {
      count++;
      for (const wake of [...waiting]) wake();
    },
    wait(seen, signal) {
      if (count !== seen || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          cancel();
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const cancel = clock.after(mostMs, wake, true);
        waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    },
  };
}
