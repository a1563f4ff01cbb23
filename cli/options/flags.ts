import { printable } from "../terminal/text.ts";
import { readTextValue, shownValue } from "../settings/read_value.ts";
import type { Settings } from "../settings/read_settings.ts";
import { type SettingKey, settingRow, type SettingValue, type SettingValues } from "../settings/table.ts";
import { knownWord } from "./known_words.ts";
import { UsageError } from "./usage_error.ts";

/** What all options have. */
interface Described {
  /** One-letter name. */
  readonly short?: string;
  /** One line of help, without bounds and default. */
  readonly help: { readonly en: string; readonly "zh-TW"?: string };
  /** What it is shown under. Default: with the options of the command's own. */
  readonly group?: "output" | "site";
}

/** What options with a value have: what the value is called, and what it is where none is given. */
interface Valued<T> extends Described {
  readonly value: string;
  readonly default?: T;
  /** The default in words, where it is decided elsewhere. */
  readonly usual?: string;
}

/**
 * One option: its row in the table of a command. Parsing, typed values, help, suggestions and the reference in the user
 * guide come from it.
 *
 * - `switch`: there or not.
 * - `text`: any text; `list`: several, with commas between.
 * - `whole`: a whole number from `least` to `most`.
 * - `word`: one of `words`; upper or lower case, spaces, dashes and underscores make no difference.
 * - `digest`: 64 hexadecimal digits; `span`: milliseconds, as `90m`, `24h` or `7d`.
 * - `setting`: sets a setting for this run; where it is not given it is what the settings say. Its bounds, its default and,
 *   unless it has its own, its help are those of the setting. A switch may do so too; `--no-...` switches off.
 */
export type Flag =
  | Described & { readonly type: "switch"; readonly setting?: never }
  | Partial<Described> & { readonly type: "switch"; readonly setting: SettingKey }
  | Partial<Described> & { readonly type: "setting"; readonly setting: SettingKey; readonly value: string }
  | Valued<string> & { readonly type: "text" | "digest" }
  | Valued<readonly string[]> & { readonly type: "list" }
  | Valued<number> & { readonly type: "span" }
  | Valued<number> & { readonly type: "whole"; readonly least: number; readonly most: number }
  | Valued<string> & { readonly type: "word"; readonly words: readonly string[] };

/** The options of a command, by the names its code calls them: `dryRun` is `--dry-run`. */
export type Flags = Readonly<Record<string, Flag>>;

type Given<F extends Flag> = F extends { type: "word"; words: readonly (infer Word)[] } ? Word
  : F extends { type: "list" } ? readonly string[]
  : F extends { type: "whole" | "span" } ? number
  : string;

/** What an option comes to: undefined where it was not given and has no default. */
type Value<F extends Flag> = F extends { type: "switch" } ? boolean
  : F extends { type: "setting"; setting: infer Key extends SettingKey } ? SettingValue<Key>
  : F extends { default: string | number } ? Given<F>
  : Given<F> | undefined;

/** What the options of a table come to. */
export type Values<F extends Flags> = { readonly [Name in keyof F]: Value<F[Name]> };

/** An option with the name the user types. */
export type NamedFlag = Flag & Described & { readonly name: string };

/** The options of a table with the names the user types. */
export function namedFlags(flags: Flags): readonly NamedFlag[] {
  return Object.entries(flags).map(([name, flag]) => ({ ...flag, help: helpOf(flag), name: optionName(name) }));
}

function helpOf(flag: Flag): Described["help"] {
  return "setting" in flag && flag.setting !== undefined ? flag.help ?? settingRow(flag.setting).help : flag.help;
}

/** `--dry-run` for `dryRun`, without the dashes. */
export function optionName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** An option as help and guide write it: `-d, --dir FOLDER`. */
export function flagUsage(flag: NamedFlag): string {
  const { name, short } = flag;
  return `${short ? `-${short}, ` : ""}--${name}${"value" in flag ? ` ${flag.value}` : ""}`;
}

/** Bounds that say no more than that there is an end are not shown. */
const shownBound = 100_000;

/** What an option may be, its least and its most, and what it is where it is not given. */
function boundsOf(
  flag: Flag,
): { least?: number; most?: number; usual?: string | number | readonly string[] | undefined } {
  if (flag.type === "switch") return {};
  if (flag.type !== "setting") return { ...flag, usual: flag.default ?? flag.usual };
  const row = settingRow(flag.setting);
  return { ...row, usual: shownValue(row, row.default) || row.usual?.en };
}

/** The line of help of an option: what it does, its bounds, its default. */
export function flagHelp(flag: Flag): string {
  const { least, most, usual } = boundsOf(flag);
  const bounds = most !== undefined && most < shownBound ? `, ${least}-${most}` : "";
  return `${helpOf(flag).en}${bounds}${usual === undefined ? "" : ` (default: ${usual})`}`;
}

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
  const bad = (state: string) => new UsageError(`option --${flag.name} "${printable(text)}": ${state}`);
  switch (flag.type) {
    case "text":
      return text;
    case "list":
      return text.split(",").map((word) => word.trim()).filter((word) => word !== "");
    case "whole": {
      const value = /^\d+$/.test(text) ? Number(text) : NaN;
      if (value >= flag.least && value <= flag.most) return value;
      throw bad(`not a whole number from ${flag.least} to ${flag.most}`);
    }
    case "word":
      return knownWord(`option --${flag.name}`, text, flag.words);
    case "setting":
      try {
        return readTextValue(settingRow(flag.setting), text);
      } catch (error) {
        throw error instanceof TypeError ? bad(error.message) : error;
      }
    case "digest":
      if (/^[0-9a-f]{64}$/i.test(text.trim())) return text.trim().toUpperCase();
      throw bad("not 64 hexadecimal digits");
    case "span": {
      const ms = readSpan(text);
      if (ms !== undefined) return ms;
      throw bad("expected e.g. 90m, 24h or 7d");
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
