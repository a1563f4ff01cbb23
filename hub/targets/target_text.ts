import type { Locale } from "../../transport/mod.ts";
import type { TargetKind } from "./target.ts";
import type { TargetState } from "./target_line.ts";

/** What people call the programs. */
const names: Readonly<Record<TargetKind, string>> = {
  a1111: "Stable Diffusion web UI",
  forge: "Forge",
  sdnext: "SD.Next",
  comfyui: "ComfyUI",
  invokeai: "InvokeAI",
  webhook: "webhook",
};

const texts = {
  en: {
    idle: "knows every file",
    watches: "looks at its folders itself",
    gathering: (news: number) => `will be told of ${news}`,
    telling: "is being told",
    login: "wants a login; give it by the setting headers",
    unknown: "does not know this address; was it started with --api?",
    noHook: "does not know this address",
    unusable: "cannot use this file",
    away: "does not answer",
    redirects: "leads elsewhere; name the address it leads to",
    other: (code: string, status: number | undefined) => status === undefined ? code : `answers ${status}`,
    waiting: (news: number) => `${news} waiting`,
  },
  "zh-TW": {
    idle: "已經知道所有檔案",
    watches: "會自己看資料夾",
    gathering: (news: number) => `即將通知 ${news} 件事`,
    telling: "正在通知",
    login: "要求登入；用設定 headers 提供",
    unknown: "不認得這個位址；啟動時有加 --api 嗎？",
    noHook: "不認得這個位址",
    unusable: "用不了這個檔案",
    away: "沒有回應",
    redirects: "轉址到別處；請直接寫那個位址",
    other: (code: string, status: number | undefined) => status === undefined ? code : `回應 ${status}`,
    waiting: (news: number) => `${news} 件等待通知`,
  },
} as const;

type Words = typeof texts[Locale];

function whyText({ code, status }: NonNullable<TargetState["why"]>, kind: TargetKind, t: Words): string {
  if (status === 401 || status === 403) return t.login;
  if (status === 404 || status === 405) return kind === "webhook" ? t.noHook : t.unknown;
  if (code === "redirect_invalid") return t.redirects;
  if (status === 415 || status === 424) return t.unusable;
  return status === undefined &&
      /^(?:connect_failed|connection_\w+|header_timeout|total_timeout|circuit_open)$/.test(code)
    ? t.away
    : t.other(code, status);
}

/** How it stands with a program, in a few words: `Forge http://127.0.0.1:7860: does not answer (3 waiting)`. */
export function targetText({ kind, url, state, files, failures, why }: TargetState, locale: Locale): string {
  const t = texts[locale];
  const news = files + failures;
  const waiting = news > 0 ? ` (${t.waiting(news)})` : "";
  const what = why !== null && state !== "telling"
    ? `${whyText(why, kind, t)}${waiting}`
    : state === "gathering"
    ? t.gathering(news)
    : state === "telling"
    ? t.telling
    : kind === "comfyui"
    ? t.watches
    : t.idle;
  return `${names[kind]} ${url}: ${what}`;
}
