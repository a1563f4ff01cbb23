import type { Locale } from "../../../transport/mod.ts";
import type { PreviewLine } from "../../preview.ts";

/** What the answer to a form shows besides the queue. */
export interface QueueAnswer {
  /** What was done, or why not. */
  readonly note?: (locale: Locale) => string;
  /** Whether it is a problem. */
  readonly isProblem?: boolean;
  /** What was looked up. */
  readonly preview?: readonly PreviewLine[];
}
