import type { Bilingual } from "./texts.ts";

/** The help of `civikit download`. */
export const downloadHelp: Bilingual = {
  en: `<what> is one of:
  128713                        a version id (model:4384 or --model for a model id)
  urn:air:sdxl:checkpoint:civitai:827184@2514310, or short: civitai:827184@2514310
  https://civitai.com/models/4384?modelVersionId=128713   a page or download URL
  https://example.com/x.safetensors                       any other https URL; the
                                server may name its file (Content-Disposition);
                                on huggingface.co verified by its LFS OID
  lantern.png, workflow.json, infotext.txt, https://civitai.com/images/<id>
                                what these name and is not here yet, after a
                                question or with --yes
  -                             references on standard input, one a line

Interrupted or failed? Run the same command again: it goes on where it stopped.
Finished files are checked, not fetched again. Hashes decide what is finished.

Progress and messages go to standard error; standard output holds only what
--json, --print-path or --dry-run put there. Every line of --json is an object
with "event": plan, start, progress, done, error, would_download or summary.

examples:
  civikit download 128713
  civikit download model:4384 --dir models/Stable-diffusion
  civikit download 128713 --layout comfyui --root ~/ComfyUI --sidecars
  civikit download --from list.txt --jobs 2 --limit-rate 20M
  civikit download https://example.com/x.bin --sha256 0f3c...`,
  "zh-TW": `<what> 可以是：
  128713                        版本編號（模型編號寫成 model:4384，或加 --model）
  urn:air:sdxl:checkpoint:civitai:827184@2514310，或簡寫 civitai:827184@2514310
  https://civitai.com/models/4384?modelVersionId=128713   頁面或下載網址
  https://example.com/x.safetensors                       其他任何 https 網址；
                                伺服器可以決定檔名（Content-Disposition）；
                                在 huggingface.co 上的以 LFS OID 驗證
  lantern.png、workflow.json、infotext.txt、https://civitai.com/images/<id>
                                它們提到而還沒有的模型；先詢問，或加上 --yes
  -                             從標準輸入讀，一行一個

中斷或失敗時，再執行一次相同的指令，就會從停下的地方繼續。已完成的檔案只檢查，不重新下載；是否完成由雜湊決定。

進度與訊息寫到標準錯誤；標準輸出只有 --json、--print-path 或 --dry-run 要的內容。--json 的每一行都是一個物件，"event" 是 plan、start、progress、done、error、would_download 或 summary。

範例：
  civikit download 128713
  civikit download model:4384 --dir models/Stable-diffusion
  civikit download 128713 --layout comfyui --root ~/ComfyUI --sidecars
  civikit download --from list.txt --jobs 2 --limit-rate 20M
  civikit download https://example.com/x.bin --sha256 0f3c...`,
};
