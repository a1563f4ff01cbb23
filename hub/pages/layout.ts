import { html, raw } from "hono/html";
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

/** A whole page. Nothing in it is inline: styles and scripts are assets, so that the policy can forbid everything else. */
export function layout({ locale, title, url, places, scripts, everyMs, body }: Sheet): Html {
  const t = (name: keyof typeof words) => words[name][locale];
  const links = places.map(({ path, title }) =>
    html`<a href="${path}" ${path === url.pathname ? raw('aria-current="page"') : ""}>${title[locale]}</a>`
  );
  const language = (tag: Locale, text: string) =>
    html`<a href="${inLanguage(url, tag)}" hreflang="${tag}" lang="${tag}" ${
      tag === locale ? raw('aria-current="true"') : ""
    }>${text}</a>`;
  const isLive = scripts !== undefined;
  return html`
    <!DOCTYPE html>
    <html lang="${locale}">
      <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · civikit</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/style.css">
    ${isLive
      ? ["idiomorph.js", "live.js", ...scripts].map((name) => html`<script src="/assets/${name}" defer></script>`)
      : ""}
      </head>
      <body data-every="${everyMs}" data-live-text="${t("live")}" data-connecting-text="${t("connecting")}"
        data-offline-text="${t("offline")}" data-failed-text="${t("notDone")}">
        <a class="skip" href="#content">${t("skip")}</a>
        <header>
    <p class="brand"><a href="/">civikit</a></p>
    ${links.length === 0 ? "" : html`<nav aria-label="${t("pages")}">${links}</nav>`}
    <div class="tools">
    ${isLive ? html`<span class="connection" id="connection" role="status" hidden></span>` : ""}
    <nav class="switch" aria-label="${t("language")}">${language("en", "English")}${language("zh-TW", "繁體中文")}</nav>
    </div>
        </header>
        <main id="content" tabindex="-1">
    <div class="head"><h1>${title}</h1></div>
    ${isLive ? html`<noscript><p class="note">${t("noScript")}</p></noscript>` : ""}
    ${body}
        </main>
      </body>
    </html>
  `;
}
