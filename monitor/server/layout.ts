import { html, raw } from "hono/html";
import type { Locale } from "../../transport/mod.ts";
import type { Texts } from "./texts.ts";

/** A piece of a page, already escaped. */
export type Html = ReturnType<typeof html>;

/** The pages that have a place in the navigation. */
export type PageName = "dashboard" | "report" | "errors" | "transfers" | "cache";

/** A page of the program around. */
export interface OuterPage {
  /** Its path. */
  readonly path: string;
  /** What it is called. */
  readonly title: Readonly<Record<Locale, string>>;
}

/** What every page is given. */
export interface PageContext {
  /** Language. */
  readonly locale: Locale;
  /** What it says in that language. */
  readonly t: Texts;
  /** What stands before every path, without a slash at the end. */
  readonly base: string;
  /** The pages of the program around; none where it stands alone. */
  readonly outer: readonly OuterPage[];
  /** Where its numbers come from. */
  readonly span: "run" | "day";
  /** Whether there is more than one span to choose from. */
  readonly hasDay: boolean;
}

/** A page. */
export interface Page {
  /** Its name; undefined for those outside the navigation. */
  readonly name: PageName | undefined;
  /** Its path, where the name does not tell. */
  readonly path?: string;
  /** Its title. */
  readonly title: string;
  /** Its content. */
  readonly body: Html;
  /** How often it renews itself, in milliseconds; undefined for never. */
  readonly everyMs?: number;
}

const paths: Readonly<Record<PageName, string>> = {
  dashboard: "/",
  report: "/report",
  errors: "/errors",
  transfers: "/transfers",
  cache: "/cache",
};

/** A part of a page that is replaced when its content changes. */
export function live(id: string, content: Html): Html {
  return html`<section id="${id}" data-live>${content}</section>`;
}

/** A whole page. Nothing in it is inline: styles and script are assets, so that the policy can forbid everything else. */
export function layout(
  { name, path = "/", title, body, everyMs }: Page,
  { locale, t, span, base, outer, hasDay }: PageContext,
): Html {
  const here = base + (name === undefined ? path : paths[name]);
  const query = hasDay ? `?span=${span}` : "";
  const links = (Object.keys(paths) as PageName[]).map((page) =>
    html`<a href="${base}${paths[page]}${query}" ${page === name ? raw('aria-current="page"') : ""}>${t[page]}</a>`
  );
  const outerLinks = outer.map(({ path, title }) => html`<a href="${path}">${title[locale]}</a>`);
  const language = (tag: Locale, text: string) =>
    html`<a href="${here}?${hasDay ? `span=${span}&` : ""}lang=${tag}" hreflang="${tag}" lang="${tag}" ${
      tag === locale ? raw('aria-current="true"') : ""
    }>${text}</a>`;
  const spanLink = (value: "run" | "day", text: string) =>
    html`<a href="${here}?span=${value}" ${span === value ? raw('aria-current="true"') : ""}>${text}</a>`;
  const hasNavigation = name !== undefined;
  return html`
    <!DOCTYPE html>
    <html lang="${locale}">
      <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · civikit</title>
    <link rel="icon" href="${base}/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="${base}/assets/style.css">
    ${everyMs === undefined ? "" : html`<script src="${base}/assets/live.js" type="module"></script>`}
      </head>
      <body data-every="${everyMs ?? 0}" data-live-text="${t.live}" data-connecting-text="${t.connecting}"
        data-offline-text="${t.offline}" data-held-text="${t.held}" data-hold-text="${t.hold}"
        data-go-text="${t.go}">
        <a class="skip" href="#content">${t.skip}</a>
        <header>
    <p class="brand"><a href="${outer[0]?.path ?? `${base}/`}">civikit</a></p>
    ${outerLinks.length === 0 ? "" : html`<nav aria-label="civikit">${outerLinks}</nav>`}
    ${hasNavigation ? html`<nav aria-label="${t.pages}">${links}</nav>` : ""}
    <div class="tools">
    ${everyMs === undefined ? "" : html`
      <span class="connection" id="connection" role="status" hidden></span><button type="button" id="hold"
        hidden>${t.hold}</button>
    `}
    <nav class="switch" aria-label="${t.language}">${language("en", "English")}${language("zh-TW", "繁體中文")}</nav>
    </div>
        </header>
        <main id="content" tabindex="-1">
    <div class="head"><h1>${title}</h1>${hasNavigation && hasDay
      ? html`<nav class="switch" aria-label="${t.span}">${spanLink("run", t.thisRun)}${
        spanLink("day", t.lastDay)
      }</nav>`
      : ""}</div>
    ${everyMs === undefined ? "" : html`<noscript><p class="note">${t.noScript}</p></noscript>`}
    ${body}
        </main>
      </body>
    </html>
  `;
}
