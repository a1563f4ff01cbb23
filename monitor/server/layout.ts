import { html } from "hono/html";
import type { Locale } from "../../transport/mod.ts";
import { frame, type Html, navigation } from "./frame.ts";
import type { Texts } from "./texts.ts";

export type { Html } from "./frame.ts";

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

/** A whole page. */
export function layout(
  { name, path = "/", title, body, everyMs }: Page,
  { locale, t, span, base, outer, hasDay }: PageContext,
): Html {
  const here = base + (name === undefined ? path : paths[name]);
  const query = hasDay ? `?span=${span}` : "";
  const links = (Object.keys(paths) as PageName[]).map((page) => ({
    ...{ path: `${base}${paths[page]}${query}`, text: t[page], isHere: page === name },
  }));
  const spanLink = (value: "run" | "day", text: string) => ({
    ...{ path: `${here}?span=${value}`, text, isHere: span === value },
  });
  const hasSpans = name !== undefined && hasDay;
  return frame({
    ...{ locale, title, body, assets: `${base}/assets`, home: outer[0]?.path ?? `${base}/` },
    live: everyMs === undefined ? undefined : {
      every: String(everyMs),
      "live-text": t.live,
      "connecting-text": t.connecting,
      "offline-text": t.offline,
      "held-text": t.held,
      "hold-text": t.hold,
      "go-text": t.go,
    },
    navigations: [
      { label: "civikit", links: outer.map(({ path, title }) => ({ path, text: title[locale] })) },
      { label: t.pages, links: name === undefined ? [] : links },
    ],
    tools: html`<button type="button" id="hold" hidden>${t.hold}</button>`,
    beside: hasSpans ? navigation(t.span, [spanLink("run", t.thisRun), spanLink("day", t.lastDay)], "switch") : "",
    inLanguage: (tag) => `${here}?${hasDay ? `span=${span}&` : ""}lang=${tag}`,
    words: t,
  });
}
