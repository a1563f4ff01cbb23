import type { ErrorCode } from "./errors/codes.ts";

/**
 * Anything that turns a request into a response. An object, not a bare function: a Hono app, a fake origin in a test
 * and the real socket all fit, and the global `fetch` cannot be passed by mistake.
 *
 * @example
 * ```ts
 * import type { Transport } from "@civikit/civikit/transport";
 *
 * const hello: Transport = { fetch: () => Promise.resolve(new Response("hello")) };
 * console.log(await (await hello.fetch(new Request("https://example.test/"))).text());
 * ```
 */
export interface Transport {
  /** Sends `request`; rejects with a {@linkcode CivikitError}, or with the reason of an aborted `request.signal`. */
  fetch(request: Request, context?: Context): Promise<Response>;
}

/** The rest of the stack, as a middleware sees it. It may be called any number of times, also zero. */
export type Next = (request: Request) => Promise<Response>;

/**
 * One layer around a transport: sees the request on the way in and the response on the way out. A layer never mutates
 * the request; it passes on a derived one.
 */
export type Middleware = (request: Request, next: Next, context: Context) => Promise<Response>;

/** What travels beside a request through every layer: the call's name, and a place to say what happened. */
export interface Context {
  /** Names the call (not the attempt): unique within the process, shown in logs and events. */
  readonly id: string;
  /** Takes an event. Never throws and never waits: observers cannot break the observed. */
  readonly report: (event: TransportEvent) => void;
  /** What `status` makes of an answer outside 2xx: an error (`throw`), or nothing, as for a `fetch`. Default `throw`. */
  readonly refusals?: "throw" | "return";
}

/**
 * What layers report while they work. URLs in events are already redacted: no credentials, no signed query strings.
 * Open on purpose: ignore types you do not know.
 */
export type TransportEvent =
  /** `retry` waits `delayMs` before attempt number `attempt` (the first retry is 2). */
  | { type: "retry"; url: string; attempt: number; delayMs: number; code: ErrorCode; status?: number }
  /** A body broke off after `receivedBytes`; the rest is being asked for. */
  | { type: "resume"; url: string; receivedBytes: number; attempt: number; code: ErrorCode }
  /** An expired link was given up and the original URL asked for a new one. */
  | { type: "resolve"; url: string }
  /** A redirect was followed; `to` is redacted. */
  | { type: "redirect"; from: string; to: string; status: number }
  /** A request has to wait `waitMs` or longer: `host` asked for a pause. */
  | { type: "wait"; host: string; waitMs: number }
  /** A request waited `waitMs` for its turn at `host`. */
  | { type: "queue"; host: string; waitMs: number }
  /** A host's allowance changed: concurrency now `limit`, paused for `pauseMs`. */
  | { type: "limit"; host: string; limit: number; pauseMs: number }
  /** A host's circuit changed state. */
  | { type: "circuit"; host: string; state: "closed" | "open" | "half-open" }
  /** The cache answered, or did not. */
  | { type: "cache"; url: string; result: "hit" | "stale" | "revalidated" | "miss" | "bypass" }
  /** A caller joined a fetch already under way. */
  | { type: "dedupe"; url: string }
  /** The range transport now uses `connections` connections; `reason` says why. */
  | { type: "connections"; url: string; connections: number; reason: string }
  /** An idle connection took over the second half of a slow one's work. */
  | { type: "steal"; url: string; from: number; bytes: number }
  /** A ranged answer could not be trusted; the plain one is used. */
  | { type: "fallback"; url: string; reason: string }
  /** The downloader entered a phase. */
  | { type: "download"; path: string; phase: DownloadPhase; bytes: number; totalBytes?: number; note?: string };

/** The stations of one download, in the order they normally come. */
export type DownloadPhase =
  | "resuming"
  | "started"
  | "restarted"
  | "repairing"
  | "verifying"
  | "finished"
  | "failed";

/**
 * Where bytes go. Positional and nothing more: `at` is counted from the first byte of the body being saved. `bytes`
 * belongs to the caller again as soon as `write` is done. Progress, journals and hashes are decorators of a sink.
 */
export interface Sink {
  /** Takes all of `bytes` at offset `at`, or throws. */
  write(bytes: Uint8Array, at: number): void | Promise<void>;
}

const silent = () => {};
let calls = 0;

/** Whether anybody listens: an event that nobody hears need not be put into words. */
export function isHeard({ report }: Context): boolean {
  return report !== silent;
}

/** A fresh context for a call that was made without one. */
export function newContext(): Context {
  return { id: (++calls).toString(36), report: silent };
}
