/** The embedded Civitai on a port, for tests: what it offers comes from `testing/`. @module */
import { type CivitaiServer, embeddedCivitai, type EmbeddedCivitaiOptions } from "../../testing/mod.ts";

export * from "../../testing/mod.ts";

/** A running Civitai. */
export type Civitai = CivitaiServer;

/** What {@linkcode startCivitai} takes. */
export interface CivitaiOptions extends EmbeddedCivitaiOptions {
  /** Port of the API (default: a free one). */
  port?: number;
}

/** Starts a Civitai on free ports. */
export function startCivitai({ port = 0, ...options }: CivitaiOptions = {}): Promise<Civitai> {
  return embeddedCivitai(options).listen({ port });
}
