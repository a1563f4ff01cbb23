import type { Hono } from "hono";
import idiomorph from "idiomorph/dist/idiomorph.min.js" with { type: "text" };
import sortable from "sortablejs/Sortable.min.js" with { type: "text" };
import { assetRoutes, script } from "../../monitor/server/asset_routes.ts";
import base from "../../monitor/server/assets/style.css" with { type: "text" };
import library from "./assets/library.js" with { type: "text" };
import live from "./assets/live.js" with { type: "text" };
import queue from "./assets/queue.js" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };

/** What the pages look like and live by, below `/assets`: also other people's work, so that nothing foreign is asked. */
export function hubAssets(): Hono {
  return assetRoutes({
    "style.css": ["text/css; charset=utf-8", `${base}\n${style}`],
    "idiomorph.js": [script, idiomorph],
    "sortable.js": [script, sortable],
    "live.js": [script, live],
    "queue.js": [script, queue],
    "library.js": [script, library],
  });
}
