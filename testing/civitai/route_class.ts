/**
 * The three classes of routes: who may call them, how, and what may be cached (api reference, section 1).
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { type Site, userOf } from "./site.ts";

const shared = "public, s-maxage=300, stale-while-revalidate=150";

/** Same answer for everyone; `cacheControl` replaces the usual five minutes. */
export function publicRoute(cacheControl: string = shared): MiddlewareHandler {
  return async function publicClass(c, next) {
    if (c.req.method === "OPTIONS") return c.body(null, 200, { "Access-Control-Allow-Origin": "*" });
    await next();
    c.header("Access-Control-Allow-Origin", "*");
    c.header("Cache-Control", cacheControl);
  };
}

/** Works without a key, knows more with one; GET only. */
export function mixedRoute(site: Site): MiddlewareHandler {
  return async function mixedClass(c, next) {
    if (c.req.method !== "GET") return c.json({ error: "Method not allowed" }, 405);
    await next();
    c.header("Access-Control-Allow-Origin", "*");
    c.header("Cache-Control", userOf(site, c.req.raw) ? "max-age=0, private, no-cache" : shared);
  };
}

/** Needs a key; GET only. */
export function authedRoute(site: Site): MiddlewareHandler {
  return async function authedClass(c, next) {
    if (c.req.method !== "GET") return c.json({ error: "Method not allowed" }, 405);
    if (!userOf(site, c.req.raw)) return c.json({ error: "Unauthorized" }, 401);
    await next();
    c.header("Cache-Control", "private, no-cache");
  };
}
