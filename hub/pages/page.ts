import type { Context, Hono } from "hono";
import type { html } from "hono/html";
import type { Locale } from "../../transport/mod.ts";
import type { Parts } from "../parts.ts";

/** A piece of a page, already escaped. */
export type Html = ReturnType<typeof html>;

/** A text in every language. */
export type Bilingual = Readonly<Record<Locale, string>>;

/** What a page is drawn from. */
export interface PageRequest {
  /** The request. */
  readonly c: Context;
  /** The language of the answer. */
  readonly locale: Locale;
  /** What the service is made of. */
  readonly parts: Parts;
}

/** Answers a form: the page again with a note above it, or another place. */
export interface Answers {
  /** A page as answer to `c`. */
  show(c: Context, page: HubPage, status?: 200 | 400 | 404 | 409): Promise<Response>;
}

/** One page: a file that exports one of these, and a line in pages.ts. */
export interface HubPage {
  /** Where it is, such as `/library`. */
  readonly path: string;
  /** What it is called, in the navigation and above it. */
  readonly title: Bilingual;
  /** Whether the navigation leads to it. Default: true. */
  readonly isInNavigation?: boolean;
  /** Whether this service has what the page shows; one that is not there is in no navigation, and 404. Default: yes. */
  isThere?(parts: Parts): boolean;
  /** Its own scripts, by their names in assets.ts; live.js is always there. Default: none. */
  readonly scripts?: readonly string[];
  /** How often it renews itself while one looks at it, in milliseconds. Default: at events only. */
  readonly everyMs?: number;
  /** What stands in it. What is to be renewed has an id. */
  render(request: PageRequest): Html | Promise<Html>;
  /** Adds what its forms are sent to, below its path. */
  routes?(app: Hono, parts: Parts, answers: Answers): void;
}
