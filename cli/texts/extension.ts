import type { Texts } from "./texts.ts";

const en = {
  help: `<action> is one of:
  install <name> DIR    puts the extension into the program in DIR, or renews it
  uninstall <name> DIR  takes it away; what you edited or added stays
  list [DIR...]         where it is, in DIR and in programs where they usually are

<name> is forge (Stable Diffusion web UI, Forge, SD.Next) or comfyui. It shows a tab
(a sidebar in ComfyUI) with the queue of "civikit serve", the models that the pasted
text or the open workflow names and that are not here, and buttons that get them. It
needs nothing installed; start the program anew to see it.

Address and pairing token of the service are kept in civikit.json in its folder, for
you alone; CIVIKIT_URL and CIVIKIT_TOKEN go before it. The browser never sees them.
Browsers on other machines are refused, unless --remote gave them a code.

examples:
  civikit extension install forge ~/stable-diffusion-webui-forge
  civikit extension install comfyui ~/ComfyUI --remote
  civikit extension list`,
  nameDue: (names: string): string => `extension: one of ${names} is due`,
  dirDue: "extension: the folder of the program is due",
  none: "no extension of civikit's was found; give the folder of the program: civikit extension list DIR",
  states: { current: "current", outdated: "outdated", edited: "edited", absent: "not installed" },
  installed: (folder: string): string => `${folder}: installed; start the program anew`,
  updated: (folder: string): string => `${folder}: renewed; start the program anew`,
  removed: (folder: string): string => `${folder}: removed`,
  left: (files: string): string => `left, because it was edited or is not civikit's: ${files}`,
  code: (code: string): string => `code for browsers on other machines: ${code}`,
};

/** What `civikit extension` says. */
export const extensionText: Texts<typeof en> = {
  en,
  "zh-TW": {
    help: `<action> 是下列之一：
  install <name> DIR    把外掛放進 DIR 裡的程式，或更新它
  uninstall <name> DIR  拿掉外掛；您改過或加上的檔案會留著
  list [DIR...]         裝在哪裡：DIR，以及常見位置的程式

<name> 是 forge（Stable Diffusion web UI、Forge、SD.Next）或 comfyui。它是一個分頁（在 ComfyUI 是側欄），顯示「civikit serve」的佇列、貼上的文字或開啟的工作流程提到而這裡沒有的模型，以及取得它們的按鈕。不必安裝任何東西；重新啟動程式就看得到。

服務的位址與配對權杖放在外掛資料夾的 civikit.json，只有您能讀；CIVIKIT_URL 與 CIVIKIT_TOKEN 比它優先。瀏覽器看不到它們。別台機器的瀏覽器一律拒絕，除非用 --remote 給了配對碼。

範例：
  civikit extension install forge ~/stable-diffusion-webui-forge
  civikit extension install comfyui ~/ComfyUI --remote
  civikit extension list`,
    nameDue: (names) => `extension：要說是哪一個，${names} 其中之一`,
    dirDue: "extension：要給程式的資料夾",
    none: "沒有找到 civikit 的外掛；請給程式的資料夾：civikit extension list DIR",
    states: { current: "最新", outdated: "舊版", edited: "改過", absent: "沒有安裝" },
    installed: (folder) => `${folder}：已安裝；請重新啟動程式`,
    updated: (folder) => `${folder}：已更新；請重新啟動程式`,
    removed: (folder) => `${folder}：已移除`,
    left: (files) => `留著，因為改過或不是 civikit 的：${files}`,
    code: (code) => `別台機器的瀏覽器要用的配對碼：${code}`,
  },
};
