import { statSync } from "node:fs";
import { isRecord, readPlainText, wrapDiskError } from "../../transport/internal.ts";
import { CivikitError, InputError } from "../../transport/mod.ts";
import { printable } from "../terminal/text.ts";
import type { JsonObject } from "./with_setting.ts";
import { readJsonValue } from "./read_value.ts";
import { invalid } from "./setting_words.ts";
import { settingsText } from "../texts/settings.ts";
import { isSettingKey, settingKeys, settingRow, type SettingValues } from "./table.ts";
import { type Bilingual, bilingual } from "../texts/texts.ts";
import { settingsVersion, upgraded } from "./versions.ts";

/** What a settings file says. */
export interface SettingsFile {
  /** Where it is. */
  readonly path: string;
  /** All of it, as it stands there; empty where there is no file. */
  readonly raw: JsonObject;
  /** Whether there is one. */
  readonly isThere: boolean;
  /** Whether nothing could be read of it: `faults` says why. */
  readonly isBroken: boolean;
  /** The version it is of. */
  readonly version: number;
  /** The settings in it. */
  readonly values: SettingValues;
  /** Keys no setting has; they are kept. */
  readonly unknown: readonly string[];
  /** What is wrong with it; what else it says holds nevertheless. */
  readonly faults: readonly CivikitError[];
  /** What deserves a word. */
  readonly warnings: readonly Bilingual[];
}

/** Keys that are no settings and belong there. */
const ownKeys: ReadonlySet<string> = new Set(["$schema", "version"]);

/** The settings in `raw`, whether their keys stand in sections (`{"retry": {"max": 5}}`) or whole (`{"retry.max": 5}`). */
function flattened(raw: JsonObject, prefix = ""): [string, unknown][] {
  return Object.entries(raw).flatMap(([name, value]) => {
    const key = prefix + name;
    if (prefix === "" && ownKeys.has(name)) return [];
    const isSection = !isSettingKey(key) && isRecord(value) && settingKeys.some((known) => known.startsWith(`${key}.`));
    return isSection ? flattened(value, `${key}.`) : [[key, value]];
  });
}

function readText(path: string): string | undefined {
  try {
    return readPlainText(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "")) return undefined;
    throw wrapDiskError(error, path, "reading the settings");
  }
}

function parsed(text: string, path: string): JsonObject {
  const refuse = (state: string, cause?: unknown) => {
    const advice = 'mend it, or put it aside with "civikit config reset"';
    return new InputError(`reading the settings ${JSON.stringify(path)}: ${state}; ${advice}`, {
      code: "invalid_config",
      input: path,
      cause,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw refuse(`not valid JSON: ${printable((cause as Error).message)}`, cause);
  }
  if (isRecord(value)) return value;
  throw refuse("not a JSON object");
}

/** Nobody else may decide what a program does; and a proxy's password may stand there. */
function openToOthers(path: string, isOwn: boolean): { fault?: CivikitError; warning?: Bilingual } {
  const { mode = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  if (Deno.build.os === "windows") return {};
  const shown = printable(path);
  if ((mode & 0o002) !== 0) {
    return {
      fault: invalid(`reading the settings "${shown}": other users can change it; run: chmod 600 "${shown}"`, path),
    };
  }
  return isOwn && (mode & 0o077) !== 0 ? { warning: bilingual(settingsText, ({ openFile }) => openFile(shown)) } : {};
}

function valuesOf(raw: JsonObject, path: string, isNewer: boolean) {
  const values: Record<string, unknown> = {};
  const unknown: string[] = [];
  const faults: CivikitError[] = [];
  for (const [key, value] of flattened(raw)) {
    if (value === null) continue; // as if it did not stand there
    if (!isSettingKey(key)) {
      unknown.push(key);
      continue;
    }
    try {
      values[key] = readJsonValue(settingRow(key), value);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // a newer civikit may allow what this one does not
      if (isNewer) unknown.push(key);
      else faults.push(invalid(`reading ${key} ${shownJson(value)} in "${printable(path)}": ${error.message}`, key));
    }
  }
  return { values: values as SettingValues, unknown, faults };
}

/** A value of the file, short and fit for a terminal; objects might hold a secret. */
function shownJson(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[...]" : "{...}";
  return printable(JSON.stringify(value)).slice(0, 100);
}

/** What a file says that is not there. */
export const noSettings = (path: string): SettingsFile => ({
  path,
  raw: {},
  isThere: false,
  isBroken: false,
  version: settingsVersion,
  values: {},
  unknown: [],
  faults: [],
  warnings: [],
});

/**
 * Reads a settings file. Nothing is thrown: what is wrong stands in `faults`, and what is right holds.
 *
 * @param isOwn Whether it is the user's own, which nobody else is to read.
 */
export function readSettingsFile(path: string, isOwn: boolean): SettingsFile {
  const empty = noSettings(path);
  try {
    const text = readText(path);
    if (text === undefined) return empty;
    const written = parsed(text, path);
    const { fault, warning } = openToOthers(path, isOwn);
    const version = written.version ?? 0;
    if (typeof version !== "number" || !Number.isInteger(version) || version < 0) {
      throw invalid(`reading version ${shownJson(version)} in "${printable(path)}": not a whole number`, path);
    }
    const isNewer = version > settingsVersion;
    const { raw, notes } = upgraded(written, version);
    const { values, unknown, faults } = valuesOf(raw, path, isNewer);
    const warnings = [
      ...(warning ? [warning] : []),
      ...(notes.length > 0 ? [bilingual(settingsText, ({ tookOver }) => tookOver(notes.map(printable)))] : []),
      ...(isNewer ? [bilingual(settingsText, ({ newer }) => newer(printable(path), unknown.map(printable)))] : []),
      ...(unknown.length > 0 && !isNewer
        ? [bilingual(settingsText, ({ unknownKeys }) => unknownKeys(printable(path), unknown.map(printable)))]
        : []),
    ];
    return {
      path,
      raw,
      isThere: true,
      isBroken: false,
      version,
      values,
      unknown,
      faults: [...(fault ? [fault] : []), ...faults],
      warnings,
    };
  } catch (error) {
    if (!(error instanceof CivikitError)) throw error;
    return { ...empty, isThere: true, isBroken: true, faults: [error] };
  }
}
