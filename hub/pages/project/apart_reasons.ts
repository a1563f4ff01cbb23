import type { ApartReason } from "../../../api/mod.ts";
import type { Bilingual } from "../page.ts";

const both = (en: string, zhTW: string): Bilingual => ({ en, "zh-TW": zhTW });

/** Why a file is no part of a project, in words. */
export const apartReasons: Readonly<Record<ApartReason, Bilingual>> = {
  unknown: both("unknown to the site", "網站不認得"),
  unasked: both("the site could not be asked", "問不到網站"),
  unproved: both(
    "nothing fits by size and sample; only the whole hash tells",
    "大小與抽樣都不符合；要算完整雜湊才知道",
  ),
  ambiguous: both("one of several, only the whole hash tells which", "符合多個，要算完整雜湊才知道是哪一個"),
  gone: both("known before, and gone from the site", "以前認得，網站上已經沒有"),
  damaged: both("cannot be whole", "不完整"),
  unreadable: both("cannot be read", "無法讀取"),
  dangling: both("links to files that are not there", "連結指向不存在的檔案"),
  unfinished: both("downloads that have not ended", "未完成的下載"),
  unsafe_name: both("names that not every system can hold", "不是每個系統都能用的檔名"),
  same_name: both("names that differ from another in upper case alone", "與另一個檔名只差在大小寫"),
  outside: both("not below the root", "不在根資料夾下"),
  taken: both("the lock file has another file at that place", "鎖定檔在同一個位置記的是別的檔案"),
  no_model: both("the site does not say which model it belongs to", "網站沒說屬於哪個模型"),
};
