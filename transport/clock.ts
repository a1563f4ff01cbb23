import type { Stop } from "./socket/stop.ts";

/** Time as the layers see it. Tests hand in a fake one; nobody else needs to. */
export interface Clock {
  /** Milliseconds on a monotonic clock: for intervals. */
  now(): number;
  /** Milliseconds since the epoch: for dates in headers. */
  date(): number;
  /**
   * Calls `callback` once after `delayMs`; the function returned cancels it. A timer in the `background` does not keep
   * the process running.
   */
  after(delayMs: number, callback: () => void, background?: boolean): () => void;
}

/** The longest delay a timer of the platform takes, in milliseconds; a longer one fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(delayMs, callback, background = false) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const arm = (leftMs: number) => {
      timer = leftMs > longestTimerMs
        ? setTimeout(() => arm(leftMs - longestTimerMs), longestTimerMs)
        : setTimeout(callback, leftMs);
      if (background) Deno.unrefTimer(timer);
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
};

/** Waits `delayMs` on `clock`; rejects with the signal's reason, at once, when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: Stop): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      cancel();
      reject(signal!.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
