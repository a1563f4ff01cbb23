import type { Locale } from "../../transport/mod.ts";

/** What every setting has. */
interface Described {
  /** One line of help. */
  readonly help: Readonly<Record<Locale, string>>;
  /** The option that sets it for one run, where there is one; `--no-...` switches it off. */
  readonly flag?: string;
  /** A second environment variable that is read where the one made of its key is not set. */
  readonly alsoEnv?: string;
  /** The keys that meant it in the settings of the old tool. */
  readonly old?: readonly string[];
  /** What stands in for a default, in words. */
  readonly usual?: Readonly<Record<Locale, string>>;
}

/** What a number may be. */
interface Ranged {
  readonly least: number;
  readonly most: number;
}

/**
 * One setting: its row in the table. Parsing, checks, `civikit config`, help, options, JSON Schema and the reference in the
 * docs come from it.
 *
 * - `switch`: on or off. `number`: in its unit; whole unless `isFractional`. `size`: bytes, written as `8M` too.
 * - `word`: one of `words`. `text`, `path`, `url`: as they are. `rate`: bytes per second, or a timetable of such.
 * - `list`: several texts, with commas between. `folders`: a folder for each type of model. `headers`: for each host the
 *   headers sent to it, each with where its value is.
 */
export type Setting =
  & Described
  & (
    | { readonly kind: "switch"; readonly default: boolean; readonly isPathToo?: boolean }
    | Ranged & {
      readonly kind: "number";
      readonly unit?: SettingUnit;
      readonly default: number;
      readonly isFractional?: boolean;
    }
    | Ranged & { readonly kind: "size"; readonly default: number }
    | {
      readonly kind: "word";
      readonly words: readonly string[];
      readonly default?: string;
      readonly of?: "language";
    }
    | { readonly kind: "text"; readonly default?: string; readonly of?: "layout" | "schedule" | "source" }
    | { readonly kind: "path"; readonly default?: string }
    | { readonly kind: "url"; readonly default?: string; readonly of: "base" | "proxy" | "redis" }
    | { readonly kind: "rate"; readonly default?: string }
    | {
      readonly kind: "list";
      readonly of: "host" | "path" | "origin" | "network" | "target" | "ignore" | "otherBase";
      readonly default: readonly string[];
    }
    | { readonly kind: "folders"; readonly default: Readonly<Record<string, string>> }
    | { readonly kind: "headers"; readonly default: HeaderRules }
  );

/** What a number counts: seconds, hours, mebibytes, days. */
export type SettingUnit = "s" | "h" | "MB";

/** What a setting is made of. */
export type SettingKind = Setting["kind"];

/** A setting of one kind. */
export type SettingOf<Kind extends SettingKind> = Extract<Setting, { kind: Kind }>;

/** Where the value of a header is; it never stands in the settings. */
export type HeaderSource = { readonly env: string } | { readonly file: string };

/** For each host the headers sent to it. */
export type HeaderRules = Readonly<Record<string, Readonly<Record<string, HeaderSource>>>>;

/** What a setting of a row comes to, where it has a value. */
export type ValueOf<S> = S extends { kind: "switch" } ? boolean
  : S extends { kind: "number" | "size" } ? number
  : S extends { kind: "word"; words: readonly (infer Word)[] } ? Word
  : S extends { kind: "list" } ? readonly string[]
  : S extends { kind: "folders" } ? Readonly<Record<string, string>>
  : S extends { kind: "headers" } ? HeaderRules
  : string;
