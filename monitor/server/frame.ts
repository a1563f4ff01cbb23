import { html, raw } from "hono/html";
import type { Locale } from "../../transport/mod.ts";

/** A piece of a page, already escaped. */
export type Html = ReturnType<typeof html>;

/** A link of a navigation. */
export interface Link {
  /** Where it leads. */
  readonly path: string;
  /** What it is called. */
  readonly text: string;
  /** Whether the reader is there. */
  readonly isHere?: boolean;
}

/** What stands around the content of a page. */
export interface Frame {
  /** Its language. */
  readonly locale: Locale;
  /** Its title. */
  readonly title: string;
  /** Where the assets are, without a slash at the end. */
  readonly assets: string;
  /** What its scripts go by, as `data-*` of the body; undefined for a page that never renews itself. */
  readonly live?: Readonly<Record<string, string>> | undefined;
  /** Further scripts before live.js and after it. Default: none. */
  readonly scripts?: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Where the name in the corner leads. */
  readonly home: string;
  /** Its navigations, empty ones left out. */
  readonly navigations: readonly { readonly label: string; readonly links: readonly Link[] }[];
  /** Beside the state of the connection. Default: nothing. */
  readonly tools?: Html | "";
  /** Beside the title. Default: nothing. */
  readonly beside?: Html | "";
  /** Its own address in another language. */
  inLanguage(locale: Locale): string;
  /** Words around it. */
  readonly words: { readonly skip: string; readonly language: string; readonly noScript: string };
  /** Its content. */
  readonly body: Html;
}

/** Links as a navigation. */
export function navigation(label: string, links: readonly Link[], kind?: "switch"): Html {
  const current = kind === undefined ? "page" : "true";
  return html`<nav${kind === undefined ? "" : raw(` class="${kind}"`)} aria-label="${label}">${
    links.map(({ path, text, isHere }) =>
      html`
        <a href="${path}" ${isHere ? raw(` aria-current="${current}"`) : ""}>${text}</a>
      `
    )
  }</nav>`;
}

/** A whole page. Nothing in it is inline: styles and scripts are assets, so that the policy can forbid everything else. */
export function frame(
  { locale, title, assets, live, scripts, home, navigations, tools = "", beside = "", inLanguage, words, body }: Frame,
): Html {
  const language = (tag: Locale, text: string) =>
    html`<a href="${inLanguage(tag)}" hreflang="${tag}" lang="${tag}" ${
      tag === locale ? raw('aria-current="true"') : ""
    }>${text}</a>`;
  const script = (name: string) => html`<script src="${assets}/${name}" defer></script>`;
  const ownScript = (name: string) => html`<script src="${assets}/${name}" type="module"></script>`;
  const { before = [], after = [] } = scripts ?? {};
  const data = Object.entries(live ?? {}).map(([name, value]) =>
    html`
      data-${raw(name)}="${value}"
    `
  );
  return html`
    <!DOCTYPE html>
    <html lang="${locale}">
      <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · civikit</title>
    <link rel="icon" href="${assets}/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="${assets}/style.css">
    ${live === undefined
      ? ""
      : html`${before.map(script)}${["keep_live.js", "read_chart.js", "live.js"].map(ownScript)}${after.map(script)}`}
      </head>
      <body${data}>
        <a class="skip" href="#content">${words.skip}</a>
        <header>
    <p class="brand"><a href="${home}">civikit</a></p>
    ${navigations.filter(({ links }) => links.length > 0).map(({ label, links }) => navigation(label, links))}
    <div class="tools">
    ${live === undefined ? "" : html`<span class="connection" id="connection" role="status" hidden></span>${tools}`}
    <nav class="switch" aria-label="${words.language}">${language("en", "English")}${language(
      "zh-TW",
      "繁體中文",
    )}</nav>
    </div>
        </header>
        <main id="content" tabindex="-1">
    <div class="head"><h1>${title}</h1>${beside}</div>
    ${live === undefined ? "" : html`<noscript><p class="note">${words.noScript}</p></noscript>`}
    ${body}
        </main>
        </body>
        </html>
  `;
}
