import type { Locale } from "../../../transport/mod.ts";

/** What the answer to a form shows besides the models. */
export interface BrowseAnswer {
  /** What was done, or why not. */
  readonly note?: (locale: Locale) => string;
  /** Whether it is a problem. */
  readonly isProblem?: boolean;
}
