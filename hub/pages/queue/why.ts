import { formatSpan } from "../../../monitor/server/format.ts";
import { hint, type Locale } from "../../../transport/mod.ts";
import { errorReasons } from "../../../transport/mod.ts";
import type { JobReason } from "../../queue/job.ts";
import { counted, texts } from "./texts.ts";

const dayMs = 24 * 3_600_000;

/** When something goes on: soon in so many seconds, else at a time. */
function when(untilMs: number, nowMs: number, locale: Locale): string {
  const leftMs = untilMs - nowMs;
  if (leftMs < dayMs) return counted(texts.again[locale], formatSpan(Math.max(0, leftMs)));
  const date = new Date(untilMs).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
  return counted(texts.until[locale], date);
}

/** The error behind a reason, as the catalogue of hints takes it. */
export function failureOf(
  { code, reason }: Pick<JobReason, "code" | "reason">,
): Parameters<typeof hint>[0] | undefined {
  if (code === "link_renewed" || code === "spans_proved" || code === "stopped") return undefined;
  const known = errorReasons.find((one) => one === reason);
  return known === undefined ? code : { code, reason: known };
}

/** Why a job stands where it stands, in a few words. */
export function whyText(why: JobReason, nowMs: number, locale: Locale): string {
  const { code, untilMs, status, count, total } = why;
  const failure = failureOf(why);
  const what = code === "link_renewed"
    ? texts.linkRenewed[locale]
    : code === "spans_proved"
    ? counted(texts.spansProved[locale], total === undefined ? count ?? 0 : `${count ?? 0} / ${total}`)
    : failure === undefined
    ? texts.stopped[locale]
    : `${status === undefined ? "" : `${status}: `}${hint(failure, locale).title}`;
  return untilMs === undefined ? what : `${what} · ${when(untilMs, nowMs, locale)}`;
}
