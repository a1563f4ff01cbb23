import type { Bilingual, Texts } from "./texts.ts";

const en = {
  name: "NAME",
  synopsis: "SYNOPSIS",
  description: "DESCRIPTION",
  options: "OPTIONS",
  commands: "COMMANDS",
  environment: "ENVIRONMENT",
  exit: "EXIT STATUS",
  examples: "EXAMPLES",
  about: `Every command also takes the options of the section OPTIONS, before its name or after. The same texts, a
command at a time: "civikit help COMMAND".`,
};

/** The headings of the manual page. */
export const manText: Texts<typeof en> = {
  en,
  "zh-TW": {
    name: "名稱",
    synopsis: "概要",
    description: "說明",
    options: "選項",
    commands: "指令",
    environment: "環境變數",
    exit: "結束代碼",
    examples: "範例",
    about:
      "「選項」一節的選項每個指令都可以用，放在指令前面或後面都可以。同樣的內容，一次看一個指令：「civikit help 指令」。",
  },
};

/** The help of `civikit man`. */
export const manHelp: Bilingual = {
  en: `The page goes to standard output as roff; nothing on your disk is changed. It has what the helps of all
commands say. Print it again after an update.

examples:
  civikit man | man -l -
  civikit man > ~/.local/share/man/man1/civikit.1
  civikit man --lang zh-TW > ~/.local/share/man/zh_TW/man1/civikit.1`,
  "zh-TW":
    `把說明頁以 roff 印到標準輸出，不會更動磁碟上的任何東西。內容就是所有指令的說明。更新 civikit 之後請再印一次。

範例：
  civikit man | man -l -
  civikit man > ~/.local/share/man/man1/civikit.1
  civikit man --lang zh-TW > ~/.local/share/man/zh_TW/man1/civikit.1`,
};
