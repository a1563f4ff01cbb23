import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import type { Style } from "./style.ts";
import { formatElapsed } from "./text.ts";
import type { Outcome, Summary } from "./reporter.ts";

function verdict({ verified, verifiedBy }: Outcome, style: Style): string {
  if (verified) return `${verifiedBy ?? "hash"} verified`;
  return style.warn("not verified: no hash was compared");
}

/** How a file ended, in a few words. */
export function outcomeWords(outcome: Outcome, style: Style): string {
  const { bytes, resumedBytes, elapsedMs, skipped } = outcome;
  if (skipped) return `already there, ${formatBytes(bytes)}, ${verdict(outcome, style)}`;
  const fetched = Math.max(0, bytes - resumedBytes);
  const speed = elapsedMs > 0 ? fetched * 1000 / elapsedMs : 0;
  const resumed = resumedBytes > 0 ? `, ${formatBytes(resumedBytes)} of it from before` : "";
  return `${formatBytes(bytes)} in ${formatElapsed(elapsedMs)} (${formatSpeed(speed)})${resumed}, ${
    verdict(outcome, style)
  }`;
}

const count = (number: number, word: string) => number > 0 ? [`${number} ${word}`] : [];

/** The one line at the end of a run. */
export function summaryLine(
  { done, skipped, failed, unfinished, fetchedBytes, elapsedMs }: Summary,
  style: Style,
): string {
  const counts = [
    ...count(done, "downloaded"),
    ...count(skipped, "already there"),
    ...count(failed, "failed").map(style.bad),
    ...count(unfinished, "unfinished").map(style.warn),
  ];
  const what = counts.length === 0 ? "nothing to do" : counts.join(", ");
  return `${what}; ${formatBytes(fetchedBytes)} in ${formatElapsed(elapsedMs)}\n`;
}
