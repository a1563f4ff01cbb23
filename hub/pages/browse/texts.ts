import type { periods, sorts } from "../../search/search.ts";
import type { Level } from "../../search/levels.ts";
import type { Bilingual } from "../page.ts";

const both = (en: string, zhTW: string): Bilingual => ({ en, "zh-TW": zhTW });

type Word =
  | "title"
  | "search"
  | "query"
  | "type"
  | "base"
  | "sort"
  | "period"
  | "level"
  | "levelHelp"
  | "all"
  | "results"
  | "nothing"
  | "first"
  | "next"
  | "choice"
  | "add"
  | "addProject"
  | "added"
  | "wasThere"
  | "addedProject"
  | "have"
  | "older"
  | "queued"
  | "early"
  | "earlyUntil"
  | "noFiles"
  | "downloads"
  | "by"
  | "page"
  | "picture"
  | "blurred"
  | "noPicture"
  | "stale";

/** What the page says; `{n}` stands for a number, a date or a name. */
export const texts: Readonly<Record<Word, Bilingual>> = {
  title: both("Browse", "瀏覽"),
  search: both("Search", "搜尋"),
  query: both("Words", "關鍵字"),
  type: both("Type", "類型"),
  base: both("Base model", "基礎模型"),
  sort: both("Order", "排序"),
  period: both("Period", "期間"),
  level: both("Show openly", "直接顯示"),
  levelHelp: both(
    "Pictures above this level are blurred; PG alone lists nothing else.",
    "高於此分級的圖片會模糊；選 PG 只列出 PG 內容。",
  ),
  all: both("all", "全部"),
  results: both("Models", "模型"),
  nothing: both(
    "Nothing fits. Try fewer words, or another type or base model.",
    "沒有符合的模型。請減少關鍵字，或換一個類型或基礎模型。",
  ),
  first: both("First page", "第一頁"),
  next: both("Next page", "下一頁"),
  choice: both("Version and file", "版本與檔案"),
  add: both("Add to queue", "加入佇列"),
  addProject: both("Add to project", "加入專案"),
  added: both("Added to the queue: {n}", "已加入佇列：{n}"),
  wasThere: both("That is in the queue already: {n}", "佇列裡已經有了：{n}"),
  addedProject: both("Added to the project: {n}", "已加入專案：{n}"),
  have: both("have it", "已擁有"),
  older: both("older version here", "已有較舊的版本"),
  queued: both("queued", "已在佇列"),
  early: both("early access", "搶先體驗"),
  earlyUntil: both("early access until {n}", "搶先體驗至 {n}"),
  noFiles: both("No files are offered.", "沒有提供檔案。"),
  downloads: both("{n} {download|downloads}", "{n} 次下載"),
  by: both("by {n}", "作者 {n}"),
  page: both("its page on the site", "網站上的頁面"),
  picture: both("Example picture of {n}", "{n} 的範例圖片"),
  blurred: both("blurred", "已模糊"),
  noPicture: both("no picture", "沒有圖片"),
  stale: both("The site does not answer. This is its answer of {n} ago.", "網站沒有回應。這是 {n}前的結果。"),
};

/** Levels as the site calls them. */
export const levelNames: Readonly<Record<Level, string>> = { pg: "PG", pg13: "PG-13", r: "R", x: "X", xxx: "XXX" };

/** Orders. */
export const sortNames: Readonly<Record<typeof sorts[number], Bilingual>> = {
  "Highest Rated": both("Highest rated", "評價最高"),
  "Most Downloaded": both("Most downloaded", "下載最多"),
  "Most Liked": both("Most liked", "最多人喜歡"),
  "Most Collected": both("Most collected", "最多人收藏"),
  Newest: both("Newest", "最新"),
  Oldest: both("Oldest", "最舊"),
};

/** Periods. */
export const periodNames: Readonly<Record<typeof periods[number], Bilingual>> = {
  AllTime: both("all time", "全部時間"),
  Year: both("a year", "一年內"),
  Month: both("a month", "一個月內"),
  Week: both("a week", "一週內"),
  Day: both("a day", "一天內"),
};
