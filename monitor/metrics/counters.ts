import { hostOf } from "../../transport/internal.ts";
import type { TransportEvent } from "../../transport/mod.ts";
import { otherLabel } from "./labels.ts";

/** What is counted besides requests. */
export type CounterName =
  /** Retries of headers; labelled with the error code. */
  | "retry"
  /** Bodies healed; labelled with the error code. */
  | "resume"
  /** Answers of the cache; labelled hit, stale, revalidated, miss or bypass. */
  | "cache"
  /** Waits for a turn; `sum` is milliseconds. */
  | "queue"
  /** Changes of a host's allowance; `sum` is milliseconds of pause. */
  | "limit"
  /** Changes of a circuit; labelled with the new state. */
  | "circuit"
  /** Redirects followed; labelled with the status. */
  | "redirect"
  /** Expired links resolved again. */
  | "resolve"
  /** Calls that joined another. */
  | "dedupe"
  /** Ranged answers that could not be trusted. */
  | "fallback"
  /** Parts taken over from slow connections; `sum` is bytes. */
  | "steal"
  /** Changes of the number of connections. */
  | "connections"
  /** Downloads that ended; labelled finished, failed, cancelled or skipped; `sum` is milliseconds. */
  | "download"
  /** Why downloads failed; labelled with the error code. */
  | "download_error"
  /** Bytes that downloads received; `sum` is bytes. */
  | "download_bytes"
  /** Steps of the memory guard; labelled lower or raise. */
  | "memory"
  /** Calls of the API that answered null instead of throwing; labelled with the error code. */
  | "null_answer";

/** One counter. */
export interface CounterSnapshot {
  /** What is counted. */
  readonly name: CounterName;
  /** Host, where it is known; else empty. */
  readonly host: string;
  /** The name's own label; else empty. */
  readonly label: string;
  /** How often. */
  readonly count: number;
  /** Sum of what goes with it: milliseconds or bytes, as {@linkcode CounterName} says; else 0. */
  readonly sum: number;
}

/** Adds `sum` and `times` (default 1) to a counter. */
export type Count = (name: CounterName, host: string, label: string, sum?: number, times?: number) => void;

/** The counters of a registry. */
export interface CounterTable {
  /** Counts. */
  readonly count: Count;
  /** Copies of all. */
  snapshot(): CounterSnapshot[];
  /** Forgets all. */
  clear(): void;
}

/** Combinations of name, host and label that are kept apart. */
const mostCounters = 2000;

/** A counter that still moves. */
type Counter = { -readonly [Field in keyof CounterSnapshot]: CounterSnapshot[Field] };

/**
 * Counters by name, host and label; beyond 2000 of them host and label are `other`.
 *
 * @param boundHost The name a host is counted under.
 * @param onCount Told of every count that is more than a sum.
 */
export function counterTable(
  boundHost: (host: string) => string,
  onCount?: (name: CounterName, host: string, label: string) => void,
): CounterTable {
  const counters = new Map<string, Counter>();
  return {
    count(name, host, label, sum = 0, times = 1) {
      const bound = host === "" ? "" : boundHost(host);
      let key = `${name} ${bound} ${label}`;
      let counter = counters.get(key);
      if (counter === undefined) {
        const isFull = counters.size >= mostCounters;
        if (isFull) key = `${name} ${otherLabel} ${otherLabel}`;
        counter = counters.get(key) ??
          { name, host: isFull ? otherLabel : bound, label: isFull ? otherLabel : label, count: 0, sum: 0 };
        counters.set(key, counter);
      }
      counter.count += times;
      counter.sum += sum;
      if (times > 0) onCount?.(counter.name, counter.host, counter.label);
    },
    snapshot: () => [...counters.values()].map((counter) => ({ ...counter })),
    clear: () => counters.clear(),
  };
}

/** Counts what a layer reported. */
export function countEvent(event: TransportEvent, count: Count): void {
  switch (event.type) {
    case "retry":
    case "resume":
      return count(event.type, hostOf(event.url), event.code);
    case "queue":
      return count("queue", event.host, "", event.waitMs);
    case "limit":
      return count("limit", event.host, "", event.pauseMs);
    case "circuit":
      return count("circuit", event.host, event.state);
    case "cache":
      return count("cache", hostOf(event.url), event.result);
    case "redirect":
      return count("redirect", hostOf(event.from), String(event.status));
    case "steal":
      return count("steal", hostOf(event.url), "", event.bytes);
    case "resolve":
    case "dedupe":
    case "fallback":
    case "connections":
      return count(event.type, hostOf(event.url), "");
    case "download":
      return; // counted by the transfer it belongs to
  }
}
