import { redactUrl, sizeText } from "../../transport/internal.ts";
import type { HeaderRules, Setting } from "./setting.ts";

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

/** A URL without secrets, and else as it was typed; also where it is none, for want of a colon say. */
export function shownUrl(url: string): string {
  if (!URL.parse(url)?.hostname) return url.replace(/^([a-z][a-z\d+.-]*:?\/+)?.*@/is, "$1");
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
