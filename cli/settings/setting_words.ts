import { InputError } from "../../transport/mod.ts";
import { printable } from "../terminal/text.ts";

/** A setting that cannot be meant; `input` names it. */
export function invalid(message: string, input: string): InputError {
  return new InputError(message, { code: "invalid_config", input });
}

/**
 * Reads a switch: on, 1, true, yes or off, 0, false, no; undefined when it is not set.
 *
 * @throws {InputError} `invalid_config` when it is another word; `or` says what else would have been right.
 */
export function readSwitch(text: string | undefined, name: string, or = ""): boolean | undefined {
  if (!text) return undefined;
  if (/^(on|1|true|yes)$/i.test(text)) return true;
  if (/^(off|0|false|no)$/i.test(text)) return false;
  throw invalid(`reading ${name} "${printable(text)}": neither on nor off${or && `, ${or}`}`, name);
}
