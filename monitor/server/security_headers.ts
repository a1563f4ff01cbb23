import type { MiddlewareHandler } from "hono";

const securityHeaders: readonly (readonly [string, string])[] = [
  [
    "content-security-policy",
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  ],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  // not no-referrer: forms would then say Origin: null
  ["referrer-policy", "same-origin"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=()"],
];

/** Forbids foreign parts, frames and guesses about types on every answer; what says nothing of caching is not kept. */
export const secured: MiddlewareHandler = async function secured(c, next) {
  await next();
  // a HEAD is answered by what answers a GET; its body, perhaps a stream without an end, nobody will read
  if (c.req.method === "HEAD") await c.res.body?.cancel();
  for (const [name, value] of securityHeaders) c.res.headers.set(name, value);
  if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
};
