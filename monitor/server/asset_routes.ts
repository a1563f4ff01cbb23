import { eTag, ifNoneMatch } from "@std/http/etag";
import { Hono } from "hono";
import icon from "./assets/icon.svg" with { type: "text" };
import keepLive from "./assets/keep_live.js" with { type: "text" };
import readChart from "./assets/read_chart.js" with { type: "text" };

/** The media type of scripts. */
export const script = "text/javascript; charset=utf-8";

/** What every page looks like and lives by; what a page has of its own comes to it. */
const common: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "icon.svg": ["image/svg+xml", icon],
  "keep_live.js": [script, keepLive],
  "read_chart.js": [script, readChart],
};

/** What browsers ask for beside JSON, and beside a page whose own icon they have not read yet. */
export const iconPath = "/favicon.ico";

/** Serves assets by their names; 304 where the client has the very same. */
export function assetRoutes(own: typeof common): Hono {
  const app = new Hono();
  for (const [name, [type, text]] of Object.entries({ ...common, ...own })) {
    const tag = eTag(text);
    app.get(`/${name}`, async (c) => {
      const etag = await tag;
      const headers = { "content-type": type, "cache-control": "no-cache", etag };
      const isNew = ifNoneMatch(c.req.header("if-none-match") ?? null, etag);
      return isNew ? c.body(text, 200, headers) : c.body(null, 304, headers);
    });
  }
  return app;
}
