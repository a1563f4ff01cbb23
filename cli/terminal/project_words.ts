import type { LockedFile, Move, Stay } from "../../api/mod.ts";
import type { Locale } from "../../transport/mod.ts";
import { printable } from "./text.ts";

const words = {
  en: {
    added: "added",
    wouldAdd: "would add",
    there: "there already",
    moved: "moved",
    wouldMove: "would move",
    stays: "stays",
    unwanted: "removed from the manifest",
    wouldUnwant: "would remove from the manifest",
    removed: "removed",
    wouldRemove: "would remove",
    left: "left alone, it was changed",
    waiting: "stays until what replaces it is there",
    nothing: "nothing to fetch",
    pinned: "{next} is newer; --latest moves the entry",
    otherBase: "newer versions are for other base models, such as {next}",
    fileId: "it names a file by its id, which {next} does not have; add the file you want of that",
    nothingNewer: "what it means now is locked already, though {next} is newer",
  },
  "zh-TW": {
    added: "已加入",
    wouldAdd: "將會加入",
    there: "已經在清單裡",
    moved: "已更新",
    wouldMove: "將會更新",
    stays: "維持不變",
    unwanted: "已從清單檔移除",
    wouldUnwant: "將會從清單檔移除",
    removed: "已刪除",
    wouldRemove: "將會刪除",
    left: "保留，因為內容改過",
    waiting: "保留，直到取代它的檔案就緒",
    nothing: "沒有要下載的檔案",
    pinned: "有較新的 {next}；加上 --latest 才會更新",
    otherBase: "較新的版本屬於其他基礎模型，例如 {next}",
    fileId: "項目以編號指定檔案，而 {next} 沒有這個檔案；請加入您要的那個檔案",
    nothingNewer: "雖然有較新的 {next}，項目所指的檔案已經鎖定",
  },
} as const;

/** What the commands of a project say; `{next}` stands for a version. */
export type ProjectWords = Readonly<Record<keyof typeof words["en"], string>>;

/** What the commands of a project say, in the reader's language. */
export function projectWords(locale: Locale): ProjectWords {
  return words[locale];
}

const versionOf = ({ modelId, versionId }: LockedFile) => `${modelId}@${versionId}`;

/** `from -> to`, for the entry, its version and its files. */
export function moveText({ from, to, before, after, version, newest }: Move): string {
  const [old] = before;
  const [next] = after;
  const isPin = from.air !== to.air;
  const entries = isPin ? `${from.air} -> ${to.air}` : `${from.air} (${versionOf(old!)} -> ${versionOf(next!)})`;
  const paths = (files: readonly LockedFile[]) => files.map(({ path }) => path).join(", ");
  const names = `${version} -> ${newest?.versionName ?? next!.version}`;
  return printable(`${entries}: ${names}: ${paths(before)} -> ${paths(after)}`);
}

/** Why an entry that has newer versions stays. */
export function stayText(
  { reason, newest, newer, error }: Stay,
  { pinned, otherBase, fileId, nothingNewer }: ProjectWords,
): string {
  const { versionId, versionName } = newest ?? newer[0]!;
  const next = printable(`${versionId} ${versionName}`);
  const why: Record<Stay["reason"], string> = {
    pinned,
    other_base: otherBase,
    file_id: fileId,
    nothing_newer: nothingNewer,
    no_such_file: nothingNewer,
    failed: nothingNewer,
  };
  return error === undefined ? why[reason].replace("{next}", () => next) : printable(error.message);
}
