import { isRecord } from "../../transport/internal.ts";
import type { Locale } from "../../transport/mod.ts";
import { settingsText } from "../texts/settings.ts";
import { type Bilingual, bilingual } from "../texts/texts.ts";
import { type JsonObject, withoutSetting, withSetting } from "./with_setting.ts";
import { readJsonValue, readTextValue } from "./read_value.ts";
import { type SettingKey, settingKeys, settingRow, type SettingValues } from "./table.ts";

/** A value of a Python file that is no plain one. */
export const unread: unique symbol = Symbol("unread");

/** What becomes of one key of the old tool. */
export interface Fate {
  /** The old key. */
  readonly old: string;
  /** The setting it is now; null where it is none. */
  readonly key: SettingKey | null;
  /** What it comes to; undefined where it is not taken over. */
  readonly value?: unknown;
  /** Why it is not taken over, or what else is to be known. */
  readonly why?: Bilingual;
}

/** What becomes of the settings of the old tool. */
export interface OldSettings {
  /** What they come to. */
  readonly values: SettingValues;
  /** The API key among them. */
  readonly apiKey: string | undefined;
  /** Each of them, in the order of the file. */
  readonly fates: readonly Fate[];
  /** Keys the old tool did not have. */
  readonly unknown: readonly string[];
}

const dropped: ReadonlySet<string> = new Set(["http_chunk_size", "download_chunk_size"]);
const apiKeyName = "civitai_api_key";
const homes: ReadonlyMap<string, SettingKey> = new Map(
  settingKeys.flatMap((key) => (settingRow(key).old ?? []).map((old) => [old, key] as const)),
);

/** Every key of the old tool. */
export const oldKeys: readonly string[] = [...homes.keys(), ...dropped, apiKeyName];

/** Words of Python's logging that have another name here. */
const levels: ReadonlyMap<string, string> = new Map([["warning", "WARN"], ["critical", "ERROR"], ["fatal", "ERROR"]]);

function readOld(key: SettingKey, old: string, value: unknown): unknown {
  const row = settingRow(key);
  if (old === "http_enable_chunked_download") return readOld("memory.enabled", "", value) ? undefined : 1;
  if (row.kind === "switch" && (value === 0 || value === 1)) return value === 1;
  if (typeof value !== "string") return readJsonValue(row, value);
  return readTextValue(row, key === "monitor.logLevel" ? levels.get(value.toLowerCase()) ?? value : value);
}

function fateOf(old: string, value: unknown, key: SettingKey): Fate {
  const say = (pick: (texts: (typeof settingsText)[Locale]) => string) => bilingual(settingsText, pick);
  if (value === unread) return { old, key, why: say(({ noReading }) => noReading) };
  if (value === null || value === "") return { old, key, why: say(({ noValue }) => noValue) };
  try {
    const read = readOld(key, old, value);
    if (old !== "http_enable_chunked_download") return { old, key, value: read };
    return { old, key, value: read, why: say(({ parallelOff, parallelOn }) => read === 1 ? parallelOff : parallelOn) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const { message } = error;
    return { old, key, why: { en: message, "zh-TW": message } };
  }
}

/** Which of two old keys of one setting counts: the one the table names first. */
function rank(key: SettingKey, old: string): number {
  return (settingRow(key).old ?? []).indexOf(old);
}

/** The old tool let more connections be kept than opened; of the two, the narrower one holds for both. */
function keepIdleWithinOpen(values: Record<string, unknown>, judged: Map<string, Fate>): void {
  const open = values["pool.maxConnections"];
  const idle = values["pool.idlePerHost"];
  if (typeof open !== "number" || typeof idle !== "number" || idle <= open) return;
  values["pool.idlePerHost"] = open;
  const why = bilingual(settingsText, ({ narrower }) => narrower("http_pool_maxsize"));
  judged.set("http_pool_connections", { old: "http_pool_connections", key: "pool.idlePerHost", why });
}

function fateOfKey(value: unknown): Fate {
  const { why } = value === unread || value === null || value === "" ? fateOf(apiKeyName, value, "baseUrl") : {};
  return { old: apiKeyName, key: null, why: why ?? bilingual(settingsText, ({ keyFile }) => keyFile) };
}

/** What becomes of the settings of the old tool, by their old keys. */
export function judgeOld(settings: ReadonlyMap<string, unknown>): OldSettings {
  const values: Record<string, unknown> = {};
  const winners = new Map<SettingKey, string>();
  const judged = new Map<string, Fate>();
  const known = [...settings].flatMap(([old, value]) => {
    const key = homes.get(old);
    return key === undefined ? [] : [{ old, value, key }];
  }).sort((a, b) => rank(a.key, a.old) - rank(b.key, b.old));
  for (const { old, value, key } of known) {
    const fate = fateOf(old, value, key);
    const winner = winners.get(key);
    if (fate.value === undefined) judged.set(old, fate);
    else if (winner === undefined) {
      judged.set(old, fate);
      winners.set(key, old);
      values[key] = fate.value;
    } else judged.set(old, { old, key, why: bilingual(settingsText, ({ wins }) => wins(winner)) });
  }
  keepIdleWithinOpen(values, judged);
  const fates = [...settings].flatMap(([old, value]): Fate[] => {
    if (dropped.has(old)) return [{ old, key: null, why: bilingual(settingsText, ({ chunkSize }) => chunkSize) }];
    if (old === apiKeyName) return [fateOfKey(value)];
    const fate = judged.get(old);
    return fate ? [fate] : [];
  });
  const apiKey = settings.get(apiKeyName);
  return {
    values: values as SettingValues,
    apiKey: typeof apiKey === "string" && apiKey.trim() !== "" ? apiKey.trim() : undefined,
    fates,
    unknown: [...settings.keys()].filter((old) => !oldKeys.includes(old)),
  };
}

/** The leaves of a JSON object by their own names; sections are looked into. */
export function leaves(value: JsonObject): Map<string, unknown> {
  return new Map(
    Object.entries(value).flatMap(([name, inner]): [string, unknown][] =>
      isRecord(inner) ? [...leaves(inner)] : [[name, inner]]
    ),
  );
}

/** Tells whether a settings file has keys of the old tool in it. */
export function hasOldKeys(raw: JsonObject): boolean {
  return Object.keys(raw).some((name) => homes.has(name));
}

/** A settings file with the old tool's keys in it, in the words of today; what stands there in those already, counts. */
export function takeOver(raw: JsonObject): { raw: JsonObject; notes: readonly string[] } {
  const old = new Map(Object.entries(raw).filter(([name]) => homes.has(name) || dropped.has(name)));
  const { fates, values } = judgeOld(old);
  let now = raw;
  for (const name of old.keys()) now = withoutSetting(now, name);
  const mine = now;
  for (const [key, value] of Object.entries(values)) if (!hasSetting(mine, key)) now = withSetting(now, key, value);
  const taken = fates.filter(({ value }) => value !== undefined);
  return { raw: now, notes: taken.map(({ old, key }) => `${old} -> ${key}`) };
}

function hasSetting(raw: JsonObject, key: string): boolean {
  if (Object.hasOwn(raw, key)) return true;
  const [name = "", ...below] = key.split(".");
  const section = raw[name];
  return below.length > 0 && isRecord(section) && hasSetting(section, below.join("."));
}
