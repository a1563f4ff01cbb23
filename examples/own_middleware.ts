// deno run --allow-net --allow-env=CIVIKIT_BASE_URL examples/own_middleware.ts
// deno-lint-ignore-file no-console -- a program: what it prints is what it is for

/** Two layers of one's own: one around the whole stack, once a call; one at the socket, once an attempt. */
import { civitai, compose, createTransport, type Middleware } from "@civikit/civikit";

const baseUrl = Deno.env.get("CIVIKIT_BASE_URL") ?? "https://civitai.com";

/** Tells how long each call took, whatever came of it. */
const timed: Middleware = async (request, next) => {
  const started = performance.now();
  try {
    return await next(request);
  } finally {
    console.log(`${request.method} ${new URL(request.url).pathname}: ${Math.round(performance.now() - started)} ms`);
  }
};

/** Adds a header, to a copy: a layer changes neither requests nor responses that it was handed. */
const named: Middleware = (request, next) => {
  const headers = new Headers(request.headers);
  headers.set("x-application", "lantern-shop");
  return next(new Request(request, { headers }));
};

using stack = createTransport({ layers: [named] });
const transport = compose(stack, timed);
const { name } = await civitai(transport, { baseUrl }).models.get(Number(Deno.args[0] ?? 1001));
console.log(name);
