import type { LockedFile, Move, Stay } from "../../api/mod.ts";
import type { Locale } from "../../transport/mod.ts";
import { printable } from "./text.ts";

const words = {
  en: {
    added: "added",
    wouldAdd: "would add",
    there: "there already",
    moved: "updated",
    wouldMove: "would update",
    stays: "stays",
    unwanted: "removed from the manifest",
    wouldUnwant: "would remove from the manifest",
    removed: "removed",
    wouldRemove: "would remove",
    trashed: "in the trash",
    wouldTrash: "would go into the trash",
    left: "left alone, it was changed",
    waiting: "stays until what replaces it is there",
    nothing: "nothing to fetch",
    pinned: "{next} is newer; --latest moves the entry",
    otherBase: "newer versions are for other base models, such as {next}",
    earlyAccess: "{next} is newer, but sold until {until}",
    earlyAccessEver: "{next} is newer, but sold for now",
    ignored: "a rule passes over {next}, which is newer",
    thereAlready: "{next} is newer, and there already",
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
    trashed: "已丟進垃圾桶",
    wouldTrash: "將會丟進垃圾桶",
    left: "保留，因為內容改過",
    waiting: "保留，直到取代它的檔案就緒",
    nothing: "沒有要下載的檔案",
    pinned: "有較新的 {next}；加上 --latest 才會更新",
    otherBase: "較新的版本屬於其他基礎模型，例如 {next}",
    earlyAccess: "較新的 {next} 在 {until} 之前要付費",
    earlyAccessEver: "較新的 {next} 目前要付費",
    ignored: "依規則略過較新的 {next}",
    thereAlready: "較新的 {next} 已經在這裡",
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
export function stayText({ reason, newest, newer, held, error }: Stay, words: ProjectWords): string {
  const all = [...newer, ...held];
  const state = { early_access: ["early_access"], other_base: ["other_base"], there: ["have_elsewhere", "same_bytes"] };
  const meant = Object.entries(state).find(([name]) => name === reason)?.[1] ?? [];
  const { versionId, versionName, until } = newest ?? all.find((one) => meant.includes(one.state)) ?? all[0]!;
  const next = printable(`${versionId} ${versionName}`);
  const { pinned, otherBase, earlyAccess, earlyAccessEver, ignored, thereAlready, fileId, nothingNewer } = words;
  const why: Record<Stay["reason"], string> = {
    pinned,
    other_base: otherBase,
    early_access: until ? earlyAccess : earlyAccessEver,
    ignored,
    there: thereAlready,
    file_id: fileId,
    nothing_newer: nothingNewer,
    no_such_file: nothingNewer,
    failed: nothingNewer,
  };
  if (error !== undefined) return printable(error.message);
  return why[reason].replace("{next}", () => next).replace("{until}", () => printable(until?.slice(0, 10) ?? ""));
}
