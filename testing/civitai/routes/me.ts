/** `/api/v1/me`. @module */
import { Hono } from "hono";
import { authedRoute } from "../route_class.ts";
import { type Site, userOf } from "../site.ts";

/** Routes of the resource. */
export function me(site: Site): Hono {
  return new Hono().all("/", authedRoute(site), (c) => {
    const { id, username, hasEarlyAccess = false } = userOf(site, c.req.raw)!;
    return c.json({ id, username, status: "active", isMember: hasEarlyAccess, subscriptions: [] });
  });
}
