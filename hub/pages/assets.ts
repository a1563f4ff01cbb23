import { eTag, ifNoneMatch } from "@std/http/etag";
import { Hono } from "hono";
import idiomorph from "idiomorph/dist/idiomorph.min.js" with { type: "text" };
import sortable from "sortablejs/Sortable.min.js" with { type: "text" };
import icon from "../../monitor/server/assets/icon.svg" with { type: "text" };
import base from "../../monitor/server/assets/style.css" with { type: "text" };
import library from "./assets/library.js" with { type: "text" };
import live from "./assets/live.js" with { type: "text" };
import queue from "./assets/queue.js" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };

const script = "text/javascript; charset=utf-8";

/** What the pages look like and live by; also other people's work is served from here, so that nothing foreign is asked. */
const assets: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "style.css": ["text/css; charset=utf-8", `${base}\n${style}`],
  "icon.svg": ["image/svg+xml", icon],
  "idiomorph.js": [script, idiomorph],
  "sortable.js": [script, sortable],
  "live.js": [script, live],
  "queue.js": [script, queue],
  "library.js": [script, library],
};

/** The assets, below `/assets`. */
export function assetRoutes(): Hono {
  const app = new Hono();
  for (const [name, [type, text]] of Object.entries(assets)) {
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
