import { Ask } from "./ask.ts";
import { type Context, type Middleware, newContext, type Transport } from "./transport.ts";

/** What answers an {@linkcode Ask}. */
export type Send = (ask: Ask, context: Context) => Promise<Response>;

/** A middleware that takes and hands on an {@linkcode Ask}; the rest of the stack gets the context from it, not by a closure. */
export type Layer = (ask: Ask, next: Send, context: Context) => Promise<Response>;

const layers = new WeakMap<Middleware, Layer>();
const sends = new WeakMap<Transport["fetch"], Send>();

// What others made may answer without a promise, as a Hono app does, or throw at once; our own layers do neither, and need
// no async function for it.

/** A middleware for everybody, which among our own layers works as `layer`, without Requests; it has the layer's name. */
export function middlewareOf(layer: Layer): Middleware {
  const middleware: Middleware = (request, next, context) =>
    layer(Ask.of(request), async (ask) => await next(ask.request), context);
  layers.set(Object.defineProperty(middleware, "name", { value: layer.name }), layer);
  return middleware;
}

/** A middleware as a layer, whoever made it. */
export function layerOf(middleware: Middleware): Layer {
  return layers.get(middleware) ??
    (async (ask, next, context) => await middleware(ask.request, (request) => next(Ask.of(request), context), context));
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
  const bridge: Send = async (ask, context) => await transport.fetch(ask.request, context);
  // a transport may get another fetch later
  return send === undefined
    ? bridge
    : (ask, context) => transport.fetch === fetch ? send(ask, context) : bridge(ask, context);
}
