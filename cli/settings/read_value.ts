import { isRecord } from "../../transport/internal.ts";
import { parseSize } from "../terminal/text.ts";
import { checkFolders, checkHeaders, checkItems, pairs, readHeadersText } from "./check_entries.ts";
import { checkForm, checkText, checkUrl } from "./check_text.ts";
import { refuse } from "./refuse.ts";
import type { Setting, SettingOf } from "./setting.ts";
import { shownValue } from "./shown_value.ts";
import { stateOf } from "./state_of.ts";
import { timetable } from "./timetable.ts";

function ranged(setting: SettingOf<"number" | "size">, value: number): number {
  const { least, most } = setting;
  const isWhole = setting.kind === "size" || !setting.isFractional;
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  const unit = setting.kind === "number" && setting.unit ? ` ${setting.unit}` : "";
  const [from, to] = [least, most].map((bound) => shownValue(setting, bound));
  return refuse(`not a ${isWhole ? "whole " : ""}${setting.kind} from ${from} to ${to}${unit}`);
}

function readSwitchText(text: string): boolean | undefined {
  if (/^(on|1|true|yes)$/i.test(text)) return true;
  return /^(off|0|false|no)$/i.test(text) ? false : undefined;
}

const folded = (word: string): string => word.toLowerCase().replace(/[\s_-]+/g, "");

/** A language as the environment writes it, too: `zh_TW.UTF-8`. */
function languageOf(text: string): string {
  if (/^zh[-_](?:tw|hk|mo|hant)/i.test(text)) return "zh-TW";
  return /^en(?:[-_.]|$)/i.test(text) ? "en" : text;
}

function readWord({ words, of }: SettingOf<"word">, text: string): string {
  const meant = folded(of === "language" ? languageOf(text) : text);
  return words.find((word) => folded(word) === meant) ?? refuse(`not ${words.join(", ")}`);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse("not valid JSON");
  }
}

/**
 * The value that a text means: of an option, a variable of the environment, `civikit config set`, a form.
 *
 * @throws {TypeError} When it means none; the message says what would be right.
 */
export function readTextValue(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  switch (setting.kind) {
    case "switch":
      return readSwitchText(trimmed) ?? refuse("neither on nor off");
    case "number": {
      const [, number] = /^(-?\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(trimmed) ?? [];
      const unit = trimmed.slice(number?.length ?? 0).trim();
      const isUnit = unit === "" || unit.toLowerCase() === setting.unit?.toLowerCase();
      return ranged(setting, number !== undefined && isUnit ? Number(number) : NaN);
    }
    case "size":
      return ranged(setting, parseSize(trimmed) ?? NaN);
    case "list":
      if (trimmed.startsWith("[")) return readJsonValue(setting, parsedJson(trimmed));
      return checkItems(setting, trimmed.split(",").map((item) => item.trim()).filter((item) => item !== ""));
    case "folders":
      if (trimmed.startsWith("{")) return readJsonValue(setting, parsedJson(trimmed));
      return checkFolders(Object.fromEntries(pairs(trimmed, "TYPE=FOLDER")));
    case "headers":
      if (trimmed.startsWith("{")) return readJsonValue(setting, parsedJson(trimmed));
      return checkHeaders(readHeadersText(trimmed));
    default:
      return readJsonValue(setting, text);
  }
}

/**
 * The value that JSON means, as it stands in a settings file. Sizes and rates may be numbers or texts.
 *
 * @throws {TypeError} When it means none; the message says what would be right.
 */
export function readJsonValue(setting: Setting, value: unknown): unknown {
  switch (setting.kind) {
    case "switch":
      return typeof value === "boolean" ? value : refuse("neither true nor false");
    case "number":
      return ranged(setting, typeof value === "number" ? value : NaN);
    case "size":
      return ranged(
        setting,
        typeof value === "number" ? value : typeof value === "string" ? parseSize(value) ?? NaN : NaN,
      );
    case "word":
      return typeof value === "string" ? readWord(setting, value.trim()) : refuse(`not ${setting.words.join(", ")}`);
    case "text":
    case "path":
    case "url": {
      const text = typeof value === "string" ? checkText(value) : refuse("no text");
      if (setting.kind === "url") return checkUrl[setting.of](text.trim());
      if (setting.kind !== "text" || setting.of === undefined) return text;
      return checkForm[setting.of](text.trim());
    }
    case "rate": {
      if (typeof value !== "number" && typeof value !== "string") refuse("neither a rate nor a timetable");
      const text = String(value).trim();
      return refuseIf(stateOf(() => timetable(text))) ?? text;
    }
    case "list":
      if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) refuse("not a list of texts");
      return checkItems(setting, value as string[]);
    case "folders":
      return isRecord(value) ? checkFolders(value) : refuse("not an object of types and folders");
    case "headers":
      return isRecord(value) ? checkHeaders(value) : refuse("not an object of hosts and headers");
  }
}

function refuseIf(state: string | undefined): undefined {
  if (state !== undefined) refuse(state);
}
