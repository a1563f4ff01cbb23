import { parseRule, type UpdateRules, withRules } from "../../api/mod.ts";
import { InputError } from "../../transport/mod.ts";
import type { Parts } from "../parts.ts";

/**
 * Changes what the library passes over and what it takes besides, as `civikit update --ignore` and `--other-base` do, and where that keeps it for folders: in the
 * settings.
 *
 * @returns The rules that hold then.
 * @throws {InputError} When one cannot be meant, nobody keeps settings here, or they refuse it; then nothing is changed.
 */
export async function changeRules(
  { library, settings, api }: Pick<Parts, "library" | "settings" | "api">,
  { ignore = [], unignore = [], otherBase = [], sameBase = [] }: {
    readonly ignore?: readonly string[] | undefined;
    readonly unignore?: readonly string[] | undefined;
    readonly otherBase?: readonly string[] | undefined;
    readonly sameBase?: readonly string[] | undefined;
  },
): Promise<Required<UpdateRules>> {
  const refused = (input: string, why: string) =>
    new InputError(`keeping the rule ${JSON.stringify(input)}: ${why}`, { code: "invalid_argument", input });
  const read = (kind: keyof UpdateRules, texts: readonly string[]) =>
    texts.map((text) => {
      const rule = parseRule(kind, text, api);
      if (rule !== undefined) return rule;
      throw refused(text, kind === "ignore" ? "no version, model or base:NAME" : "no model, and not all");
    });
  const [before, added, taken] = [
    withRules(library!.rules(), {}),
    { ignore: read("ignore", ignore), otherBase: read("otherBase", otherBase) },
    { ignore: read("ignore", unignore), otherBase: read("otherBase", sameBase) },
  ];
  const rules = withRules(before, added, taken);
  const [first = ""] = [ignore, unignore, otherBase, sameBase].flat();
  if (settings === undefined) throw refused(first, "this service keeps no settings");
  for (const kind of ["ignore", "otherBase"] as const) {
    if (JSON.stringify(before[kind]) === JSON.stringify(rules[kind])) continue;
    if (rules[kind].length === 0) await settings.unset(`updates.${kind}`);
    else await settings.set(`updates.${kind}`, JSON.stringify(rules[kind]));
  }
  return library!.rules() as Required<UpdateRules>;
}
