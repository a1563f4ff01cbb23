import { accepts } from "@std/http/negotiation";
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import type { Locale } from "../../transport/mod.ts";
import { localeOf } from "./texts.ts";

/** Whether who asks would rather have a page than JSON. */
export function isPageWanted({ req }: Context): boolean {
  return accepts(req.raw, "application/json", "text/html") === "text/html";
}

/** The language of the answer: that of the query, else of the cookie, else of Accept-Language. */
export function localeFor(c: Context): Locale {
  const asked = c.req.query("lang") ?? getCookie(c, "civikit_lang");
  return asked === "en" || asked === "zh-TW" ? asked : localeOf(c.req.header("accept-language"));
}
