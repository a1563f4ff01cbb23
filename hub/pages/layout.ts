import { frame } from "../../monitor/server/frame.ts";
import type { Locale } from "../../transport/mod.ts";
import type { Bilingual, Html } from "./page.ts";
import { words } from "./words.ts";

/** Where the navigation leads. */
export interface Place {
  /** Its path. */
  readonly path: string;
  /** What it is called. */
  readonly title: Bilingual;
}

/** What a page is put together from. */
export interface Sheet {
  /** Its language. */
  readonly locale: Locale;
  /** Its title. */
  readonly title: string;
  /** Where it is, with what the language switch has to keep. */
  readonly url: URL;
  /** The navigation; empty where there is none. */
  readonly places: readonly Place[];
  /** Its scripts; undefined for a page that never renews itself. */
  readonly scripts: readonly string[] | undefined;
  /** How often it renews itself, in milliseconds; 0 for at events only. */
  readonly everyMs: number;
  /** Its content. */
  readonly body: Html;
}

/** A page's own address in another language. */
function inLanguage(url: URL, locale: Locale): string {
  const query = new URLSearchParams(url.search);
  query.set("lang", locale);
  return `${url.pathname}?${query}`;
}

/** A whole page. */
export function layout({ locale, title, url, places, scripts, everyMs, body }: Sheet): Html {
  const t = (name: keyof typeof words) => words[name][locale];
  return frame({
    ...{ locale, title, body, assets: "/assets", home: "/" },
    live: scripts && {
      every: String(everyMs),
      "live-text": t("live"),
      "connecting-text": t("connecting"),
      "offline-text": t("offline"),
      "failed-text": t("notDone"),
    },
    scripts: { before: ["idiomorph.js"], after: scripts ?? [] },
    navigations: [{
      label: t("pages"),
      links: places.map(({ path, title }) => ({ path, text: title[locale], isHere: path === url.pathname })),
    }],
    inLanguage: (tag) => inLanguage(url, tag),
    words: { skip: t("skip"), language: t("language"), noScript: t("noScript") },
  });
}
