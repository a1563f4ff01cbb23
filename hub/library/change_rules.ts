import { parseRule, type UpdateRules, withRules } from "../../api/mod.ts";
import { InputError } from "../../transport/mod.ts";
import type { Parts } from "../parts.ts";

/**
 * Changes what the library passes over, as `civikit update --ignore` does, and where that keeps it for folders: in the
 * settings.
 *
 * @returns The rules that hold then.
 * @throws {InputError} When one cannot be meant, nobody keeps settings here, or they refuse it; then nothing is changed.
 */
export async function changeRules(
  { library, settings, api }: Pick<Parts, "library" | "settings" | "api">,
  { ignore = [], unignore = [] }: {
    readonly ignore?: readonly string[] | undefined;
    readonly unignore?: readonly string[] | undefined;
  },
): Promise<Required<UpdateRules>> {
  const refused = (input: string, why: string) =>
    new InputError(`keeping the rule ${JSON.stringify(input)}: ${why}`, { code: "invalid_argument", input });
  const read = (texts: readonly string[]) =>
    texts.map((text) => {
      const rule = parseRule("ignore", text, api);
      if (rule === undefined) throw refused(text, "no version, model or base:NAME");
      return rule;
    });
  const rules = withRules(library!.rules(), { ignore: read(ignore) }, { ignore: read(unignore) });
  if (settings === undefined) throw refused(ignore[0] ?? unignore[0] ?? "", "this service keeps no settings");
  if (rules.ignore.length === 0) await settings.unset("updates.ignore");
  else await settings.set("updates.ignore", JSON.stringify(rules.ignore));
  return library!.rules() as Required<UpdateRules>;
}
