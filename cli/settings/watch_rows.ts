/** The settings that act on what is watched. */
export const watchRows = {
  "watch.enabled": {
    kind: "switch",
    default: true,
    help: { en: "let civikit serve run the rules of civikit watch", "zh-TW": "`civikit serve` 是否執行追蹤規則" },
  },
  "watch.schedule": {
    kind: "text",
    of: "schedule",
    default: "daily",
    help: {
      en: 'when rules without a schedule of their own are run: daily, "every 6h", "daily at 07:30", cron',
      "zh-TW": '沒有自己排程的追蹤規則多久執行一次：`daily`、`"every 6h"`、`"daily at 07:30"` 或 cron',
    },
  },
  "watch.jitter": {
    kind: "number",
    unit: "s",
    least: 0,
    most: 3600,
    default: 300,
    help: {
      en: "how much later than due a round may begin, so that not all ask at once",
      "zh-TW": "追蹤最多比排定時間晚多少才開始，避免同時發出請求",
    },
  },
  "watch.pages": {
    kind: "number",
    least: 1,
    most: 20,
    default: 1,
    help: {
      en: "pages a rule may ask for in one round; the rest comes in the next ones",
      "zh-TW": "一條追蹤規則一輪最多查幾頁；其餘的留給之後幾輪",
    },
  },
} as const;
