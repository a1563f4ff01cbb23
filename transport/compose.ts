import { type Context, type Middleware, newContext, type Next, type Transport } from "./transport.ts";

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
  const stack = layers.reduceRight<(request: Request, context: Context) => Promise<Response>>(
    (inner, layer) => (request, context) => {
      const next: Next = (derived) => inner(derived, context);
      return layer(request, next, context);
    },
    (request, context) => transport.fetch(request, context),
  );
  return { fetch: (request, context = newContext()) => stack(request, context) };
}
