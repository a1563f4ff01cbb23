import { isRecord } from "../../transport/internal.ts";
import { CivikitError, type Locale } from "../../transport/mod.ts";
import type { Io } from "../terminal/io.ts";
import { printable } from "../terminal/text.ts";
import type { Bilingual } from "../texts/texts.ts";
import { contradictions } from "./contradictions.ts";
import { homeFolder, settingsPath } from "./places.ts";
import { rangeText, shownUrl, shownValue, unitOf } from "./shown_value.ts";
import { readTextValue } from "./read_value.ts";
import { isGranted } from "./rights.ts";
import type { SettingKind } from "./setting.ts";
import { invalid } from "./setting_words.ts";
import { readSettingsFile, type SettingsFile } from "./settings_file.ts";
import { envNames, type SettingKey, settingKeys, settingRow, type SettingValue, type SettingValues } from "./table.ts";

/** Where a value comes from. */
export type SettingSource = "default" | "file" | "environment" | "flag";

/** One setting with its value. */
export interface SettingEntry {
  /** Its name. */
  readonly key: SettingKey;
  /** What it is made of. */
  readonly kind: SettingKind;
  /** What it is counted in; null where nothing is counted. */
  readonly unit: string | null;
  /** What it is; null where it has no value. */
  readonly value: unknown;
  /** The same as it is typed, without secrets. */
  readonly text: string;
  /** Where that comes from. */
  readonly source: SettingSource;
  /** The option, the variable or the file, by its name; null for the default. */
  readonly from: string | null;
  /** What it is where nobody sets it; null where it has no value then. */
  readonly default: unknown;
  /** What it may be, such as `1-600`; null where that is not bounded. */
  readonly range: string | null;
  /** One line of help. */
  readonly help: Readonly<Record<Locale, string>>;
}

/** What holds: options over the environment over `--config FILE` over the user's file over the defaults. */
export interface Settings {
  /** What a setting comes to. */
  value<K extends SettingKey>(key: K): SettingValue<K>;
  /** Where that comes from. */
  source(key: SettingKey): SettingSource;
  /** Every setting, in the order of the table. */
  entries(): readonly SettingEntry[];
  /** What deserves a word: unknown keys, a file that others can read. */
  readonly warnings: readonly Bilingual[];
  /** What is wrong: a command that is not about settings refuses to start. What is right holds nevertheless. */
  readonly faults: readonly CivikitError[];
  /** The user's own file; undefined where there is no folder for it. */
  readonly path: string | undefined;
  /** What they were read by, so that they may be read again. */
  readonly options: ReadSettingsOptions;
}

/** What {@linkcode readSettings} goes by. */
export interface ReadSettingsOptions {
  /** The environment. */
  readonly env: Io["env"];
  /** What options of the command line say. Default: nothing. */
  readonly flags?: SettingValues;
  /** The file `--config` names. Default: none. */
  readonly configPath?: string | undefined;
}

/** One place where values come from. */
interface Layer {
  readonly source: SettingSource;
  readonly values: SettingValues;
  from(key: SettingKey): string;
}

function environmentLayer(env: Io["env"], faults: CivikitError[]): Layer {
  const values: Record<string, unknown> = {};
  const names = new Map<SettingKey, string>();
  for (const key of settingKeys) {
    const name = envNames(key).find((name) => env(name));
    if (name === undefined) continue;
    const text = env(name)!;
    const row = settingRow(key);
    names.set(key, name);
    try {
      // where the cache is may stand there too, as ever
      values[key] = row.kind === "switch" && row.isPathToo && /[/\\]/.test(text) ? true : readTextValue(row, text);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const or = row.kind === "switch" && row.isPathToo ? ", or the path of a file, such as ./http.sqlite" : "";
      faults.push(
        invalid(
          `reading ${name} "${printable(row.kind === "url" ? shownUrl(text) : text)}": ${error.message}${or}`,
          name,
        ),
      );
    }
  }
  return { source: "environment", values: atHome(values as SettingValues, env), from: (key) => names.get(key)! };
}

/** `~/models` in a file or a variable is meant as in a shell, which has not seen it. */
function atHome(values: SettingValues, env: Io["env"]): SettingValues {
  const home = homeFolder(env);
  if (home === undefined) return values;
  const expand = (value: unknown): unknown => {
    if (typeof value === "string") return value.replace(/^~(?=$|[/\\])/, home);
    if (Array.isArray(value)) return value.map(expand);
    return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, of]) => [name, expand(of)])) : value;
  };
  const hasPaths: ReadonlySet<SettingKind> = new Set(["path", "list", "folders", "headers"]);
  const entries = Object.entries(values) as [SettingKey, unknown][];
  return Object.fromEntries(
    entries.map(([key, value]) => [key, hasPaths.has(settingRow(key).kind) ? expand(value) : value]),
  );
}

function fileLayer(path: string | undefined, isOwn: boolean): { file?: SettingsFile; fault?: CivikitError } {
  if (path === undefined) return {};
  // asked before, because Deno would stop and ask the user; without the right their own file is as if absent
  if (!isGranted([{ name: "read", path }])) {
    if (isOwn) return {};
    const message = `reading the settings "${printable(path)}": Deno was not given --allow-read for it`;
    return { fault: new CivikitError(message, { code: "permission_denied", reason: "read_right" }) };
  }
  const file = readSettingsFile(path, isOwn);
  if (file.isThere || isOwn) return { file };
  return { fault: invalid(`reading the settings "${printable(path)}": there is no such file`, path) };
}

/**
 * The settings that hold for one run. Nothing is thrown: what is wrong stands in `faults`.
 *
 * @param options See {@linkcode ReadSettingsOptions}.
 */
// deno-lint-ignore require-await -- callers wait, so that a file may be read in another way one day
export async function readSettings(options: ReadSettingsOptions): Promise<Settings> {
  const { env, flags = {}, configPath } = options;
  const faults: CivikitError[] = [];
  const path = settingsPath(env);
  const files = [fileLayer(configPath, false), fileLayer(path, true)];
  const layers: Layer[] = [
    { source: "flag", values: flags, from: (key) => `--${settingRow(key).flag ?? "set"}` },
    environmentLayer(env, faults),
    ...files.flatMap(({ file }): Layer[] =>
      file ? [{ source: "file", values: atHome(file.values, env), from: () => file.path }] : []
    ),
  ];
  faults.unshift(...files.flatMap(({ file, fault }) => [...(fault ? [fault] : []), ...(file?.faults ?? [])]));
  const layerOf = (key: SettingKey) => layers.find(({ values }) => values[key] !== undefined);
  function value<K extends SettingKey>(key: K): SettingValue<K> {
    return (layerOf(key)?.values[key] ?? settingRow(key).default) as SettingValue<K>;
  }
  const source = (key: SettingKey) => layerOf(key)?.source ?? "default";
  const from = (key: SettingKey) => layerOf(key)?.from(key) ?? null;
  faults.push(...contradictions({ value, from }));
  return {
    value,
    source,
    entries: () =>
      settingKeys.map((key) => {
        const row = settingRow(key);
        return {
          key,
          kind: row.kind,
          unit: unitOf(row),
          value: value(key) ?? null,
          text: shownValue(row, value(key)),
          source: source(key),
          from: from(key),
          default: row.default ?? null,
          range: rangeText(row),
          help: row.help,
        };
      }),
    warnings: files.flatMap(({ file }) => file?.warnings ?? []),
    faults,
    path,
    options,
  };
}
