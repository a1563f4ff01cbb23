/**
 * Many models that cost neither memory nor time: the text of one real model with ids put in, so that a client's speed is
 * what a measurement measures.
 *
 * @module
 */
import type { Context } from "hono";
import { listModel } from "./shapes.ts";
import type { Site } from "./site.ts";

const firstId = 1_000_000;

/** What {@linkcode bulkModels} gives. */
export interface BulkModels {
  /** The page at `cursor` (the rows before it) as JSON. */
  answer(c: Context, cursor: string | null, limit: number): Promise<Response>;
}

/** The made-up models of `site`. */
export function bulkModels(site: Site): BulkModels {
  let parts: string[] | undefined;

  async function template(origin: string): Promise<string[]> {
    const model = await listModel(site, origin, site.models[0]!, () => true);
    return JSON.stringify({ ...model, id: "#ID#", name: "Lantern #ID#" }).replace('"#ID#"', "#ID#").split("#ID#");
  }

  return {
    async answer(c, cursor, limit) {
      const start = Number(cursor ?? 0);
      const end = Math.min(site.bulkModels, start + Math.max(1, limit));
      if (!Number.isInteger(start)) return c.json({ message: `Invalid cursor: ${cursor}` }, 400);
      parts ??= await template(new URL(c.req.url).origin);
      const rows: string[] = [];
      for (let index = start; index < end; index++) rows.push(parts.join(String(firstId + index)));
      const metadata = end < site.bulkModels ? `{"nextCursor":"${end}"}` : "{}";
      return c.body(`{"items":[${rows.join(",")}],"metadata":${metadata}}`, 200, {
        "Content-Type": "application/json",
      });
    },
  };
}
