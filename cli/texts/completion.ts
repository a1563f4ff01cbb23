import type { Bilingual, Texts } from "./texts.ts";

const en = {
  siteSilent: (why: string): string =>
    `types and base models are left out: the site did not tell them (${why}); run it again later`,
};

/** What `civikit completion` says. */
export const completionText: Texts<typeof en> = {
  en,
  "zh-TW": {
    siteSilent: (why) => `沒有補上模型種類與基礎模型：網站沒有回答（${why}）；請稍後再執行一次`,
  },
};

/** The help of `civikit completion`. */
export const completionHelp: Bilingual = {
  en:
    `The script goes to standard output; nothing on your disk is changed. It knows commands, actions, options and their
words, and settings; types and base models are asked of the site now and stand in it as they are today. Print it
again after an update. Where it goes:
  bash:
  ~/.local/share/bash-completion/completions/civikit
  zsh: in a folder of $fpath, as _civikit
  fish:
  ~/.config/fish/completions/civikit.fish
  powershell: a line of $PROFILE that reads it in

examples:
  civikit completion fish > ~/.config/fish/completions/civikit.fish
  civikit completion powershell | Out-String | Invoke-Expression`,
  "zh-TW":
    `指令稿印到標準輸出，不會更動磁碟上的任何東西。它認得指令、動作、選項與選項的字，以及設定；模型種類與基礎模型在這時向網站詢問，照今天的樣子寫進去。更新 civikit 之後請再印一次。放在哪裡：
  bash：
  ~/.local/share/bash-completion/completions/civikit
  zsh：$fpath 某個資料夾裡的檔案 _civikit
  fish：
  ~/.config/fish/completions/civikit.fish
  powershell：在 $PROFILE 用一行讀進來

範例：
  civikit completion fish > ~/.config/fish/completions/civikit.fish
  civikit completion powershell | Out-String | Invoke-Expression`,
};
