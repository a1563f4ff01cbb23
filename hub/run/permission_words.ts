import type { Locale } from "../../transport/mod.ts";

type Bilingual = Readonly<Record<Locale, string>>;

const both = (en: string, zhTW: string): Bilingual => ({ en, "zh-TW": zhTW });

const yesOrNo: Readonly<Record<string, readonly [yes: Bilingual, no: Bilingual]>> = {
  allowNoCredit: [both("no credit due", "不必註明作者"), both("credit due", "要註明作者")],
  allowDerivatives: [both("merges allowed", "可以合併"), both("no merges", "不可合併")],
  allowDifferentLicense: [
    both("merges under other terms", "合併後可改授權"),
    both("merges under the same terms", "合併後授權相同"),
  ],
};

const uses: Readonly<Record<string, Bilingual>> = {
  Image: both("pictures may be sold", "可販售圖片"),
  RentCivit: both("may run for pay on Civitai", "可在 Civitai 上有償生成"),
  Rent: both("may run for pay elsewhere", "可在其他服務上有償生成"),
  Sell: both("may be sold, merged or not", "可販售模型或合併後的模型"),
};
const noUse = both("no commercial use", "不可商用");

/** Earlier records have one word, or a list in braces, in place of a list. */
function usesOf(value: unknown): readonly string[] {
  const text = Array.isArray(value) ? value.join(" ") : typeof value === "string" ? value : "";
  return text.match(/[A-Za-z]+/g) ?? [];
}

/** What the author of a model allows, in words; what nobody knows of is said as it came. */
export function permissionWords(permissions: Readonly<Record<string, unknown>>, locale: Locale): string[] {
  return Object.entries(permissions).flatMap(([name, value]) => {
    const words = yesOrNo[name];
    if (words !== undefined && typeof value === "boolean") return [words[value ? 0 : 1][locale]];
    if (name !== "allowCommercialUse") return value === null ? [] : [`${name}: ${JSON.stringify(value)}`];
    const known = usesOf(value).filter((use) => use !== "None");
    return known.length === 0 ? [noUse[locale]] : known.map((use) => uses[use]?.[locale] ?? use);
  });
}
