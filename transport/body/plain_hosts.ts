import type { Clock } from "../clock.ts";
import type { Transport } from "../transport.ts";

/** Hosts that were found not to serve ranges; each is asked plainly for ten minutes. */
export interface PlainHosts {
  /** Tells whether the host of a URL is one of them. */
  has(url: string): boolean;
  /** Adds the host of a URL. */
  add(url: string): void;
}

const plainHostMs = 10 * 60_000;

/** An empty list. */
export function plainHosts(clock: Clock): PlainHosts {
  const until = new Map<string, number>();
  return {
    has: (url) => (until.get(new URL(url).host) ?? -Infinity) > clock.now(),
    add(url) {
      const now = clock.now();
      for (const [host, end] of until) if (end <= now) until.delete(host);
      until.set(new URL(url).host, now + plainHostMs);
    },
  };
}

const found = new WeakMap<Transport, PlainHosts>();

/** The list that all downloads over one transport share. */
export function plainHostsOf(transport: Transport, clock: Clock): PlainHosts {
  const known = found.get(transport) ?? plainHosts(clock);
  found.set(transport, known);
  return known;
}
