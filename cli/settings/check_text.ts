import { readBaseUrl, rememberSecret } from "../../transport/internal.ts";
import { refuse } from "./refuse.ts";
import type { SettingOf } from "./setting.ts";

/** A text that says something, in one line. */
export function checkText(text: string): string {
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
  if (url !== null) rememberPassword(url);
  return text;
}

/** Whoever connects decodes both. */
function rememberPassword({ username, password }: URL): void {
  rememberSecret(password);
  try {
    decodeURIComponent(username);
    rememberSecret(decodeURIComponent(password));
  } catch {
    refuse("in a user or password, % is written as %25");
  }
}

function checkRedis(text: string): string {
  // whatever follows the first of several hosts is of its kind
  const url = URL.parse(text.replace(/^([^/]*\/\/(?:[^/]*@)?[^/,]*)(?:,[^/,]+)+/, "$1"));
  const isRedis = url !== null && /^rediss?(?:\+sentinel)?:$/.test(url.protocol) && url.hostname !== "";
  if (!isRedis) {
    refuse("not the address of a Redis, such as redis://10.0.0.5:6379 or rediss://user:password@host:6380/1");
  }
  if (url !== null) rememberPassword(url);
  if (url?.protocol.endsWith("+sentinel:") && !/^\/[^/]/.test(url.pathname)) {
    refuse("the name of the primary is missing, as in redis+sentinel://10.0.0.5:26379,10.0.0.6:26379/NAME");
  }
  return text;
}

/** How each kind of address is checked. */
export const checkUrl: Readonly<Record<SettingOf<"url">["of"], (text: string) => string>> = {
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

/** How each kind of text is checked that has a form of its own. */
export const checkForm: Readonly<Record<NonNullable<SettingOf<"text">["of"]>, (text: string) => string>> = {
  layout: checkLayout,
  schedule: checkSchedule,
  source: checkSource,
};
