import { existsSync } from "node:fs";
import { isRecord, readPlainText, wrapDiskError } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import type { CommandContext } from "../command.ts";
import { checkKey } from "../settings/keys.ts";
import { type Fate, judgeOld, leaves, type OldSettings } from "../settings/old_settings.ts";
import { keyPath } from "../settings/places.ts";
import { writePrivate } from "../settings/private_file.ts";
import { pythonSettings } from "../settings/python_settings.ts";
import { shownValue } from "../settings/shown_value.ts";
import type { SettingsStore } from "../settings/settings_store.ts";
import { settingRow } from "../settings/table.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { settingsText } from "../texts/settings.ts";

/** What {@linkcode migrateSettings} works with. */
export interface MigrateOptions {
  readonly isDry: boolean;
  readonly store: SettingsStore;
  readonly context: CommandContext;
  readonly out: Output;
}

function refuse(path: string, state: string): InputError {
  return new InputError(`reading the old settings ${JSON.stringify(path)}: ${state}`, {
    code: "invalid_file",
    input: path,
  });
}

/** The old settings in a file of JSON or Python, by their keys. */
function readOld(path: string): OldSettings {
  let text: string;
  try {
    text = readPlainText(path).replace(/^\ufeff/, "");
  } catch (error) {
    throw wrapDiskError(error, path, "reading the old settings");
  }
  const isJson = !/\.py$/i.test(path) && /^\s*[{[]/.test(text);
  let settings: ReadonlyMap<string, unknown>;
  try {
    const value: unknown = isJson ? JSON.parse(text) : undefined;
    if (value !== undefined && !isRecord(value)) throw refuse(path, "not a JSON object");
    settings = isRecord(value) ? leaves(value) : pythonSettings(text);
  } catch (error) {
    // a dictionary of Python begins like JSON
    if (!(error instanceof SyntaxError)) throw error;
    settings = pythonSettings(text);
  }
  const old = judgeOld(settings);
  if (old.fates.length > 0) return old;
  throw refuse(path, "none of the old tool's settings are in it; a JSON or a Python file with them is due");
}

function fateLine({ old, key, value, why }: Fate, { locale }: CommandContext): readonly string[] {
  const { taken, left } = settingsText[locale];
  const place = key === null || value === undefined ? "" : `${key} = ${shownValue(settingRow(key), value)}`;
  return [old, value === undefined ? left : taken, [place, why?.[locale]].filter(Boolean).join("; ")];
}

/** The old tool's key, into a key file that is not there yet. */
function keepKey(key: string, source: string, { isDry, context, out }: MigrateOptions): void {
  const text = settingsText[context.locale];
  const path = keyPath(context.io.env);
  if (path === undefined) return;
  const checked = checkKey(key, source);
  const isThere = existsSync(path);
  if (!isThere && !isDry) writePrivate(path, `${checked}\n`);
  const note = isThere ? text.keyThere : isDry ? text.keyWouldBe : text.keyKept;
  out.emit({ event: "key", path, written: !isThere && !isDry }, note(printable(path)));
}

/**
 * Takes over the settings of the old tool. What each key comes to is said, also where it is not taken over.
 *
 * @throws {InputError} `invalid_file` When there are none in the file.
 */
export function migrateSettings(path: string, options: MigrateOptions): void {
  const { isDry, store, context, out } = options;
  const text = settingsText[context.locale];
  const { values, apiKey, fates, unknown } = readOld(path);
  for (const { old, key, value, why } of fates) {
    out.emit({ event: "migrated", old, key, value: value ?? null, taken: value !== undefined, why: why?.en ?? null });
  }
  for (const old of unknown) out.emit({ event: "unknown", old });
  out.table([
    text.migrateHeads,
    ...fates.map((fate) => fateLine(fate, context)),
    ...unknown.map((old) => [old, text.left, text.unknownOld]),
  ]);
  if (!isDry) store.merge(values);
  if (apiKey !== undefined) keepKey(apiKey, path, options);
  out.note((isDry ? text.wouldWrite : text.wrote)(printable(store.path)));
}
