import type { Locale } from "../../transport/mod.ts";
import { type SettingKey, settingRow, type SettingValue } from "../settings/table.ts";
import type { Bilingual } from "../texts/texts.ts";

/** What all options have. */
interface Described {
  /** One-letter name. */
  readonly short?: string;
  /** One line of help, without bounds and default. */
  readonly help: Bilingual;
  /** What it is shown under. Default: with the options of the command's own. */
  readonly group?: "output" | "site";
}

/** What options with a value have: what the value is called, and what it is where none is given. */
interface Valued<T> extends Described {
  readonly value: string;
  readonly default?: T;
  /** The default in words, where it is decided elsewhere. */
  readonly usual?: string | Bilingual;
  /** Words that are offered when it is completed, where others are right, too: themselves, or the name of a list of the site. */
  readonly suggests?: readonly string[] | "ModelType" | "BaseModel";
}

/**
 * One option: its row in the table of a command. Parsing, typed values, help, suggestions and the reference in the user
 * guide come from it.
 *
 * - `switch`: there or not.
 * - `text`: any text; `list`: several, with commas between. `mayBeEmpty`: "" is a value, too.
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
  | Valued<string> & { readonly type: "digest" }
  | Valued<string> & { readonly type: "text"; readonly mayBeEmpty?: true }
  | Valued<readonly string[]> & { readonly type: "list"; readonly mayBeEmpty?: true }
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

/** What an option does: in its own words, else in those of its setting. */
export function helpOf(flag: Flag): Described["help"] {
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

/** Its bounds, and what it is where it is not given. */
function boundsOf(flag: Flag, locale: Locale): { least?: number; most?: number; usual?: string } {
  if (flag.type === "switch") return {};
  const row = flag.type === "setting" ? settingRow(flag.setting) : flag;
  const { default: given = "" } = row;
  const words = row.usual === undefined || typeof row.usual === "string" ? row.usual : row.usual[locale];
  const usual = String(given) || words;
  const bounds = "least" in row ? { least: row.least, most: row.most } : {};
  return { ...bounds, ...(usual !== undefined && { usual }) };
}

/** A text of the guide for a terminal, where its Markdown means nothing. */
export function plainText(text: string): string {
  return text.replace(/`|\[([^\]]+)\]\([^)]*\)/g, "$1");
}

/** The line of help of an option: what it does, its bounds, its default. */
export function flagHelp(flag: Flag, locale: Locale): string {
  const { least, most = shownBound, usual } = boundsOf(flag, locale);
  const bounds = most < shownBound ? [`${least}-${most}`] : [];
  const text = [plainText(helpOf(flag)[locale]), ...bounds];
  if (locale === "en") return `${text.join(", ")}${usual === undefined ? "" : ` (default: ${usual})`}`;
  return `${text.join("，")}${usual === undefined ? "" : `（預設：${usual}）`}`;
}
