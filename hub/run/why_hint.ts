import { errorReasons, type Hint, hint, type Locale } from "../../transport/mod.ts";
import type { WatchRule } from "../watch/mod.ts";

/** What a rule failed of, and what to do, in the words for its reason; a reason of a newer civikit is told by its code. */
export function whyHint({ code, reason }: NonNullable<WatchRule["why"]>, locale: Locale): Hint {
  const known = errorReasons.find((one) => one === reason);
  return hint(known === undefined ? code : { code, reason: known }, locale);
}
