import type { SettingsPort } from "../../hub/mod.ts";
import { CivikitError } from "../../transport/mod.ts";
import { checkKey, loadKeys } from "./keys.ts";
import { keyPath, settingsPath } from "./places.ts";
import { writePrivate } from "./private_file.ts";
import { readSettings, type ReadSettingsOptions } from "./read_settings.ts";
import { shownValue } from "./shown_value.ts";
import { invalid } from "./setting_words.ts";
import { checkedValue, settingKey, type SettingsStore, settingsStore } from "./settings_store.ts";
import { settingRow } from "./table.ts";

/**
 * The settings as the service shows and changes them: those that hold by the options it was started with; changes go into
 * the file `--config` named, else into the user's own.
 *
 * @param host The site whose key is shown and kept: the one the service downloads from.
 */
export function settingsPort(options: ReadSettingsOptions, host: string): SettingsPort {
  const { env, configPath } = options;

  function store(): SettingsStore {
    const path = configPath ?? settingsPath(env);
    if (path === undefined) {
      throw invalid("keeping settings: there is no home folder; set HOME or XDG_CONFIG_HOME", "HOME");
    }
    return settingsStore(path, configPath === undefined);
  }

  return {
    async list(locale) {
      const { entries } = await readSettings(options);
      return entries().map(({ key, kind, unit, text, source, default: usual, range, help }) => ({
        key,
        kind,
        unit,
        value: text === "" ? null : text,
        source,
        default: usual === null ? null : shownValue(settingRow(key), usual),
        range: range ?? "",
        help: help[locale].replaceAll("`", ""),
      }));
    },
    // deno-lint-ignore require-await -- a refusal is a rejection
    async check(key, text) {
      try {
        checkedValue(settingKey(key), text);
        return undefined;
      } catch (error) {
        if (error instanceof CivikitError) return error.message;
        throw error;
      }
    },
    // deno-lint-ignore require-await -- a refusal is a rejection
    async set(key, text) {
      store().set(key, text);
    },
    // deno-lint-ignore require-await -- a refusal is a rejection
    async unset(key) {
      store().unset(settingKey(key));
    },
    apiKey: {
      isSet: () => Promise.resolve(loadKeys(env).find(host) !== undefined),
      // deno-lint-ignore require-await -- a refusal is a rejection
      async set(key) {
        const path = keyPath(env, host);
        if (path === undefined) throw invalid("keeping the API key: there is no home folder; set HOME", "HOME");
        writePrivate(path, `${checkKey(key, "the page")}\n`);
      },
    },
  };
}
