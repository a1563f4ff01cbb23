import type { Bilingual } from "./texts.ts";

/** The help of `civikit config`. */
export const configHelp: Bilingual = {
  en: `<action> is one of:
  list              every setting, its value, and where that comes from
  get KEY           one of them
  set KEY VALUE     writes it into the file: on, off, 60, 8M, zh-TW, a,b ...;
                    KEY may be one entry of a map, such as folders.LORA
  unset KEY         takes it out of the file; its default holds again
  edit              opens the file in $VISUAL or $EDITOR
  path              where the file is
  check             tells what is wrong with the settings
  init              makes a file with every setting at its default
  reset             puts the file aside, under a name it prints
  migrate FILE      takes over the settings of the old tool, JSON or Python
                    (read, never run); --dry-run only shows what would become
                    of each key
  detect            finds ComfyUI, A1111, Forge, SD.Next and InvokeAI; --use N
                    sets root, layout and folders for one of them

An option goes before the environment (CIVIKIT_TIMEOUTS_API=60), that before
--config FILE, that before your own file, and that before the default. With
--config, changes go into FILE.

examples:
  civikit config list
  civikit config set download.directory ~/ComfyUI/models
  civikit config set download.limitRate "08:00,512k 23:00,off"
  civikit config migrate old/user_config.json --dry-run`,
  "zh-TW": `<action> 可以是：
  list              每個設定、它的值，以及值從哪裡來
  get KEY           其中一個
  set KEY VALUE     寫進設定檔：on、off、60、8M、zh-TW、a,b ...；KEY 可以是對照表裡的一項，例如 folders.LORA
  unset KEY         從設定檔拿掉，恢復預設
  edit              用 $VISUAL 或 $EDITOR 開啟設定檔
  path              設定檔在哪裡
  check             說明設定有什麼問題
  init              建立設定檔，每個設定都是預設值
  reset             把設定檔移到旁邊，並印出新的名稱
  migrate FILE      接收舊工具的設定，JSON 或 Python（只讀，不執行）；--dry-run 只顯示每個鍵會變成什麼
  detect            找出 ComfyUI、A1111、Forge、SD.Next 與 InvokeAI；--use N 為其中一個設定根資料夾、版面與各類資料夾

選項優先於環境變數（CIVIKIT_TIMEOUTS_API=60），其次是 --config FILE，再來是您自己的設定檔，最後是預設值。加上 --config 時，變更會寫進 FILE。

範例：
  civikit config list
  civikit config set download.directory ~/ComfyUI/models
  civikit config set download.limitRate "08:00,512k 23:00,off"
  civikit config migrate old/user_config.json --dry-run`,
};
