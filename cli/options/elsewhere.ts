import type { Bilingual } from "../texts/texts.ts";

/** What to type instead: the line itself. */
const line = (text: string): Bilingual => ({
  en: `did you mean: civikit ${text}`,
  "zh-TW": `您要的是：civikit ${text}`,
});

const remove: Bilingual = {
  en: "to remove civikit: deno uninstall --global civikit",
  "zh-TW": "要移除 civikit：deno uninstall --global civikit",
};

/** What people call a thing that has another name here, or that another program does: where to find it. */
export const elsewhere: ReadonlyMap<string, Bilingual> = new Map([
  ["updates", line("scan --updates")],
  ["search", line("models search")],
  ["find", line("models search")],
  ["info", line("models get")],
  ["list", line("scan --all")],
  ["ls", line("scan --all")],
  ["get", line("download")],
  ["pull", line("download")],
  ["fetch", line("download")],
  ["dl", line("download")],
  ["auth", line("login")],
  ["signin", line("login")],
  ["signout", line("logout")],
  ["settings", line("config list")],
  ["set", line("config set")],
  ["self-update", line("upgrade")],
  ["uninstall", remove],
]);
