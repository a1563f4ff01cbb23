import { fetchOf, sendOf } from "./lane.ts";
import type { Context, Transport, TransportEvent } from "./transport.ts";

/**
 * Tells `listener` every event of every call that goes through the result. Listeners add up, and one that throws is
 * ignored: observers cannot break the observed.
 *
 * @param transport What answers.
 * @param listener Gets each event and the id of the call it belongs to.
 * @example
 * ```ts
 * import { compose, fetchTransport, observe, retry } from "@civikit/civikit/transport";
 *
 * const client = observe(compose(fetchTransport(), retry()), (event) => console.log(event.type));
 * console.log(typeof client.fetch);
 * ```
 */
export function observe(
  transport: Transport,
  listener: (event: TransportEvent, id: string) => void,
): Transport {
  const send = sendOf(transport);
  return {
    fetch: fetchOf((ask, context) => {
      const { id } = context;
      const observed: Context = {
        ...context,
        report(event) {
          try {
            listener(event, id);
          } catch {
            // the listener's own trouble
          }
          context.report(event);
        },
      };
      return send(ask, observed);
    }),
  };
}
