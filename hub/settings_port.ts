import type { Locale } from "../transport/mod.ts";

/** One setting, as it stands. */
export interface SettingRow {
  /** Its name, such as `download.parallel`. */
  readonly key: string;
  /** What kind of value it takes, such as `whole`. */
  readonly kind: string;
  /** What a number counts, such as `ms`; null where it counts nothing. */
  readonly unit: string | null;
  /** Its value as text; null while it has none. Of a secret: `set` or null. */
  readonly value: string | null;
  /** Where the value comes from. */
  readonly source: "default" | "file" | "environment" | "flag";
  /** What it is where nobody says otherwise; null for nothing. */
  readonly default: string | null;
  /** What is allowed, in words; empty where anything of its kind is. */
  readonly range: string;
  /** What it does. */
  readonly help: string;
}

/** What the service knows of settings; whoever starts it fills this. */
export interface SettingsPort {
  /** Every setting, described in a language. */
  list(locale: Locale): Promise<readonly SettingRow[]>;
  /** What is wrong with `text` for `key`, in words; undefined when nothing is. */
  check(key: string, text: string): Promise<string | undefined>;
  /** Sets it in the user's file. @throws {InputError} When there is no such key, or the value is refused. */
  set(key: string, text: string): Promise<void>;
  /** Takes it out of the user's file. @throws {InputError} When there is no such key. */
  unset(key: string): Promise<void>;
  /** The key of the API: whether there is one, and a way to set it; it is never read. */
  readonly apiKey: { isSet(): Promise<boolean>; set(key: string): Promise<void> };
}
