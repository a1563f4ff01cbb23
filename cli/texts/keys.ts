import type { Locale } from "../../transport/mod.ts";

const en = {
  ask: (site: string, page: string): string => `API key for ${site} (made at ${page}):`,
  hello: (name: string, site: string): string => `Hello ${name}: ${site} accepts the key.`,
  kept: (path: string): string => `It is kept in ${path}.`,
  keptUnasked: (site: string): string => `${site} did not answer; the key is kept as it is.`,
  keptRefused: (site: string): string => `warning: ${site} does not accept this key; it is kept because of --keep.`,
  notKept: "The key was not kept (--keep would).",
  shadowed: (source: string): string => `warning: ${source} is set, and goes before the key that is kept.`,
  removed: (path: string): string => `removed: ${path}`,
  nothing: (site: string): string => `There is no key of ${site} to remove.`,
  left: (source: string): string => `warning: the key in ${source} stays in use; take it out of there yourself.`,
  revoke: (page: string): string => `A key somebody else may have seen is revoked at ${page}.`,
};

/** What `civikit login` and `civikit logout` say. */
export const keysText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    ask: (site, page) => `${site} 的 API 金鑰（在 ${page} 建立）：`,
    hello: (name, site) => `您好，${name}：${site} 接受這把金鑰。`,
    kept: (path) => `金鑰存放在 ${path}。`,
    keptUnasked: (site) => `${site} 沒有回應；金鑰未經確認，先存下來。`,
    keptRefused: (site) => `警告：${site} 不接受這把金鑰；因為有 --keep，仍然存下來。`,
    notKept: "金鑰沒有存下來（加上 --keep 才會存）。",
    shadowed: (source) => `警告：已設定 ${source}，它優先於存下來的金鑰。`,
    removed: (path) => `已移除：${path}`,
    nothing: (site) => `沒有 ${site} 的金鑰可以移除。`,
    left: (source) => `警告：${source} 裡的金鑰仍在使用中，請自行移除。`,
    revoke: (page) => `若金鑰可能被別人看過，請到 ${page} 撤銷。`,
  },
};
