import { Ask } from "./ask.ts";
import { InputError } from "./errors/errors.ts";
import { redactUrl } from "./http/redact.ts";
import { type Context, type Middleware, newContext, type Transport } from "./transport.ts";

/** What answers an {@linkcode Ask}. */
export type Send = (ask: Ask, context: Context) => Promise<Response>;

/** A middleware that takes and hands on an {@linkcode Ask}; the rest of the stack gets the context from it, not by a closure. */
export type Layer = (ask: Ask, next: Send, context: Context) => Promise<Response>;

const layers = new WeakMap<Middleware, Layer>();
const sends = new WeakMap<Transport["fetch"], Send>();

// What others made may answer without a promise, as a Hono app does, throw at once, or answer with what is no response; our
// own layers do none of it, and need no async function for it.

/** The response itself. @throws {InputError} `invalid_argument` when it is none: no layer above could tell what failed. */
function answered(response: Response, { method, url }: Request, who: string): Response {
  if (typeof response?.status === "number" && typeof response.headers?.get === "function") return response;
  const input = redactUrl(url);
  throw new InputError(`fetching "${input}": the ${who} answered ${method} with what is no Response`, {
    code: "invalid_argument",
    input,
  });
}

/** A middleware for everybody, which among our own layers works as `layer`, without Requests; it has the layer's name. */
export function middlewareOf(layer: Layer): Middleware {
  const middleware: Middleware = (request, next, context) =>
    layer(Ask.of(request), async ({ request }) => answered(await next(request), request, "layer below"), context);
  layers.set(Object.defineProperty(middleware, "name", { value: layer.name }), layer);
  return middleware;
}

/** A middleware as a layer, whoever made it. */
export function layerOf(middleware: Middleware): Layer {
  return layers.get(middleware) ??
    (async ({ request }, next, context) =>
      answered(await middleware(request, (request) => next(Ask.of(request), context), context), request, "middleware"));
}

/** The `fetch` of a transport which among our own layers works as `send`, without Requests. */
export function fetchOf(send: Send): Transport["fetch"] {
  const fetch: Transport["fetch"] = (request, context = newContext()) => send(Ask.of(request), context);
  sends.set(fetch, send);
  return fetch;
}

/** A transport as what answers an ask, whoever made it. */
export function sendOf(transport: Transport): Send {
  const { fetch } = transport;
  const send = sends.get(fetch);
  const bridge: Send = async ({ request }, context) =>
    answered(await transport.fetch(request, context), request, "transport");
  // a transport may get another fetch later
  return send === undefined
    ? bridge
    : (ask, context) => transport.fetch === fetch ? send(ask, context) : bridge(ask, context);
}
