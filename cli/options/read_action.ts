import { closest } from "../../transport/internal.ts";
import { printable } from "../terminal/text.ts";
import { ActionMissingError, UsageError } from "./usage_error.ts";
import { bilingual } from "../texts/texts.ts";
import { usageText } from "../texts/usage.ts";

/**
 * The word after a command that says what to do.
 *
 * @throws {ActionMissingError} when there is none.
 * @throws {UsageError} Unless it is one of `actions`; the message names them, and the one that was meant.
 */
export function readAction<Name extends string>(text: string | undefined, actions: readonly Name[]): Name {
  const known = actions.find((name) => name === text);
  if (known !== undefined) return known;
  if (text === undefined) throw new ActionMissingError(bilingual(usageText, (t) => t.actionMissing(actions)));
  const near = closest(text, actions) ?? "";
  throw new UsageError(bilingual(usageText, (t) => t.actionUnknown(printable(text), actions, near)));
}
