import { eTag, ifNoneMatch } from "@std/http/etag";
import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import { layout, type OuterPage, type Page, type PageContext } from "./layout.ts";
import { textsOf } from "./texts.ts";
import { ttlCache } from "./ttl_cache.ts";
import type { Views } from "./views.ts";
import { localeFor } from "./wanted.ts";

/** Answers with pages. */
export interface Renderer {
  /** A page in the language and over the span that is asked for; 304 where it is what the client has. */
  show(c: Context, make: (context: PageContext) => Page | Promise<Page>, status?: PageStatus): Promise<Response>;
  /** Forgets the pages it has made. */
  forget(): void;
}

/** What a page may be answered with. */
export type PageStatus = 200 | 401 | 404 | 429;

/** A page as it is sent. */
interface Rendered {
  readonly text: string;
  readonly etag: string;
}

const pageTtlMs = 250;
const yearSeconds = 365 * 86_400;

/** What a {@linkcode Renderer} goes by. */
export interface PageRendererOptions {
  /** Where the numbers come from. */
  readonly views: Views;
  /** What stands before every path, without a slash at the end. */
  readonly base: string;
  /** The pages of the program around. */
  readonly outer: readonly OuterPage[];
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** Makes pages below `base`; one that many ask for at once is made once. */
export function pageRenderer({ views, base, outer, now }: PageRendererOptions): Renderer {
  const pages = ttlCache<Promise<Rendered>>(now);
  return {
    async show(c, make, status = 200) {
      const locale = localeFor(c);
      const span = views.spanOf(c.req.query("span"));
      const context: PageContext = { locale, t: textsOf(locale), span, base, outer, hasDay: views.hasDay };
      const render = async (): Promise<Rendered> => {
        const text = String(await layout(await make(context), context)).trimStart();
        return { text, etag: await eTag(text) };
      };
      const page = status === 200 ? pages.get(`${c.req.path} ${span} ${locale}`, pageTtlMs, render) : render();
      const { text, etag } = await page;
      if (c.req.query("lang") === locale) {
        setCookie(c, "civikit_lang", locale, {
          sameSite: "Strict",
          path: outer.length > 0 ? "/" : base || "/",
          maxAge: yearSeconds,
        });
      }
      const headers = { "content-language": locale, vary: "accept-language, cookie" };
      if (status !== 200) return c.html(text, status, headers);
      const isNew = ifNoneMatch(c.req.header("if-none-match") ?? null, etag);
      return isNew ? c.html(text, 200, { ...headers, etag }) : c.body(null, 304, { ...headers, etag });
    },
    forget: pages.clear,
  };
}
