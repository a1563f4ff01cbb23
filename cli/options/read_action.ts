import { closest } from "../../transport/internal.ts";
import { printable } from "../terminal/text.ts";
import { UsageError } from "./usage_error.ts";

/**
 * The word after a command that says what to do.
 *
 * @throws {UsageError} Unless it is one of `actions`; the message names them, and the one that was meant.
 */
export function readAction<Name extends string>(text: string | undefined, actions: readonly Name[]): Name {
  const known = actions.find((name) => name === text);
  if (known !== undefined) return known;
  const due = `one of ${actions.join(", ")} is due`;
  if (text === undefined) throw new UsageError(`action missing: ${due}`);
  const near = closest(text, actions);
  const question = near === undefined ? "" : `; did you mean "${near}"?`;
  throw new UsageError(`action "${printable(text)}": unknown, ${due}${question}`);
}
