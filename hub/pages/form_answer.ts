import type { Context } from "hono";
import { messageOf } from "../../transport/internal.ts";
import { type CivikitError, hint, type Locale } from "../../transport/mod.ts";

/** What the answer to a form says above its page. */
export interface FormAnswer {
  /** What was done, or why not. */
  readonly note?: (locale: Locale) => string;
  /** Whether it is a problem. */
  readonly isProblem?: boolean;
}

/** Says why something was not done, and what to do. */
export function refusal(error: CivikitError): FormAnswer {
  return { note: (locale) => `${messageOf(error)}. ${hint(error, locale).action}`, isProblem: true };
}

/** What the page at `path` is asked to show: the answer to a form stands where the form was. */
export function queryOf({ req }: Context, path: string): URLSearchParams {
  if (req.method === "GET") return new URL(req.url).searchParams;
  const from = URL.parse(req.header("referer") ?? "");
  const isOurs = from !== null && from.host === req.header("host") && from.pathname === path;
  return isOurs ? from.searchParams : new URLSearchParams();
}
