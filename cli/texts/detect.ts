import type { Locale } from "../../transport/mod.ts";

const en = {
  heads: ["", "program", "folder", "layout"] as readonly string[],
  nothing:
    "No program was found where they usually are; set it yourself: civikit config set root FOLDER, and layout, such as comfyui",
  use: "To download into one of them: civikit config detect --use N",
  noSuch: (number: number, most: number): string => `option --use ${number}: only ${most} found`,
  set: (program: string, root: string): string => `downloads go into ${program} from now on: ${root}`,
  unread: (path: string, reason: string): string => `warning: ${path} cannot be read: ${reason}`,
};

/** What `civikit config detect` says. */
export const detectText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    heads: ["", "程式", "資料夾", "版面"],
    nothing: "在常見的位置沒有找到任何程式；請自行設定：civikit config set root FOLDER，以及 layout，例如 comfyui",
    use: "要下載到其中一個，請執行：civikit config detect --use N",
    noSuch: (number, most) => `選項 --use ${number}：只找到 ${most} 個`,
    set: (program, root) => `之後會下載到 ${program}：${root}`,
    unread: (path, reason) => `警告：無法讀取 ${path}：${reason}`,
  },
};
