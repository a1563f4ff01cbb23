import { openProject, parseRule, setUpdateRules, type UpdateRules, withRules } from "../../api/mod.ts";
import type { CommandContext } from "../command.ts";
import { namedRoots } from "../options/project_options.ts";
import { UsageError } from "../options/usage_error.ts";
import { settingsPath } from "../settings/places.ts";
import type { Settings } from "../settings/read_settings.ts";
import { invalid } from "../settings/setting_words.ts";
import { settingsStore } from "../settings/settings_store.ts";
import type { Output } from "../terminal/output.ts";
import { printable, withColons } from "../terminal/text.ts";
import { bilingual } from "../texts/texts.ts";
import { updateText } from "../texts/update.ts";

type AllRules = ReturnType<typeof withRules>;

/** How rules are changed, as they were typed. */
export interface RuleChange {
  /** What to ignore from now on. */
  readonly ignore?: readonly string[] | undefined;
  /** What not to ignore any more. */
  readonly unignore?: readonly string[] | undefined;
  /** Whose versions for other base models are updates from now on. */
  readonly otherBase?: readonly string[] | undefined;
  /** Whose are not any more. */
  readonly sameBase?: readonly string[] | undefined;
}

/** The rules for folders. */
export function folderRules({ value }: Pick<Settings, "value">): AllRules {
  return { ignore: [...value("updates.ignore")], otherBase: [...value("updates.otherBase")] };
}

const kinds = ["ignore", "otherBase"] as const;

/** A rule as it is kept. @throws {UsageError} When nothing is meant. */
function ruleOf(kind: keyof UpdateRules, typed: string, { settings: { value } }: CommandContext): string {
  const rule = parseRule(kind, typed, { baseUrl: value("baseUrl"), trustedHosts: value("trustedHosts") });
  if (rule !== undefined) return rule;
  const text = printable(typed.trim());
  throw new UsageError(bilingual(updateText, (t) => (kind === "ignore" ? t.notARule : t.notAnOther)(text)));
}

/**
 * Changes rules and shows those that hold then: of the project, where `folder` names one, else of the settings.
 *
 * @throws {UsageError} When something typed cannot be meant; then nothing is changed.
 */
export function updateRules(
  folder: string | undefined,
  { ignore = [], unignore = [], otherBase = [], sameBase = [] }: RuleChange,
  context: CommandContext,
  out: Output,
): void {
  const { io, settings, locale } = context;
  const text = updateText[locale];
  const typed = (kind: keyof UpdateRules, texts: readonly string[]) => texts.map((one) => ruleOf(kind, one, context));
  const add = { ignore: typed("ignore", ignore), otherBase: typed("otherBase", otherBase) };
  const remove = { ignore: typed("ignore", unignore), otherBase: typed("otherBase", sameBase) };
  const isChanged = [ignore, unignore, otherBase, sameBase].some(({ length }) => length > 0);
  let rules: AllRules;
  if (folder !== undefined) {
    const project = openProject(folder, { namedRoots: namedRoots(io) });
    rules = withRules(project.manifest.updates ?? {}, add, remove);
    if (isChanged) setUpdateRules(project, rules);
  } else {
    rules = withRules(folderRules(settings), add, remove);
    if (isChanged) keepInSettings(rules, context);
  }
  const where = folder === undefined ? "settings" : "project";
  const lines = kinds.flatMap((kind) => rules[kind].map((rule) => ({ kind, rule })));
  out.print(
    `${
      lines.length === 0 ? text.noRules : where === "settings" ? text.inSettings : text.inProject(printable(folder!))
    }\n`,
  );
  for (const { kind, rule } of lines) {
    out.show({ event: "rule", kind, rule, where }, `  ${withColons(text.rules[kind], printable(rule))}\n`);
  }
}

function keepInSettings(rules: AllRules, { io, settings: { options } }: CommandContext): void {
  const path = options.configPath ?? settingsPath(io.env);
  if (path === undefined) {
    throw invalid("keeping rules: there is no home folder; set HOME or XDG_CONFIG_HOME", "HOME");
  }
  const store = settingsStore(path, options.configPath === undefined);
  for (const kind of kinds) {
    const key = `updates.${kind}` as const;
    if (rules[kind].length === 0) store.unset(key);
    else store.set(key, JSON.stringify(rules[kind]));
  }
}
