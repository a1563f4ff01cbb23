import { fetchOf, layerOf, type Send, sendOf } from "./lane.ts";
import type { Middleware, Transport } from "./transport.ts";

/**
 * Wraps `transport` in `layers`; the first listed is outermost. The result is a transport again, so stacks nest.
 *
 * @param transport What finally answers.
 * @param layers Middleware, outermost first.
 * @example
 * ```ts
 * import { compose, fetchTransport, retry, status } from "@civikit/civikit/transport";
 *
 * const client = compose(fetchTransport(), status(), retry({ max: 3 }));
 * console.log(typeof client.fetch);
 * ```
 */
export function compose(transport: Transport, ...layers: readonly Middleware[]): Transport {
  const send = layers.reduceRight<Send>((inner, middleware) => {
    const layer = layerOf(middleware);
    return (ask, context) => layer(ask, inner, context);
  }, sendOf(transport));
  return { fetch: fetchOf(send) };
}
