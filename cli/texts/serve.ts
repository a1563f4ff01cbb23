import type { Locale } from "../../transport/mod.ts";

interface ServeWords {
  readonly stop: string;
  readonly notOpened: string;
  readonly stopping: string;
  readonly pair: (port: number) => string;
  readonly trouble: (what: string) => string;
}

/** What `civikit serve` says. */
export const serveText: Readonly<Record<Locale, ServeWords>> = {
  en: {
    stop: "Press Ctrl-C to stop.",
    notOpened: "no browser could be opened: open the address above",
    stopping: "stopping: what is under way is given back to the queue (again to stop at once)",
    pair: (port) =>
      `Enter both in the box of the userscript, on a page of the site. Where the browser runs on another machine:\nssh -L ${port}:127.0.0.1:${port} HOST`,
    trouble: (what) => `the queue: ${what}`,
  },
  "zh-TW": {
    stop: "按 Ctrl-C 結束。",
    notOpened: "無法開啟瀏覽器：請自行開啟上面的網址",
    stopping: "正在結束：進行中的項目會放回佇列（再按一次立刻結束）",
    pair: (port) =>
      `在網站的頁面上，把這兩項填進使用者腳本的框。瀏覽器在別台機器上時：\nssh -L ${port}:127.0.0.1:${port} 主機`,
    trouble: (what) => `佇列：${what}`,
  },
};
