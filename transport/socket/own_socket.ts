import { compose } from "../compose.ts";
import { middlewareOf } from "../lane.ts";
import { timeout } from "../middleware/timeout.ts";
import type { Transport } from "../transport.ts";
import { wrapNetworkError } from "./network_error.ts";

/** Whatever it throws becomes what a socket of ours would throw; the caller's own abort stays what it is. */
const typed = middlewareOf(async function typed(ask, next, context) {
  try {
    return await next(ask, context);
  } catch (error) {
    throw ask.signal?.aborted ? error : wrapNetworkError(error, ask.url);
  }
});

/**
 * A transport of somebody else's in the place of the socket: given up after `headersMs` without headers, its failures typed,
 * so that what stands above heals, retries and explains them as it does those of our own.
 */
export function ownSocket(transport: Transport, headersMs: number): Transport {
  return compose(transport, timeout({ headersMs }), typed);
}
