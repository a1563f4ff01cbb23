import type { Locale } from "../../transport/mod.ts";

interface ServeWords {
  readonly stop: string;
  readonly notOpened: string;
  readonly stopping: string;
  readonly trouble: (what: string) => string;
}

/** What `civikit serve` says. */
export const serveText: Readonly<Record<Locale, ServeWords>> = {
  en: {
    stop: "Press Ctrl-C to stop.",
    notOpened: "no browser could be opened: open the address above",
    stopping: "stopping: what is under way is given back to the queue (again to stop at once)",
    trouble: (what) => `the queue: ${what}`,
  },
  "zh-TW": {
    stop: "按 Ctrl-C 結束。",
    notOpened: "無法開啟瀏覽器：請自行開啟上面的網址",
    stopping: "正在結束：進行中的項目會放回佇列（再按一次立刻結束）",
    trouble: (what) => `佇列：${what}`,
  },
};
