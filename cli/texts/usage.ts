import type { Texts } from "./texts.ts";

const anyOf = (words: readonly string[]): string => (words.length > 1 ? "one of " : "") + words.join(", ");
const anyOfZh = (words: readonly string[]): string =>
  (words.length > 1 ? "要是這些之一：" : "要是 ") + words.join("、");

/** The kinds of settings; one that is missing here is an error where it is said. */
type Kind = "switch" | "number" | "size" | "word" | "text" | "path" | "url" | "rate" | "list" | "folders" | "headers";

/** What a value had to be, for each kind of setting; in English its reader says it more exactly. */
const notThat: Readonly<Record<Kind, (range: string) => string>> = {
  number: (range) => `要是 ${range} 的數字`,
  size: (range) => `要是 ${range} 的大小，例如 8M`,
  rate: () => '不是速率；要像 500K、5M、off，或時間表 "08:00,512k 23:00,off"',
  switch: () => "要是 on 或 off",
  word: (range) => `要是這些之一：${range.replaceAll("|", "、")}`,
  url: () => "不是可以用的網址；除了這台電腦，要是 https",
  path: () => "不是路徑",
  text: () => "這裡不能這樣寫",
  list: () => "有一項不能這樣寫",
  folders: () => "要像 LORA=loras,VAE=models/vae",
  headers: () => "要像 主機/標頭=env:變數",
};

const en = {
  see: (command: string): string => `See: ${command} --help`,
  unknownCommand: (name: string, hint: string): string => `command "${name}": unknown${hint && `; ${hint}`}`,
  unknownOption: (name: string, near: string): string =>
    `option "${name}": unknown${near && `; did you mean ${near}?`}`,
  didYouMean: (text: string): string => `did you mean: ${text}`,
  near: (word: string): string => `did you mean "${word}"?`,
  operand: (text: string): string => `operand "${text}": not expected`,
  secret: (name: string): string =>
    `option --${name}: not offered, because other users would see the key in the list of processes.\n` +
    "Run civikit login once, or set CIVITAI_API_KEY.",
  noValue: (name: string): string => `option --${name}: needs a value`,
  option: (name: string, value: string, state: string): string => `option --${name} "${value}": ${state}`,
  notWhole: (least: number, most: number): string => `not a whole number from ${least} to ${most}`,
  notSetting: (state: string, _kind: Kind, _range: string): string => state,
  notDigest: "not 64 hexadecimal digits",
  notSpan: "expected e.g. 90m, 24h or 7d",
  unknownWord: (name: string, word: string, near: string, due: string): string =>
    `option --${name} "${word}": unknown${near && `; did you mean "${near}"?`}\n${due}`,
  oneOf: (words: readonly string[]): string =>
    words.length > 2 ? `one of ${words.join(", ")} is due` : `expected ${words.join(" or ")}`,
  siteList: (list: string): string => `"civikit enums ${list}" lists all`,
  layoutDue: (names: readonly string[]): string =>
    `one of ${names.join(", ")}, or a template such as "{type}/{baseModel}/{file}" is due`,
  actionMissing: (actions: readonly string[]): string => `action missing: ${anyOf(actions)} is due`,
  actionUnknown: (word: string, actions: readonly string[], near: string): string =>
    `action "${word}": unknown, ${anyOf(actions)} is due${near && `; did you mean "${near}"?`}`,
  contradicts: (one: string, other: string): string => `option --${one}: contradicts --${other}`,
  due: (what: string): string => `one ${what} is due`,
};

/** What is wrong with a command line, where any command may say it. */
export const usageText: Texts<typeof en> = {
  en,
  "zh-TW": {
    see: (command) => `請看：${command} --help`,
    unknownCommand: (name, hint) => `指令「${name}」：沒有這個指令${hint && `；${hint}`}`,
    unknownOption: (name, near) => `選項「${name}」：沒有這個選項${near && `；您是指 ${near} 嗎？`}`,
    didYouMean: (text) => `您要的是：${text}`,
    near: (word) => `您是指「${word}」嗎？`,
    operand: (text) => `參數「${text}」：這裡不需要`,
    secret: (name) =>
      `選項 --${name}：不提供，因為其他使用者會在行程清單裡看到金鑰。\n` +
      "請執行一次 civikit login，或設定 CIVITAI_API_KEY。",
    noValue: (name) => `選項 --${name}：需要一個值`,
    option: (name, value, state) => `選項 --${name}「${value}」：${state}`,
    notWhole: (least, most) => `不是 ${least} 到 ${most} 的整數`,
    notSetting: (_state, kind, range) => notThat[kind](range),
    notDigest: "不是 64 個十六進位數字",
    notSpan: "要像 90m、24h 或 7d",
    unknownWord: (name, word, near, due) =>
      `選項 --${name}「${word}」：不認得${near && `；您是指「${near}」嗎？`}\n${due}`,
    oneOf: (words) => words.length > 2 ? `要是這些之一：${words.join("、")}` : `要是 ${words.join(" 或 ")}`,
    siteList: (list) => `「civikit enums ${list}」會列出全部`,
    layoutDue: (names) => `要是這些之一：${names.join("、")}，或像 "{type}/{baseModel}/{file}" 的樣板`,
    actionMissing: (actions) => `缺少動作：${anyOfZh(actions)}`,
    actionUnknown: (word, actions, near) =>
      `動作「${word}」：不認得，${anyOfZh(actions)}${near && `；您是指「${near}」嗎？`}`,
    contradicts: (one, other) => `選項 --${one}：與 --${other} 矛盾`,
    due: (what) => `需要一個${what}`,
  },
};
