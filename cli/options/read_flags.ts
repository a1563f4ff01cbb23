import { printable } from "../terminal/text.ts";
import { readTextValue } from "../settings/read_value.ts";
import { rangeText } from "../settings/shown_value.ts";
import type { Settings } from "../settings/read_settings.ts";
import { settingRow, type SettingValues } from "../settings/table.ts";
import { bilingual } from "../texts/texts.ts";
import { usageText } from "../texts/usage.ts";
import { type Flag, type Flags, helpOf, type NamedFlag, optionName, type Values } from "./flags.ts";
import { knownOption } from "./known_words.ts";
import { UsageError } from "./usage_error.ts";

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function readSpan(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * unitMs[unit as keyof typeof unitMs];
}

/**
 * What was typed for an option, as its type says.
 *
 * @throws {UsageError} when it cannot be that.
 */
function readValue(flag: Exclude<NamedFlag, { type: "switch" }>, text: string): unknown {
  const bad = (state: (texts: typeof usageText["en"]) => string) =>
    new UsageError(bilingual(usageText, (t) => t.option(flag.name, printable(text), state(t))));
  switch (flag.type) {
    case "text":
      return text;
    case "list":
      return text.split(",").map((word) => word.trim()).filter((word) => word !== "");
    case "whole": {
      const value = /^\d+$/.test(text) ? Number(text) : NaN;
      if (value >= flag.least && value <= flag.most) return value;
      throw bad((t) => t.notWhole(flag.least, flag.most));
    }
    case "word":
      return knownOption(flag.name, text, flag.words);
    case "setting":
      try {
        return readTextValue(settingRow(flag.setting), text);
      } catch (error) {
        const { kind } = settingRow(flag.setting);
        const range = rangeText(settingRow(flag.setting)) ?? "";
        throw error instanceof TypeError ? bad((t) => t.notSetting(error.message, kind, range)) : error;
      }
    case "digest":
      if (/^[0-9a-f]{64}$/i.test(text.trim())) return text.trim().toUpperCase();
      throw bad((t) => t.notDigest);
    case "span": {
      const ms = readSpan(text);
      if (ms !== undefined) return ms;
      throw bad((t) => t.notSpan);
    }
  }
}

/**
 * The values of a table's options.
 *
 * @param given What was typed for each; true for a switch, undefined where it was not given.
 * @throws {UsageError} when one of them cannot be what its row says.
 */
export function readFlags<F extends Flags>(flags: F, given: (name: string) => string | boolean | undefined): Values<F> {
  const values = Object.entries(flags).map(([key, flag]) => {
    const name = optionName(key);
    const typed = given(name);
    if (flag.type === "switch") return [key, typed === true];
    const usual = flag.type === "setting" ? settingRow(flag.setting).default : flag.default;
    return [key, typeof typed === "string" ? readValue({ ...flag, help: helpOf(flag), name }, typed) : usual];
  });
  return Object.fromEntries(values);
}

/** Whether a switch says the opposite of its setting. */
const isOpposite = (name: string): boolean => /^no[A-Z]/.test(name);

/** The settings that options stand for, of those that were given. */
export function givenSettings<F extends Flags>(
  flags: F,
  values: Values<F>,
  isGiven: (name: keyof F) => boolean,
): SettingValues {
  const given = Object.entries<Flag>(flags).flatMap(([name, flag]) => {
    if (!("setting" in flag) || flag.setting === undefined || !isGiven(name)) return [];
    return [[flag.setting, isOpposite(name) ? !values[name] : values[name]] as const];
  });
  return Object.fromEntries(given);
}

/** The values of a table's options, those that stand for settings as the settings say. */
export function withSettings<F extends Flags>(
  flags: F,
  values: Values<F>,
  settings: Pick<Settings, "value">,
): Values<F> {
  const set = Object.entries<Flag>(flags).flatMap(([name, flag]) => {
    if (!("setting" in flag) || flag.setting === undefined) return [];
    const value = settings.value(flag.setting);
    return [[name, isOpposite(name) ? !value : value] as const];
  });
  return { ...values, ...Object.fromEntries(set) };
}
