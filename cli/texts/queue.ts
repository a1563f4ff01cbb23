import type { JobAction } from "../../hub/queue/mod.ts";
import type { Locale } from "../../transport/mod.ts";

const en = {
  help: `<action> is one of:
  add <what>...     puts references at the end (- reads them from standard input)
  list              what is in the queue, in its order
  run               works it off and ends when it is empty (--watch: goes on)
  pause <id>...     holds jobs, also those under way; their bytes stay
  resume <id>...    lets them go on
  skip <id>...      puts them at the end
  move <id>         puts one job elsewhere, with --before or --after another
  retry <id>...     begins what failed, was cancelled or waits anew, at once
  cancel <id>...    ends them; a file half downloaded stays, for a later try
  remove <id>...    forgets jobs; files and parts of files stay
  clear             forgets everything that is over

In place of ids, the word all stands for all jobs: for retry, those that failed.
Whoever works the queue off, "civikit serve" or another "civikit queue run",
notices within a second: there is one queue for each user, a file beside the
statistics. Several may work it off at once; no job is done twice.

examples:
  civikit queue add 128713 model:4384
  civikit queue add --from list.txt --root ~/ComfyUI --layout comfyui
  civikit queue move 12 --before 3
  civikit queue run`,
  setAside: (path: string): string => `the queue's file was damaged; it is kept as ${path}, and the queue is empty`,
  idsDue: 'ids of jobs are due, or the word all; "civikit queue list" shows them',
  oneId: "one id of a job is due",
  moveWhere: "where to? give --before ID or --after ID",
  noJob: (id: string): string => `job "${id}": there is none in the queue; civikit queue list shows them`,
  added: (fresh: number, known: number): string => `${fresh} added${known === 0 ? "" : `, ${known} there already`}`,
  changed: (count: number, action: JobAction | "move"): string =>
    `${count} ${count === 1 ? "job" : "jobs"} ${
      {
        ...{ pause: "paused", resume: "resumed", skip: "put last", retry: "to be tried again", cancel: "cancelled" },
        ...{ remove: "removed from the queue", move: "moved" },
      }[action]
    }`,
  empty: "the queue is empty",
  more: (next: string): string => `more: --resume ${next}`,
  head: (): readonly string[] => ["ID", "STATE", "SIZE", "NAME", "WHY"],
  ran: (done: number, failed: number): string => `${done} done, ${failed} failed`,
  left: (count: number): string => `${count} still in the queue`,
  states: {
    waiting: "waiting",
    resolving: "resolving",
    downloading: "downloading",
    paused: "paused",
    verifying: "verifying",
    done: "done",
    failed: "failed",
    cancelled: "cancelled",
  },
  verdicts: { verified: "hash proved", unverified: "no hash to prove", there: "was there already" },
  again: (code: string, wait: string): string => `${code}: again in ${wait}`,
  until: (code: string, date: string): string => `${code}: until ${date}`,
  proved: (count: number, total: number): string => `${count} of ${total} spans proved`,
  linkRenewed: "link renewed",
  stopped: "given back when its worker ended",
  resting: (time: string, why: string): string => `this machine takes no jobs for ${time}, others do: ${why}`,
};

/** What `civikit queue` says. */
export const queueText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    help: `<動作> 是下列之一：
  add <什麼>...     排到佇列最後（- 表示從標準輸入讀）
  list              佇列裡有什麼，依順序
  run               逐一完成，佇列空了就結束（--watch：繼續等）
  pause <編號>...   暫停，下載到一半的也可以；已下載的位元組會保留
  resume <編號>...  繼續
  skip <編號>...    移到最後
  move <編號>       用 --before 或 --after 移到另一項的前面或後面
  retry <編號>...   失敗、取消或等待中的，立刻重新開始
  cancel <編號>...  取消；下載到一半的檔案會保留，之後可以接著下載
  remove <編號>...  從佇列移除；檔案與下載到一半的部分都會保留
  clear             移除所有已經結束的項目

編號可以寫成 all，表示全部；retry all 表示所有失敗的。
「civikit serve」或另一個「civikit queue run」會在一秒內注意到：每位使用者只有
一個佇列，是統計旁邊的一個檔案。可以有好幾個程式同時處理，同一項不會做兩次。

範例：
  civikit queue add 128713 model:4384
  civikit queue add --from list.txt --root ~/ComfyUI --layout comfyui
  civikit queue move 12 --before 3
  civikit queue run`,
    setAside: (path: string): string => `佇列的檔案損壞了；原檔保留為 ${path}，佇列從空的開始`,
    idsDue: "請給項目的編號，或 all；用「civikit queue list」查看編號",
    oneId: "請給一個項目的編號",
    moveWhere: "要移到哪裡？請給 --before 編號 或 --after 編號",
    noJob: (id: string): string => `項目「${id}」：佇列裡沒有；civikit queue list 列出有哪些`,
    added: (fresh: number, known: number): string => `加入 ${fresh} 項${known === 0 ? "" : `，${known} 項原本就在`}`,
    changed: (count, action) =>
      `${
        {
          ...{ pause: "已暫停", resume: "已繼續", skip: "已移到最後", retry: "會再試", cancel: "已取消" },
          ...{ remove: "已從佇列移除", move: "已移動" },
        }[action]
      } ${count} 項`,
    empty: "佇列是空的",
    more: (next: string): string => `還有：--resume ${next}`,
    head: (): readonly string[] => ["編號", "狀態", "大小", "名稱", "原因"],
    ran: (done: number, failed: number): string => `完成 ${done} 項，失敗 ${failed} 項`,
    left: (count: number): string => `佇列裡還有 ${count} 項`,
    states: {
      waiting: "等待中",
      resolving: "查詢中",
      downloading: "下載中",
      paused: "已暫停",
      verifying: "驗證中",
      done: "完成",
      failed: "失敗",
      cancelled: "已取消",
    },
    verdicts: { verified: "雜湊相符", unverified: "沒有雜湊可比對", there: "原本就在" },
    again: (code: string, wait: string): string => `${code}：${wait} 後再試`,
    until: (code: string, date: string): string => `${code}：等到 ${date}`,
    proved: (count: number, total: number): string => `${total} 段中有 ${count} 段確認無誤`,
    linkRenewed: "連結已更新",
    stopped: "處理它的程式結束時交回",
    resting: (time: string, why: string): string => `這台機器 ${time} 內不拿工作，留給別台：${why}`,
  },
};

/** What `civikit queue` says, in one language. */
export type QueueText = typeof en;
