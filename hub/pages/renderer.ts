import { eTag, ifNoneMatch } from "@std/http/etag";
import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import { localeFor } from "../../monitor/server/wanted.ts";
import type { Locale } from "../../transport/mod.ts";
import type { Parts } from "../parts.ts";
import { layout, type Place } from "./layout.ts";
import type { Answers, Bilingual, Html, HubPage } from "./page.ts";

const yearSeconds = 365 * 86_400;

/** Makes whole pages out of what stands in them. */
export interface Renderer extends Answers {
  /** A page outside the navigation that does not renew itself. */
  plain(c: Context, title: Bilingual, body: (locale: Locale) => Html, status: 200 | 401 | 404 | 429): Promise<Response>;
}

/** Draws pages in the language that is asked for; 304 where the client has the very same. */
export function pageRenderer(parts: Parts, places: readonly Place[]): Renderer {
  async function answer(c: Context, locale: Locale, page: Html, status: number): Promise<Response> {
    const text = String(await page).trimStart();
    if (c.req.query("lang") === locale) {
      setCookie(c, "civikit_lang", locale, { sameSite: "Strict", path: "/", maxAge: yearSeconds });
    }
    const headers = { "content-language": locale, vary: "accept-language, cookie" };
    if (status !== 200 || c.req.method === "POST") return c.html(text, status as 200, headers);
    const etag = await eTag(text);
    const isNew = ifNoneMatch(c.req.header("if-none-match") ?? null, etag);
    return isNew ? c.html(text, 200, { ...headers, etag }) : c.body(null, 304, { ...headers, etag });
  }

  return {
    async show(c, { path, title, scripts = [], everyMs = 0, render }: HubPage, status = 200) {
      const locale = localeFor(c);
      const url = new URL(c.req.url);
      // the answer to a form stands where the page stands
      if (c.req.method === "POST") url.pathname = path;
      const body = await render({ c, locale, parts });
      return await answer(
        c,
        locale,
        layout({ locale, title: title[locale], url, places, scripts, everyMs, body }),
        status,
      );
    },
    plain(c, title, body, status) {
      const locale = localeFor(c);
      const url = new URL(c.req.url);
      const sheet = { locale, title: title[locale], url, places: [], scripts: undefined, everyMs: 0 };
      return answer(c, locale, layout({ ...sheet, body: body(locale) }), status);
    },
  };
}
