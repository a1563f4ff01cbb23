import { isRecord, readBaseUrl, redactUrl, rememberSecret } from "../../transport/internal.ts";
import { parseSize } from "../terminal/text.ts";
import type { HeaderRules, HeaderSource, Setting } from "./setting.ts";
import { stateOf } from "./state_of.ts";
import { timetable } from "./timetable.ts";

type Of<Kind extends Setting["kind"]> = Extract<Setting, { kind: Kind }>;

/** Refuses a value; the message says what would be right, and leaves it to the caller to say where it stood. */
function refuse(state: string): never {
  throw new TypeError(state);
}

/** What a number, a size or a word may be, in a few characters; null where there is no such bound. */
export function rangeText(setting: Setting): string | null {
  switch (setting.kind) {
    case "switch":
      return "on|off";
    case "number":
    case "size":
      return `${shownValue(setting, setting.least)}-${shownValue(setting, setting.most)}`;
    case "word":
      return setting.words.join("|");
    default:
      return null;
  }
}

/** What it is counted in; null where nothing is counted. */
export function unitOf(setting: Setting): string | null {
  if (setting.kind === "number") return setting.unit ?? null;
  return setting.kind === "size" ? "bytes" : setting.kind === "rate" ? "bytes/s" : null;
}

function ranged(setting: Of<"number" | "size">, value: number): number {
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

function readWord({ words, of }: Of<"word">, text: string): string {
  const meant = folded(of === "language" ? languageOf(text) : text);
  return words.find((word) => folded(word) === meant) ?? refuse(`not ${words.join(", ")}`);
}

function checkText(text: string): string {
  if (text.trim() === "") refuse("empty");
  return /\p{Cc}/u.test(text) ? refuse("control characters in it") : text;
}

/** The layouts with a name, as `layoutNames` has them; said again here so that no command loads what it does not use. */
export const layoutWords: readonly string[] = ["a1111", "forge", "comfyui", "sdnext", "invokeai", "flat"];

function checkLayout(text: string): string {
  const name = text.toLowerCase();
  if (layoutWords.includes(name)) return name;
  return /\{file\}$/.test(text) ? text : refuse(`not ${layoutWords.join(", ")}, nor a template that ends in {file}`);
}

/** Its form; what the words come to says whoever goes by them. */
function checkSchedule(text: string): string {
  const isPlain = /^(?:hourly|daily(?:\s+at\s+\d{1,2}:\d{2})?|weekly|every\s+\d{0,4}\s*[mhdw][a-z]*)$/i.test(text);
  if (isPlain || text.split(/\s+/).length === 5) return text;
  return refuse('not a schedule such as daily, "every 6h", "daily at 07:30" or five words of cron');
}

function checkProxy(text: string): string {
  const url = URL.parse(text);
  const isProxy = url !== null && /^(?:https?|socks5h?):$/.test(url.protocol) && url.hostname !== "";
  if (!isProxy) refuse("not the URL of a proxy, such as http://proxy.lan:3128 or socks5://127.0.0.1:1080");
  if (url?.password) rememberSecret(decodeURIComponent(url.password));
  return text;
}

function checkRedis(text: string): string {
  const url = URL.parse(text);
  const isRedis = url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== "";
  if (!isRedis) {
    refuse("not the address of a Redis, such as redis://10.0.0.5:6379 or rediss://user:password@host:6380/1");
  }
  if (url?.password) rememberSecret(decodeURIComponent(url.password));
  return text;
}

const readUrl: Readonly<Record<Of<"url">["of"], (text: string) => string>> = {
  base: readBaseUrl,
  proxy: checkProxy,
  redis: checkRedis,
};

/** As `templateSource` has it; said again here so that no command loads what it does not use. */
function checkSource(text: string): string {
  if (!/\{sha256\}/i.test(text)) refuse("{sha256} is missing in it");
  const url = URL.parse(text.replace(/\{sha256\}/gi, "0"));
  const isLocal = url?.protocol === "http:" && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url?.protocol !== "https:" && !isLocal) refuse("not an https URL");
  if (url!.username !== "" || url!.password !== "") refuse("a URL with a password; headers can have it");
  return text;
}

