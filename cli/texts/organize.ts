import type { Texts } from "./texts.ts";

const en = {
  help: `Moves the models of a folder (default: the root of the settings) to where a layout
has them: a program's (comfyui, a1111, forge, sdnext, invokeai), "flat", or a template
such as "{type}/{base}/{creator}/{file}". Shows what would move and asks once; --yes
goes ahead, --dry-run only shows. Files Civitai does not know stay where they are and
are counted. New files are hashed and asked about first; --offline uses what is
remembered.

A program's layout leaves alone what lies anywhere below the folder in which the
program looks for it, so that your own subfolders stay; a template says the exact
place. Names stay; where another file has the name, the version's id is added. Where
the same bytes are there already, the file stays.

Sidecars and previews go along. Links stay links and lead where they led; hard links
stay one file. Folders on other disks are normal: there the copy is proved by its hash
before the original goes. Nothing is overwritten. The lock file of a project (in this
folder, in FOLDER, or --project) and the remembered hashes follow.

Killed at any moment, no file is lost: --continue finishes, --undo takes back. --undo
also takes back the last finished one; the newest five are kept, --history lists them.
With --dry-run both only show.
A folder this empties goes, and comes back with --undo.

{tag} is the first of --tags that the model has (default: character, concept, clothing,
style and the other kinds of Civitai), else the model's first tag.

With --json every line is an object with "event": would_move or moved, stays, refused,
error, moves (--history) or summary.

examples:
  civikit organize ~/ComfyUI --layout comfyui --dry-run
  civikit organize ~/models --layout "{type}/{base}/{tag}/{file}"
  civikit organize ~/ComfyUI --undo`,
  noFolder: "name the folder to organise, or set one: civikit config set root FOLDER",
  noLayout: "say how: --layout comfyui, a1111, forge, sdnext, invokeai, flat or a template",
  inModels: (layout: string, parent: string): string =>
    `the folders of "${layout}" begin at the program's own folder; did you mean: civikit organize "${parent}"`,
  oneOf: "only one of --continue, --undo and --history",
  moving: (done: number, total: number): string => `moving: ${done} of ${total}`,
  plan: (models: number, files: number): string =>
    `${models} ${models === 1 ? "model" : "models"} to move, ${files} ${files === 1 ? "file" : "files"} in all`,
  question: (models: number): string => `Move ${models} ${models === 1 ? "model" : "models"}?`,
  notAsked: "nothing was moved. To move them: the same command with --yes",
  would: (files: number): string => `${files} ${files === 1 ? "file" : "files"} would move`,
  declined: "nothing was moved",
  more: (count: number): string => `... and ${count} more; --dry-run shows all`,
  asName: (name: string): string => `as ${name}`,
  nothing: "nothing to move",
  also: "; ",
  counts: (settled: number, unknown: number, twins: number): string =>
    [
      `${settled} in place`,
      ...(unknown > 0 ? [`${unknown} unknown, left where they are`] : []),
      ...(twins > 0 ? [`${twins} the same as one there, left`] : []),
    ].join(", "),
  applied: (files: number, undo: string): string =>
    `${files} ${files === 1 ? "file" : "files"} moved${files > 0 ? `; ${undo}` : ""}`,
  undone: (files: number): string =>
    files === 1 ? "1 file is back where it was" : `${files} files are back where they were`,
  refused: (files: number): string => `${files} left where they were`,
  interrupted: (command: string): string =>
    `interrupted; no file is lost. ${command} --continue finishes, --undo takes back`,
  nothingToContinue: "nothing was interrupted",
  nothingToUndo: "nothing to take back",
  noHistory: "nothing was organised here yet",
  states: { applying: "interrupted", applied: "moved", undoing: "interrupted while undoing", undone: "undone" },
};

/** What `civikit organize` says. */
export const organizeText: Texts<typeof en> = {
  en,
  "zh-TW": {
    help:
      `把一個資料夾（預設：設定裡的 root）裡的模型搬到版面說的位置：某個程式的版面（comfyui、a1111、forge、sdnext、invokeai）、flat，或樣板，例如「{type}/{base}/{creator}/{file}」。先列出要搬的，再問一次；--yes 不問就搬，--dry-run 只列出。Civitai 不認得的檔案留在原地，只計數。新的檔案先計算雜湊並查詢；--offline 只用記得的結果。

程式的版面不會動放在該程式尋找位置底下任何一層的檔案，您自己的子資料夾因此保留；樣板則是確切的位置。檔名不變；已有別的檔案同名時加上版本編號。相同內容已經在那裡時，檔案留在原地。

附屬檔與預覽圖一起搬。連結仍是連結，指向的檔案不變；硬連結仍是同一個檔案。其他磁碟上的資料夾很平常：複本先以雜湊證明，原檔才移除。什麼都不會被蓋掉。專案的鎖定檔（這個資料夾、FOLDER 或 --project 的）與記住的雜湊會跟著改。

任何時刻被強制結束都不會少檔案：--continue 完成，--undo 復原。--undo 也能復原上一次完成的整理；保留最新的五次，--history 列出。兩者加上 --dry-run 都只列出。因此搬空的資料夾會移除，復原時再建回。

{tag} 是模型的標籤中最先出現在 --tags 裡的那一個（預設是 character、concept、clothing、style 等 Civitai 的分類），都沒有就用模型的第一個標籤。

加上 --json 時，每一行都是一個物件，"event" 是 would_move 或 moved、stays、refused、error、moves（--history）或 summary。

範例：
  civikit organize ~/ComfyUI --layout comfyui --dry-run
  civikit organize ~/models --layout "{type}/{base}/{tag}/{file}"
  civikit organize ~/ComfyUI --undo`,
    noFolder: "請指定要整理的資料夾，或先設定：civikit config set root FOLDER",
    noLayout: "請指定版面：--layout comfyui、a1111、forge、sdnext、invokeai、flat 或樣板",
    inModels: (layout, parent) =>
      `「${layout}」的資料夾從程式自己的資料夾算起；您要的可能是：civikit organize "${parent}"`,
    oneOf: "--continue、--undo 與 --history 只能用一個",
    moving: (done, total) => `搬移中：${done}／${total}`,
    plan: (models, files) => `要搬 ${models} 個模型，共 ${files} 個檔案`,
    question: (models) => `要搬移 ${models} 個模型嗎？`,
    notAsked: "什麼都沒有搬。要搬請執行同一個指令，加上 --yes",
    would: (files) => `會搬移 ${files} 個檔案`,
    declined: "什麼都沒有搬",
    more: (count) => `…… 還有 ${count} 個；--dry-run 全部列出`,
    asName: (name) => `改名為 ${name}`,
    nothing: "沒有要搬的檔案",
    also: "；",
    counts: (settled, unknown, twins) =>
      [
        `${settled} 個已在定位`,
        ...(unknown > 0 ? [`${unknown} 個不認得，留在原地`] : []),
        ...(twins > 0 ? [`${twins} 個與那裡的檔案相同，留在原地`] : []),
      ].join("，"),
    applied: (files, undo) => `已搬移 ${files} 個檔案${files > 0 ? `；復原：${undo}` : ""}`,
    undone: (files) => `${files} 個檔案回到原來的位置`,
    refused: (files) => `${files} 個留在原地`,
    interrupted: (command) => `已中斷，沒有少任何檔案。${command} --continue 完成，--undo 復原`,
    nothingToContinue: "沒有中斷的搬移",
    nothingToUndo: "沒有可以復原的搬移",
    noHistory: "這裡還沒有整理過",
    states: { applying: "中斷", applied: "已搬移", undoing: "復原時中斷", undone: "已復原" },
  },
};
