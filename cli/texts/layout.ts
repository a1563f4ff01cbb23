import type { Texts } from "./texts.ts";

const en = {
  help: `Says to a program where the models are, by the settings root, layout and folders (or
--root and --layout for once).

comfyui: an extra_model_paths.yaml with a section "civikit". With --out it is written
into FILE; a file that is there keeps all other sections, its comments, and what you
added to ours. ComfyUI reads it beside its main.py, or where
--extra-model-paths-config says. Without --out it is printed.

a1111, forge: the arguments the program is started with, as one line.

examples:
  civikit layout export comfyui --out ~/ComfyUI/extra_model_paths.yaml
  civikit layout export comfyui --root /srv/models --layout comfyui
  civikit layout export a1111`,
  programDue: (programs: string): string => `layout export: one of ${programs} is due`,
  programUnknown: (text: string, programs: string): string => `layout export "${text}": not one of ${programs}`,
  outIsComfy: "option --out: only comfyui reads a file; the others are printed",
  made: (path: string): string => `${path}: made`,
  merged: (path: string): string => `${path}: the section civikit was renewed, everything else is as it was`,
  unchanged: (path: string): string => `${path}: says so already`,
  left: (folders: string): string => `warning: it takes one folder of each kind; these are left out: ${folders}`,
};

/** What `civikit layout` says. */
export const layoutText: Texts<typeof en> = {
  en,
  "zh-TW": {
    help: `告訴程式模型在哪裡：依設定 root、layout 與 folders（或這一次的 --root 與 --layout）。

comfyui：一份 extra_model_paths.yaml，裡面有「civikit」這一節。加上 --out 就寫進 FILE；已有的檔案會保留其他各節、註解，以及您在我們這一節加的東西。ComfyUI 讀放在 main.py 旁邊的那一份，或 --extra-model-paths-config 指定的。沒有 --out 就印出來。

a1111、forge：啟動程式用的參數，印成一行。

範例：
  civikit layout export comfyui --out ~/ComfyUI/extra_model_paths.yaml
  civikit layout export comfyui --root /srv/models --layout comfyui
  civikit layout export a1111`,
    programDue: (programs) => `layout export：要說是哪個程式，${programs} 其中之一`,
    programUnknown: (text, programs) => `layout export「${text}」：不是 ${programs} 其中之一`,
    outIsComfy: "選項 --out：只有 comfyui 讀檔案，其他的都是印出來",
    made: (path) => `${path}：已建立`,
    merged: (path) => `${path}：更新了 civikit 這一節，其他都沒動`,
    unchanged: (path) => `${path}：已經是這樣`,
    left: (folders) => `警告：每一種只能給一個資料夾，這些沒有包含在內：${folders}`,
  },
};
