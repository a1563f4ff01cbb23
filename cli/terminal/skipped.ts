import type { Skip } from "../../api/mod.ts";
import type { Locale } from "../../transport/mod.ts";
import { failureFields } from "./json_line.ts";
import type { Output } from "./output.ts";
import type { Style } from "./style.ts";
import { printable, withColons } from "./text.ts";

const dangling = {
  en: { skipped: "skipped", state: "a link to a file that is not there" },
  "zh-TW": { skipped: "略過", state: "連結指向的檔案不存在" },
} as const;

/** Shows something that was passed over: as a failure, unless it is a link that leads nowhere. */
export function warnSkip(
  { warn, fail }: Output,
  { error, isDangling }: Skip,
  shown: string,
  event: object,
  { style, locale }: { readonly style: Style; readonly locale: Locale },
): void {
  if (!isDangling) return fail(error, shown, event);
  const { skipped, state } = dangling[locale];
  warn({ ...event, ...failureFields(error) }, withColons(style.warn(skipped), printable(shown), state));
}

/** A sidecar that is another file's, for people. */
export function describeOwner(sidecar: string, owner: string, locale: Locale): string {
  const [one, other] = [printable(sidecar), printable(owner)];
  return locale === "en" ? `left alone: ${one} belongs to ${other}` : `保持不動：${one} 屬於 ${other}`;
}
