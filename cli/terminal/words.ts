import type { Locale } from "../../transport/mod.ts";
import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import type { Style } from "./style.ts";
import { formatElapsed, printable } from "./text.ts";
import { modelText } from "../texts/model.ts";
import type { Item, Outcome, Summary } from "./reporter.ts";

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

/** What one needs to use a file that is there now, in lines of their own; empty where nothing is known. */
export function modelLines({ model }: Item, locale: Locale): string {
  if (model === undefined) return "";
  const { base, words } = modelText[locale];
  const trained = model.trainedWords.map((word) => printable(word.trim())).filter(Boolean);
  const lines = [
    ...(model.baseModel === null ? [] : [`  ${base}: ${printable(model.baseModel)}\n`]),
    ...(trained.length === 0 ? [] : [`  ${words}: ${trained.join(", ")}\n`]),
  ];
  return lines.join("");
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
