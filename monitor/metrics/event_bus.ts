import { systemClock, wholeWithin } from "../../transport/internal.ts";
import type { Clock, TransportEvent } from "../../transport/mod.ts";
import type { FailureRecord } from "./failures.ts";
import type { MemorySnapshot } from "./resident_memory.ts";
import type { TransferSnapshot } from "./transfer.ts";

/** How a job of a queue stands. */
export interface QueuedJob {
  /** Names it in its queue. */
  readonly id: string;
  /** Where it is on its way. */
  readonly state: string;
  /** Its place: the lower, the sooner. */
  readonly position: number;
  /** Bytes that are there. */
  readonly bytes: number;
  /** Bytes in all; null while unknown. */
  readonly totalBytes: number | null;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  /** The error that ended it; null unless it has failed. */
  readonly code: string | null;
}

/** What happened, for listeners and for `/events`. */
export type MonitorEventBody =
  /** A layer reported something; `call` names the call. */
  | { readonly type: "transport"; readonly call: string; readonly event: TransportEvent }
  /** A request or a download failed. */
  | { readonly type: "failure"; readonly failure: FailureRecord }
  /** A transfer changed its state; progress alone is no event. */
  | { readonly type: "transfer"; readonly transfer: TransferSnapshot }
  /** Jobs of a queue were added, changed or removed; where it is not complete, there is more than that. */
  | {
    readonly type: "queue";
    readonly jobs: readonly QueuedJob[];
    readonly removed: readonly string[];
    readonly isComplete: boolean;
  }
  /** A program that uses the files was told of new ones or of failures, or could not be. */
  | {
    readonly type: "target";
    readonly kind: string;
    readonly url: string;
    readonly state: string;
    readonly files: number;
    readonly failures: number;
    readonly code: string | null;
    readonly againMs: number | null;
  }
  /** A rule that watches the site was run, or changed; `found` counts what was new. */
  | { readonly type: "watch"; readonly rule: string; readonly found: number; readonly code: string | null }
  /** What lies in the model folders, or what is known of it, changed. */
  | { readonly type: "library" }
  /** The memory guard took a step. */
  | { readonly type: "memory"; readonly direction: "lower" | "raise"; readonly memory: MemorySnapshot }
  /** The numbers were set to zero. */
  | { readonly type: "cleared" };

/** A numbered {@linkcode MonitorEventBody}. */
export type MonitorEvent = MonitorEventBody & {
  /** Counts up by one within the process, from 1. */
  readonly id: number;
  /** When, in milliseconds since the epoch. */
  readonly atMs: number;
};

/** Hands events on and keeps the last ones, so that a listener who was away misses nothing. */
export interface EventBus {
  /** The number of the newest event; 0 before the first. */
  readonly lastId: number;
  /** Takes an event. Never throws and never waits. */
  publish(event: MonitorEventBody): void;
  /** The kept events after `id`, oldest first; `missed` when some were dropped already. */
  since(id: number): { readonly events: readonly MonitorEvent[]; readonly missed: boolean };
  /** Calls `listener` with every event from now on; the function returned ends that. */
  subscribe(listener: (event: MonitorEvent) => void): () => void;
}

/** Options of {@linkcode eventBus}. */
export interface EventBusOptions {
  /** Events kept for those who come back, 1 to 100000. Default 1000. */
  capacity?: number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/**
 * Numbers events, hands them to whoever listens, and keeps the last ones. A listener that throws is ignored: observers
 * cannot break the observed.
 *
 * @throws {RangeError} When `capacity` is out of range.
 * @example
 * ```ts
 * import { eventBus } from "@civikit/civikit/monitor";
 *
 * const bus = eventBus({ capacity: 100 });
 * bus.publish({ type: "cleared" });
 * console.log(bus.lastId, bus.since(0).events[0]?.type); // 1 cleared
 * ```
 */
export function eventBus({ capacity = 1000, clock = systemClock }: EventBusOptions = {}): EventBus {
  wholeWithin("capacity", capacity, 1, 100_000);
  const ring: MonitorEvent[] = new Array(capacity);
  const listeners = new Set<(event: MonitorEvent) => void>();
  let lastId = 0;

  return {
    get lastId() {
      return lastId;
    },
    publish(body) {
      const event = { id: ++lastId, atMs: clock.date(), ...(body as MonitorEventBody) } as MonitorEvent;
      ring[lastId % capacity] = event;
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          // the listener's own trouble
        }
      }
    },
    since(id) {
      const oldest = Math.max(1, lastId - capacity + 1);
      const events: MonitorEvent[] = [];
      for (let next = Math.max(id + 1, oldest); next <= lastId; next++) events.push(ring[next % capacity]!);
      return { events, missed: id + 1 < oldest };
    },
    subscribe(listener) {
      // a wrapper, so that one function may listen twice
      const own = (event: MonitorEvent) => listener(event);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
