import type { Skip } from "../../api/mod.ts";
import type { Locale } from "../../transport/mod.ts";
import { exitCode } from "../exit_code.ts";
import { describeFailure } from "./failure.ts";
import type { Style } from "./style.ts";
import { printable } from "./text.ts";

const dangling = {
  en: { skipped: "skipped", state: "a link to a file that is not there" },
  "zh-TW": { skipped: "略過", state: "連結指向的檔案不存在" },
} as const;

/** Something that was passed over, for people: with advice, unless it is a link that leads nowhere. */
export function describeSkip(
  { error, isDangling }: Skip,
  shown: string,
  { style, locale }: { readonly style: Style; readonly locale: Locale },
): string {
  if (!isDangling) return describeFailure(error, shown, locale, style);
  const { skipped, state } = dangling[locale];
  return `${style.warn(skipped)}: ${printable(shown)}: ${state}\n`;
}

/** A sidecar that is another file's, for people. */
export function describeOwner(sidecar: string, owner: string, locale: Locale): string {
  const [one, other] = [printable(sidecar), printable(owner)];
  return locale === "en" ? `left alone: ${one} belongs to ${other}` : `保持不動：${one} 屬於 ${other}`;
}

/** The exit codes of what was passed over; a link that leads nowhere is no failure. */
export function skippedCodes(skipped: readonly Skip[]): number[] {
  return skipped.filter(({ isDangling }) => !isDangling).map(({ error }) => exitCode(error));
}
