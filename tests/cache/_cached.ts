import {
  type CacheInfo,
  cacheInfo,
  type CacheStore,
  httpCache,
  type HttpCacheOptions,
  memoryStore,
} from "../../cache/mod.ts";
import { compose, type Transport, type TransportEvent } from "../../transport/mod.ts";
import { type FakeClock, fakeClock } from "../_support/clock.ts";

/** What a test sees of an answer. */
export interface Seen {
  readonly response: Response;
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly info: CacheInfo | undefined;
}

/** A cache over an origin that the test scripts, with a clock that stands still. */
export interface Cached {
  readonly transport: Transport;
  readonly clock: FakeClock;
  readonly store: CacheStore;
  /** What reached the origin, in order. */
  readonly seen: Request[];
  readonly events: TransportEvent[];
  /** Asks, reads the body to its end, and returns what came. */
  get(init?: RequestInit & { url?: string }): Promise<Seen>;
}

export const site = "http://a.test/";

/** One answer of the origin: a Response, or what is done instead. */
export type Step = (request: Request, n: number) => Response | Promise<Response>;

export function cached(origin: Step, options: Partial<HttpCacheOptions> = {}): Cached {
  const clock = fakeClock("2026-03-01T12:00:00Z");
  const seen: Request[] = [];
  const events: TransportEvent[] = [];
  const store = options.store ?? memoryStore();
  // async, so that what the script throws is a rejection, as from a network
  // deno-lint-ignore require-await
  const inner: Transport = { fetch: async (request) => origin(request, seen.push(request)) };
  const transport = compose(inner, httpCache({ store, clock, ...options }));
  const context = { id: "test", report: (event: TransportEvent) => void events.push(event) };
  return {
    transport,
    clock,
    store,
    seen,
    events,
    async get({ url = site, ...init } = {}) {
      const response = await transport.fetch(new Request(url, init), context);
      const text = await response.text();
      return { response, status: response.status, text, headers: response.headers, info: cacheInfo(response) };
    },
  };
}

/** An answer numbered by the call, with these fields. A number as a date means seconds from the clock's start. */
export function numbered(fields: Record<string, string>, status = 200): Step {
  return (_, n) => new Response(status === 204 ? null : `answer ${n}`, { status, headers: fields });
}

/** The answers in turn; the last one again and again. */
export function inTurn(...steps: Step[]): Step {
  return (request, n) => steps[Math.min(n, steps.length) - 1]!(request, n);
}

/** An HTTP-date, `seconds` after the start of the fake clock. */
export function date(seconds: number): string {
  return new Date(Date.parse("2026-03-01T12:00:00Z") + seconds * 1000).toUTCString();
}
