import { type EarlyAccessFacts, earlyAccessOf, type Version } from "../../api/mod.ts";
import type { Locale } from "../../transport/mod.ts";
import { factsText } from "../texts/facts.ts";

/** What stands between a reader and the files of a version, as far as the site says; empty where nothing does. */
export function accessText(
  { usageControl, ...version }: EarlyAccessFacts & Partial<Pick<Version, "usageControl">>,
  locale: Locale,
): string {
  const text = factsText[locale];
  if ((usageControl ?? "Download") !== "Download") return text.noDownloads(usageControl!);
  const early = earlyAccessOf(version);
  return early === null ? "" : text.early(early.endsAt);
}
