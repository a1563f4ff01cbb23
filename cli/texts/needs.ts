import type { Texts } from "./texts.ts";

const needs = {
  here: "have",
  queued: "queued",
  missing: "missing",
  unknown: "unknown",
  size: (size: string): string => `, ${size}`,
  from: "from",
  proofs: {
    site: "",
    lfs: "; verified by its LFS OID",
    git: "; verified by its Git blob",
    said: "; verified by the SHA-256 written beside it",
    none: "; nothing to verify it with",
  },
  nameOnly: "known by name only",
  sum: (here: number, missing: number, unknown: number): string =>
    `${here} here, ${missing} missing, ${unknown} unknown`,
  ask: (count: number, size: string): string => `Get the ${count} missing${size === "" ? "" : ` (${size})`}? [y/N]`,
  atLeast: (size: string): string => `at least ${size}`,
  notTaken: "nothing was added",
  due: (count: number, command: string): string => `${count} missing; to get them: ${command}`,
  unknownOnes: (count: number, names: string): string => `nobody knows where to get ${count} of the models: ${names}`,
  onlyAlone: "pictures and workflows go with --file and --all-files, --base, --folder only when named alone",
};

/** What is said of the models a picture or a workflow needs. */
export const needsText: Texts<typeof needs> = {
  en: needs,
  "zh-TW": {
    here: "已有",
    queued: "已在佇列",
    missing: "缺少",
    unknown: "不明",
    size: (size) => `，${size}`,
    from: "來自",
    proofs: {
      site: "",
      lfs: "；以 LFS OID 驗證",
      git: "；以 Git blob 驗證",
      said: "；以寫在旁邊的 SHA-256 驗證",
      none: "；沒有可以驗證的依據",
    },
    nameOnly: "只知道名稱",
    sum: (here, missing, unknown) => `已有 ${here} 個、缺少 ${missing} 個、不明 ${unknown} 個`,
    ask: (count, size) => `要取得缺少的 ${count} 個嗎${size === "" ? "" : `（${size}）`}？[y/N]`,
    atLeast: (size) => `至少 ${size}`,
    notTaken: "什麼都沒有加入",
    due: (count, command) => `缺少 ${count} 個；要取得請執行：${command}`,
    unknownOnes: (count, names) => `有 ${count} 個模型無人知道從哪裡取得：${names}`,
    onlyAlone: "--file、--all-files、--base 與 --folder 不能和圖片或工作流程一起使用",
  },
};
