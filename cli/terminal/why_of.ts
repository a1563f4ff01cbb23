import type { Job } from "../../hub/queue/mod.ts";
import type { QueueText } from "../texts/queue.ts";
import { formatDuration, localTime } from "./text.ts";

/** Why a job stands where it stands, in a few words; empty where there is nothing to say. */
export function whyOf(
  { why, verdict, notBeforeMs }: Pick<Job, "why" | "verdict" | "notBeforeMs">,
  words: QueueText,
  nowMs: number,
): string {
  if (verdict !== null) return words.verdicts[verdict];
  if (why === null) return "";
  const { code, count = 0, total = 0, untilMs = notBeforeMs, status } = why;
  if (code === "spans_proved") return words.proved(count, total);
  if (code === "link_renewed") return words.linkRenewed;
  if (code === "stopped") return words.stopped;
  const what = status === undefined ? code : `${status} ${code}`;
  if (untilMs === null || untilMs <= nowMs) return what;
  const isFar = untilMs - nowMs > 86_400_000;
  return isFar ? words.until(what, localTime(untilMs)) : words.again(what, formatDuration(untilMs - nowMs));
}
