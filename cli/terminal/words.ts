import type { Locale } from "../../transport/mod.ts";
import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import type { Style } from "./style.ts";
import { formatElapsed, printable, withColons } from "./text.ts";
import { modelText } from "../texts/model.ts";
import { type RunText, runText } from "../texts/run.ts";
import type { Item, Outcome, Summary } from "./reporter.ts";

function verdict({ verified, verifiedBy }: Outcome, style: Style, text: RunText): string {
  return verified ? text.verified(verifiedBy ?? text.hash) : style.warn(text.unverified);
}

/** How a file ended, in a few words. */
export function outcomeWords(outcome: Outcome, style: Style, locale: Locale): string {
  const { bytes, resumedBytes, elapsedMs, skipped } = outcome;
  const text = runText[locale];
  if (skipped) return text.there(formatBytes(bytes), verdict(outcome, style, text));
  const fetched = Math.max(0, bytes - resumedBytes);
  const speed = elapsedMs > 0 ? fetched * 1000 / elapsedMs : 0;
  const before = resumedBytes > 0 ? formatBytes(resumedBytes) : "";
  return text.fetched(
    ...[formatBytes(bytes), formatElapsed(elapsedMs), formatSpeed(speed), before] as const,
    verdict(outcome, style, text),
  );
}

/** What one needs to use a file that is there now, in lines of their own; empty where nothing is known. */
export function modelLines({ model }: Item, locale: Locale): string {
  if (model === undefined) return "";
  const { base, words } = modelText[locale];
  const trained = model.trainedWords.map((word) => printable(word.trim())).filter(Boolean);
  const lines = [
    ...(model.baseModel === null ? [] : [`  ${withColons(base, printable(model.baseModel))}\n`]),
    ...(trained.length === 0 ? [] : [`  ${withColons(words, trained.join(", "))}\n`]),
  ];
  return lines.join("");
}

const count = (number: number, words: (number: number) => string) => number > 0 ? [words(number)] : [];

/** The one line at the end of a run. */
export function summaryLine(
  { done, skipped, failed, unfinished, fetchedBytes, elapsedMs }: Summary,
  style: Style,
  locale: Locale,
): string {
  const { counts, nothing, summary } = runText[locale];
  const what = [
    ...count(done, counts.done),
    ...count(skipped, counts.skipped),
    ...count(failed, counts.failed).map(style.bad),
    ...count(unfinished, counts.unfinished).map(style.warn),
  ];
  return `${summary(what.length === 0 ? [nothing] : what, formatBytes(fetchedBytes), formatElapsed(elapsedMs))}\n`;
}