const items: Readonly<Record<Of<"list">["of"], { readonly form: RegExp; readonly state: string }>> = {
  host: {
    form: /^(?:[\w-]+\.)*[\w-]+(?::\d{1,5})?$|^\[[\da-f:]+\](?::\d{1,5})?$/i,
    state: "not a host such as box.lan",
  },
  path: { form: /^[^\p{Cc}]+$/u, state: "not a path" },
  target: {
    form: /^(?:a1111|forge|sdnext|comfyui|invokeai)=https?:\/\/[^\s/?#@]+(?:\/[^\s?#@]*)?$/i,
    state: "not a program and its address such as forge=http://127.0.0.1:7860",
  },
  ignore: {
    form: /^(?:version:[1-9]\d{0,14}|model:[1-9]\d{0,14}|base:[^\p{Cc}]*\S[^\p{Cc}]*)$/u,
    state: "not version:ID, model:ID or base:NAME",
  },
  otherBase: { form: /^(?:model:[1-9]\d{0,14}|all)$/, state: "not model:ID or all" },
  origin: { form: /^https?:\/\/[^\s/?#@]+$/i, state: "not an origin such as https://ui.example" },
};

function checkItems({ of }: Of<"list">, list: readonly string[]): readonly string[] {
  const wrong = list.find((item) => !items[of].form.test(item));
  return wrong === undefined ? list : refuse(`"${wrong}" is ${items[of].state}`);
}

const typeName = /^[A-Za-z][\w .-]*$/;
const headerName = /^[!#$%&'*+.^`|~\w-]+$/;
const sourceNames = ["env", "file"] as const;

function checkFolders(value: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  for (const [type, folder] of Object.entries(value)) {
    if (!typeName.test(type)) refuse(`"${type}" is not a type of models such as LORA`);
    if (typeof folder !== "string" || folder.trim() === "") refuse(`the folder of ${type} is no text`);
  }
  return value as Record<string, string>;
}

function readSource(host: string, name: string, value: unknown): HeaderSource {
  const [kind, ...more] = isRecord(value) ? Object.keys(value) : [];
  const known = sourceNames.find((word) => word === kind);
  const place = isRecord(value) && known !== undefined ? value[known] : undefined;
  if (more.length === 0 && known === "env" && typeof place === "string" && /^\w+$/.test(place)) return { env: place };
  if (more.length === 0 && known === "file" && typeof place === "string" && place !== "") return { file: place };
  return refuse(
    `the value of ${name} for ${host} may not stand here: {"env": "NAME"} or {"file": "PATH"} says where it is`,
  );
}

function checkHeaders(value: Readonly<Record<string, unknown>>): HeaderRules {
  return Object.fromEntries(
    Object.entries(value).map(([host, headers]) => {
      if (!items.host.form.test(host)) refuse(`"${host}" is ${items.host.state}`);
      if (!isRecord(headers)) return refuse(`the headers of ${host} are no object`);
      return [
        host,
        Object.fromEntries(
          Object.entries(headers).map(([name, source]) => {
            if (!headerName.test(name)) refuse(`"${name}" is not the name of a header`);
            return [name, readSource(host, name, source)];
          }),
        ),
      ];
    }),
  );
}

/** `A=x,B=y` as pairs. */
function pairs(text: string, form: string): [string, string][] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const at = part.indexOf("=");
    return at > 0
      ? [part.slice(0, at).trim(), part.slice(at + 1).trim()]
      : refuse(`"${part}" is not of the form ${form}`);
  });
}

function readHeadersText(text: string): Record<string, unknown> {
  const rules: Record<string, Record<string, unknown>> = {};
  for (const [place, source] of pairs(text, "HOST/HEADER=env:NAME")) {
    const [host = "", name = ""] = place.split("/");
    const [, kind, where] = /^(env|file):(.+)$/s.exec(source) ?? [];
    // the value itself, should it stand there, is not repeated
    if (kind === undefined) refuse(`where the value of ${name} is: env:NAME or file:PATH is due`);
    (rules[host] ??= {})[name] = { [kind!]: where };
  }
  return rules;
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
      if (setting.kind === "url") return readUrl[setting.of](text.trim());
      if (setting.kind !== "text" || setting.of === undefined) return text;
      return { layout: checkLayout, schedule: checkSchedule, source: checkSource }[setting.of](text.trim());
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

const steps = ["", "K", "M", "G"] as const;

/** A size as it is typed: `8M`. */
function sizeText(bytes: number): string {
  let [step, rest] = [0, bytes];
  while (rest >= 1024 && rest % 1024 === 0 && step < steps.length - 1) [step, rest] = [step + 1, rest / 1024];
  return `${rest}${steps[step]}`;
}

/** A URL without secrets, and else as it was typed; also where it is none, for want of a colon say. */
export function shownUrl(url: string): string {
  if (!URL.parse(url)?.hostname) return url.replace(/[^/\s]*@/g, "");
  const shown = redactUrl(url);
  return shown === `${url}/` ? url : shown;
}

/** A value as it is typed, without secrets; an empty text where there is none. */
export function shownValue(setting: Setting, value: unknown): string {
  if (value === undefined) return "";
  switch (setting.kind) {
    case "switch":
      return value ? "on" : "off";
    case "size":
      return sizeText(value as number);
    case "url":
      return shownUrl(value as string);
    case "list":
      return (value as readonly string[]).join(",");
    case "folders":
      return Object.entries(value as Record<string, string>).map(([type, folder]) => `${type}=${folder}`).join(",");
    case "headers":
      return Object.entries(value as HeaderRules).flatMap(([host, headers]) => {
        return Object.entries(headers).map(([name, source]) =>
          `${host}/${name}=${Object.entries(source)[0]!.join(":")}`
        );
      }).join(",");
    default:
      return String(value);
  }
}
