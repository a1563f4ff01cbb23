/** The faulty origin on a port, for tests: what it offers comes from `testing/`. @module */
import { type Fault, faultyOrigin, type FaultyOriginOptions, type OriginServer } from "../../testing/mod.ts";

export * from "../../testing/mod.ts";
export { fileOf } from "../../testing/origin/answer.ts";
export { link, links } from "../../testing/origin/links.ts";
export { faultyTlsOrigin as startTlsOrigin } from "../../testing/mod.ts";

/** A running origin. */
export type Origin = OriginServer;

/** What {@linkcode startOrigin} takes. */
export interface OriginOptions extends FaultyOriginOptions {
  /** Faults, tried in this order for each request. */
  faults?: readonly Fault[];
  /** Address to listen on (default 127.0.0.1). */
  hostname?: string;
}

/** Starts an origin on a free port. */
export function startOrigin({ faults = [], hostname = "127.0.0.1", ...served }: OriginOptions = {}): Promise<Origin> {
  return faultyOrigin(faults, served).listen({ hostname });
}
