import type { Verdict } from "../../testing/mod.ts";
import type { Texts } from "./texts.ts";

const en = {
  help: `Starts a Civitai of its own on this machine, to try commands and programs on: the
API, downloads behind signed links, previews, real files with right hashes.
Nothing leaves the machine. It shows every request, and the faults that struck,
until Ctrl-C.

--faults makes trouble from the start: reset and fin cut connections in
mid-body, expire lets links die, 429 and busy refuse, stall falls silent, slow is
1 MiB/s a connection, corrupt flips a bit, range ignores Range, html answers
with a page, maintenance closes the site.

check runs a downloader through all that a network and a server do to it, and
says what came of each. {url} and {out} stand for the address and the file, and
must be there; {sha256} and {header} (a header with a key) may. It needs the right
to start that program (--allow-run), which civikit is not installed with.

examples:
  civikit sandbox --port 8788
  civikit sandbox --faults reset,expire,429
  civikit sandbox check -- curl -sS -L -o {out} {url}
  civikit sandbox check --only resets,wrong_bytes -- ./mine.sh {url} {out}`,
  running: (api: string, storage: string) =>
    `An embedded Civitai is at ${api}, its storage at ${storage}. Ctrl-C ends it.`,
  elsewhere: "In another terminal:",
  others: (line: string) => `and, in place of "${line}":`,
  several: "several files of one version",
  earlyAccess: "early access",
  loginRequired: "login required: CIVITAI_API_KEY=demo-key before it",
  shelves: "what the shelves hold",
  gallery: "the gallery",
  without: "or without civikit:",
  requests: "Requests:",
  faultsOn: (words: string) => `Faults: ${words}`,
  api: "api",
  storage: "storage",
  verdicts: {
    right: "right file",
    refused: "honest error",
    left_broken: "BROKEN FILE LEFT",
    wrong: "WRONG, SAYS OK",
    leaked: "KEY SENT ALONG",
    endless: "DOES NOT END",
  } as Readonly<Record<Verdict, string>>,
  trials: {
    plain: "nothing goes wrong",
    resets: "three resets in mid-body",
    silent_end: "a body without length ends early",
    expired_link: "the signed link expires in mid-download",
    replaced: "replaced in mid-download, same size",
    wrong_bytes: "a 206 with wrong bytes",
    ignored_range: "200 to a request for the rest",
    shifted_range: "a 206 that starts elsewhere",
    busy: "429 with Retry-After, twice",
    stall: "bytes stop coming",
    killed: "killed in mid-download, started again",
    redirected_key: "a key at a redirect to another host",
    login_page: "a sign-in page with status 200",
    error_json: "an error in JSON as a file",
  } as Readonly<Record<string, string>>,
  good: (good: number, all: number) => `${good} of ${all} as good as can be`,
  unknownFault: (word: string, words: readonly string[]) => `option --faults: "${word}" is none of ${words.join(", ")}`,
  notBoth: "check: --port and --faults are not for it; it brings its own",
  onlyForCheck: (name: string) => `option --${name}: only for check`,
  noCommand: "check: give the command after --, with {url} and {out} where address and file belong",
  noPlace: (name: string) => `check: ${name} stands nowhere in the command`,
  unknownTrial: (word: string, words: readonly string[]) => `option --only: "${word}" is none of ${words.join(", ")}`,
};

const zhTw: typeof en = {
  help: `在這台電腦上啟動一個自己的 Civitai，供指令與程式試用：API、簽章連結後面的下載、預覽圖、雜湊正確的真檔案。
什麼都不會離開這台電腦。它會列出每個請求與發生的故障，直到按下 Ctrl-C。

--faults 一開始就製造麻煩：reset 與 fin 在傳輸中途切斷連線，expire 讓連結失效，429 與 busy 拒絕請求，
stall 沉默不語，slow 讓每條連線只有 1 MiB/s，corrupt 翻轉一個位元，range 不理會 Range，html 以網頁回答，
maintenance 關閉網站。

check 讓一個下載程式經歷網路與伺服器會做的每一種事，並說明各自的結果。{url} 與 {out} 代表網址與檔案，必須出現；
{sha256} 與 {header}（帶金鑰的標頭）可有可無。它需要執行那個程式的權限（--allow-run），安裝 civikit 時沒有給。

範例：
  civikit sandbox --port 8788
  civikit sandbox --faults reset,expire,429
  civikit sandbox check -- curl -sS -L -o {out} {url}
  civikit sandbox check --only resets,wrong_bytes -- ./mine.sh {url} {out}`,
  running: (api, storage) => `內嵌的 Civitai 在 ${api}，它的儲存主機在 ${storage}。按 Ctrl-C 結束。`,
  elsewhere: "在另一個終端機：",
  others: (line) => `以及把「${line}」換成：`,
  several: "一個版本的多個檔案",
  earlyAccess: "搶先體驗",
  loginRequired: "需要登入：前面加上 CIVITAI_API_KEY=demo-key",
  shelves: "架上有什麼",
  gallery: "圖庫",
  without: "或不用 civikit：",
  requests: "請求：",
  faultsOn: (words) => `故障：${words}`,
  api: "API",
  storage: "儲存",
  verdicts: {
    right: "檔案正確",
    refused: "誠實地報錯",
    left_broken: "留下壞檔案",
    wrong: "檔案錯了卻說成功",
    leaked: "把金鑰一起送出去",
    endless: "沒有結束",
  },
  trials: {
    plain: "一切正常",
    resets: "傳輸中途三次重設",
    silent_end: "沒有長度的內容提早結束",
    expired_link: "簽章連結中途失效",
    replaced: "中途換成一樣大的檔案",
    wrong_bytes: "206 帶著錯的位元組",
    ignored_range: "要剩下的部分卻回 200",
    shifted_range: "206 從別處開始",
    busy: "兩次 429 與 Retry-After",
    stall: "不再有位元組",
    killed: "中途被終止後重新啟動",
    redirected_key: "帶著金鑰轉址到別的主機",
    login_page: "狀態 200 的登入頁面",
    error_json: "以 JSON 錯誤充當檔案",
  },
  good: (good, all) => `${all} 項中有 ${good} 項是最好的結果`,
  unknownFault: (word, words) => `選項 --faults：「${word}」不是 ${words.join("、")} 之一`,
  notBoth: "check：--port 與 --faults 不適用，它自有安排",
  onlyForCheck: (name) => `選項 --${name}：只用於 check`,
  noCommand: "check：請在 -- 之後寫出指令，並以 {url} 與 {out} 標出網址與檔案的位置",
  noPlace: (name) => `check：指令裡沒有 ${name}`,
  unknownTrial: (word, words) => `選項 --only：「${word}」不是 ${words.join("、")} 之一`,
};

/** What `sandbox` says. */
export const sandboxText: Texts<typeof en> = { en, "zh-TW": zhTw };
