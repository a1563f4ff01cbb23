import { networkRows } from "./network_rows.ts";
import type { Setting, ValueOf } from "./setting.ts";
import { useRows } from "./use_rows.ts";
import { watchRows } from "./watch_rows.ts";

/** Every setting there is, said once and here alone; see {@linkcode Setting}. */
export const settingTable: typeof networkRows & typeof useRows & typeof watchRows = {
  ...networkRows,
  ...useRows,
  ...watchRows,
};

type Table = typeof settingTable;

/** The name of a setting, as it stands in the settings file: `timeouts.api`. */
export type SettingKey = keyof Table;

/** What a setting comes to; undefined where it has no default and nobody set it. */
export type SettingValue<K extends SettingKey> = Table[K] extends { default: unknown } ? ValueOf<Table[K]>
  : ValueOf<Table[K]> | undefined;

/** What settings come to, some of them. */
export type SettingValues = { readonly [K in SettingKey]?: SettingValue<K> };

/** Every key, in the order of the table. */
export const settingKeys: readonly SettingKey[] = Object.keys(settingTable) as SettingKey[];

/** Tells whether there is a setting of this name. */
export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(settingTable, name);
}

/** The row of a setting. */
export function settingRow(key: SettingKey): Setting {
  return settingTable[key];
}

/** The environment variables that set it, the stronger one first: `CIVIKIT_TIMEOUTS_API`. */
export function envNames(key: SettingKey): readonly string[] {
  const own = `CIVIKIT_${key.replace(/[A-Z]/g, "_$&").replaceAll(".", "_").toUpperCase()}`;
  const { alsoEnv } = settingRow(key);
  return alsoEnv === undefined || alsoEnv === own ? [own] : [own, alsoEnv];
}
