import type { LiveState, LiveVerdict, Wish } from "../../monitor/mod.ts";
import type { Locale } from "../../transport/mod.ts";

interface TransfersText {
  readonly help: string;
  readonly heads: readonly string[];
  readonly historyHeads: readonly string[];
  readonly states: Readonly<Record<LiveState | "died" | "there", string>>;
  readonly verdicts: Readonly<Record<LiveVerdict, string>>;
  readonly asked: Readonly<Record<Wish, string>>;
  readonly none: string;
  readonly noHistory: string;
  again(reason: string, seconds: number): string;
  readonly linkRenewed: string;
  readonly stop: string;
  more(count: number): string;
  noneToAsk(wish: Wish): string;
}

const en: TransfersText = {
  help: `Lists the transfers of all processes: other terminals, services, programs that
show theirs. One whose process is gone is told from one that runs; the same
command again takes it up. What ended stays for 30 days, at most 10,000 files,
unless it was told to record nothing (--no-monitor).

pause, resume and cancel are obeyed within a second, by ID or all. What was
written of a cancelled one stays for another run.

examples:
  civikit transfers
  civikit transfers --watch
  civikit transfers pause 17
  civikit transfers cancel all
  civikit transfers --history --json | jq .path`,
  heads: ["ID", "STATE", "PROGRESS", "SPEED", "PROCESS", "FILE"],
  historyHeads: ["ID", "ENDED", "VERDICT", "SIZE", "TIME", "SPEED", "FILE"],
  states: {
    waiting: "waiting",
    resolving: "looking up",
    downloading: "running",
    paused: "paused",
    verifying: "verifying",
    done: "done",
    failed: "failed",
    cancelled: "cancelled",
    died: "its process is gone",
    there: "was there already",
  },
  verdicts: {
    verified: "verified",
    unverified: "no hash to compare",
    there: "was there already",
    failed: "failed",
    cancelled: "cancelled",
    died: "its process is gone",
  },
  asked: { pause: "pausing", resume: "going on", cancel: "cancelling" },
  none: "nothing is being transferred",
  noHistory: "nothing was transferred yet",
  again: (reason, seconds) => `${reason}: again in ${seconds} s`,
  linkRenewed: "the link was renewed",
  stop: "Press Ctrl-C to stop.",
  more: (count) => `and ${count} more (--limit)`,
  noneToAsk: (wish) => `no transfer that could ${wish}`,
};

/** What `civikit transfers` says. */
export const transfersText: Readonly<Record<Locale, TransfersText>> = {
  en,
  "zh-TW": {
    help: `列出所有程式的傳輸：其他終端機、服務，以及願意公開傳輸的程式。程式已經不在的，
與還在執行的分得出來；再執行一次同樣的指令就會接續。結束的保留 30 天，最多
10,000 個檔案；要求不記錄的（--no-monitor）除外。

暫停、繼續、取消在一秒內生效，可指定 ID 或 all。取消後已寫入的部分會留著，
下次接續。

範例：
  civikit transfers
  civikit transfers --watch
  civikit transfers pause 17
  civikit transfers cancel all
  civikit transfers --history --json | jq .path`,
    heads: ["ID", "狀態", "進度", "速度", "程式", "檔案"],
    historyHeads: ["ID", "結束", "結果", "大小", "時間", "速度", "檔案"],
    states: {
      waiting: "等待中",
      resolving: "查詢中",
      downloading: "下載中",
      paused: "已暫停",
      verifying: "驗證中",
      done: "已完成",
      failed: "失敗",
      cancelled: "已取消",
      died: "程式已不在",
      there: "已經存在",
    },
    verdicts: {
      verified: "已驗證",
      unverified: "沒有雜湊可比對",
      there: "已經存在",
      failed: "失敗",
      cancelled: "已取消",
      died: "程式已不在",
    },
    asked: { pause: "暫停中", resume: "繼續中", cancel: "取消中" },
    none: "目前沒有傳輸",
    noHistory: "還沒有傳輸過任何檔案",
    again: (reason, seconds) => `${reason}：${seconds} 秒後再試`,
    linkRenewed: "已重新取得連結",
    stop: "按 Ctrl-C 結束。",
    more: (count) => `還有 ${count} 個（--limit）`,
    noneToAsk: (wish) => `沒有可以${{ pause: "暫停", resume: "繼續", cancel: "取消" }[wish]}的傳輸`,
  },
};
