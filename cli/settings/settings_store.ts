import { existsSync, mkdirSync, realpathSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { closest, withFolder, wrapDiskError } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { printable } from "../terminal/text.ts";
import { contradictions } from "./contradictions.ts";
import { type JsonObject, withoutSetting, withSetting } from "./with_setting.ts";
import { entryValue, mapEntry, withEntry } from "./map_entry.ts";
import { writePrivate } from "./private_file.ts";
import { readTextValue } from "./read_value.ts";
import { shownUrl } from "./shown_value.ts";
import { settingsSchema } from "./schema.ts";
import { isGranted, keeping } from "./rights.ts";
import { invalid } from "./setting_words.ts";
import { noSettings, readSettingsFile, type SettingsFile } from "./settings_file.ts";
import {
  isSettingKey,
  type SettingKey,
  settingKeys,
  settingRow,
  type SettingValue,
  type SettingValues,
} from "./table.ts";
import { settingsVersion } from "./versions.ts";

/** A settings file that is changed. */
export interface SettingsStore {
  /** Where it is. */
  readonly path: string;
  /** What it says now. */
  read(): SettingsFile;
  /**
   * Sets one setting, or one entry of a map: `folders.LORA`, `headers.huggingface.co/Authorization`.
   *
   * @returns The setting.
   * @throws {InputError} `invalid_config` for a wrong value, or one that contradicts another.
   */
  set(name: string, text: string): SettingKey;
  /** Takes one setting out, an unknown one too; tells whether it was there. */
  unset(key: string): boolean;
  /** Sets several, which are right. */
  merge(values: SettingValues): void;
  /** Writes every setting with its default into a new file. @throws {InputError} Where there is a file. */
  init(): void;
  /** Puts the file aside under another name, which it returns; undefined where there is no file. */
  reset(now: Date): string | undefined;
}

/**
 * The key of a setting.
 *
 * @throws {InputError} `invalid_config` when there is none of that name; the message names the one that is near.
 */
export function settingKey(name: string): SettingKey {
  if (isSettingKey(name)) return name;
  const near = settingKeys.find((key) => key.toLowerCase() === name.toLowerCase()) ?? closest(name, settingKeys);
  const hint = near === undefined ? '; "civikit config list" shows all' : `; did you mean "${near}"?`;
  throw invalid(`reading the setting "${printable(name)}": there is none of that name${hint}`, name);
}

/**
 * The value a text means for a setting.
 *
 * @throws {InputError} `invalid_config` when it means none.
 */
export function checkedValue(key: SettingKey, text: string): unknown {
  try {
    return readTextValue(settingRow(key), text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const { kind } = settingRow(key);
    // a header's value, should it stand there, is not repeated
    const shown = kind === "headers" ? "" : ` "${printable(kind === "url" ? shownUrl(text) : text)}"`;
    throw invalid(`setting ${key}${shown}: ${error.message}`, key);
  }
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The schema's name beside a settings file. */
const schemaName = (path: string): string => `${basename(path).replace(/\.json$/, "")}.schema.json`;

/** Two settings of a file that cannot go together, with all others at their defaults. */
function refuseContradictions(values: SettingValues, path: string): void {
  const value = <K extends SettingKey>(key: K) => (values[key] ?? settingRow(key).default) as SettingValue<K>;
  const [first] = contradictions({ value, from: (key) => values[key] === undefined ? null : printable(path) });
  if (first !== undefined) throw first;
}

/** Asked before, because Deno would stop and ask the user. */
function mustBeAllowed(path: string): void {
  if (isGranted(keeping(path))) return;
  const flags = ["read", "write"].map((name) => `--allow-${name}=${printable(dirname(path))}`).join(" ");
  throw new CivikitError(`changing the settings "${printable(path)}": Deno was not given ${flags}`, {
    code: "permission_denied",
    reason: "write_right",
  });
}

/** How long is waited for another process that changes the same file, in milliseconds. */
const patienceMs = 5000;

/** Calls `work` while no other process changes the settings: what one sets must not undo what another has set. */
function changing<T>(path: string, work: () => T): T {
  mustBeAllowed(path);
  let isOurTurn = false;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return withFolder(path, true, patienceMs, () => {
      isOurTurn = true;
      return work();
    });
  } catch (error) {
    if (isOurTurn) throw error;
    if (existsSync(dirname(path)) && statSync(dirname(path)).isDirectory()) {
      const message = `changing the settings "${printable(path)}": another process is at it; try again`;
      throw new CivikitError(message, { code: "target_locked", cause: error });
    }
    throw wrapDiskError(error, path, "writing");
  }
}

/**
 * The settings file at `path`, to be changed. It is replaced in one step and for its owner alone; what cannot be read, or
 * was written by a newer civikit, is left as it is. Beside it lies the schema that `$schema` names.
 *
 * @param isOwn Whether it is the user's own; another one keeps the rights it has.
 */
export function settingsStore(path: string, isOwn: boolean): SettingsStore {
  const read = () => isGranted([{ name: "read", path }]) ? readSettingsFile(path, isOwn) : noSettings(path);

  function readable(): SettingsFile {
    const file = read();
    if (file.isBroken) throw file.faults[0]!;
    if (file.version <= settingsVersion) return file;
    throw new CivikitError(
      `changing the settings "${
        printable(path)
      }": version ${file.version} is of a newer civikit, this one knows ${settingsVersion}`,
      { code: "newer_format" },
    );
  }

  function write({ $schema, version: _version, ...rest }: JsonObject): void {
    // whoever keeps the file elsewhere and links to it keeps the link
    const target = existsSync(path) ? realpathSync(path) : path;
    const mode = isOwn && target === path
      ? undefined
      : (statSync(target, { throwIfNoEntry: false })?.mode ?? 0o600) & 0o755;
    const ownSchema = `./${schemaName(path)}`;
    writePrivate(target, pretty({ $schema: $schema ?? ownSchema, version: settingsVersion, ...rest }), { mode });
    if ($schema !== undefined && $schema !== ownSchema) return;
    writePrivate(join(dirname(path), schemaName(path)), pretty(settingsSchema()), {
      mode,
    });
  }

  const store: SettingsStore = {
    path,
    read,
    set(name, text) {
      const { raw, values } = readable();
      const entry = mapEntry(name);
      const key = entry?.key ?? settingKey(name);
      const value = checkedValue(
        key,
        entry ? JSON.stringify(withEntry(values[entry.key] ?? {}, entry.path, entryValue(entry, text))) : text,
      );
      refuseContradictions({ ...values, [key]: value }, path);
      write(withSetting(raw, key, value));
      return key;
    },
    unset(name) {
      const file = readable();
      const entry = mapEntry(name);
      const map = entry && file.values[entry.key];
      if (entry && map) {
        const left = withEntry(map, entry.path, undefined);
        if (pretty(left) === pretty(map)) return false;
        write(
          Object.keys(left).length === 0 ? withoutSetting(file.raw, entry.key) : withSetting(file.raw, entry.key, left),
        );
        return true;
      }
      const key = isSettingKey(name) || file.unknown.includes(name) ? name : settingKey(name);
      const raw = withoutSetting(file.raw, key);
      if (pretty(raw) === pretty(file.raw)) return false;
      write(raw);
      return true;
    },
    merge(values) {
      const file = readable();
      refuseContradictions({ ...file.values, ...values }, path);
      write(Object.entries(values).reduce((raw, [key, value]) => withSetting(raw, key, value), file.raw));
    },
    init() {
      if (existsSync(path)) {
        const advice = '"civikit config reset" puts it aside';
        throw invalid(`making the settings "${printable(path)}": there is a file already; ${advice}`, path);
      }
      write(settingKeys.reduce<JsonObject>((raw, key) => withSetting(raw, key, settingRow(key).default ?? null), {}));
    },
    reset(now) {
      if (!existsSync(path)) return undefined;
      const aside = `${path}.${now.toISOString().replace(/[-:]|\.\d+/g, "")}.bak`;
      try {
        renameSync(path, aside);
      } catch (error) {
        throw wrapDiskError(error, path, "putting aside");
      }
      return aside;
    },
  };
  return {
    ...store,
    set: (name, text) => changing(path, () => store.set(name, text)),
    unset: (name) => changing(path, () => store.unset(name)),
    merge: (values) => changing(path, () => store.merge(values)),
    init: () => changing(path, () => store.init()),
    reset: (now) => changing(path, () => store.reset(now)),
  };
}
