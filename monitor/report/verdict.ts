import type { Locale } from "../../transport/mod.ts";

/** How a number is to be taken, from best to worst; `unknown` without data. */
export type VerdictLevel = "unknown" | "good" | "fair" | "tune" | "abnormal" | "check";

/** A number's verdict, in words. */
export interface Verdict {
  /** The level, for programs. */
  readonly level: VerdictLevel;
  /** The level, for people. */
  readonly text: string;
}

const texts: Readonly<Record<VerdictLevel, Readonly<Record<Locale, string>>>> = {
  unknown: { en: "no data", "zh-TW": "尚無資料" },
  good: { en: "good", "zh-TW": "良好" },
  fair: { en: "fair", "zh-TW": "尚可" },
  tune: { en: "needs tuning", "zh-TW": "需要調整" },
  abnormal: { en: "abnormal", "zh-TW": "異常" },
  check: { en: "needs a check", "zh-TW": "需要檢查" },
};

const verdict = (level: VerdictLevel, locale: Locale): Verdict => ({ level, text: texts[level][locale] });

/**
 * What to think of a mean response time: below 1000 ms good, up to 3000 fair, up to 5000 needs tuning, above abnormal.
 *
 * @param meanMs Mean response time in milliseconds; undefined without data.
 * @example
 * ```ts
 * import { responseTimeVerdict } from "@civikit/civikit/monitor";
 *
 * console.log(responseTimeVerdict(420).text, responseTimeVerdict(3200).text); // good needs tuning
 * ```
 */
export function responseTimeVerdict(meanMs: number | undefined, locale: Locale = "en"): Verdict {
  if (meanMs === undefined) return verdict("unknown", locale);
  if (meanMs < 1000) return verdict("good", locale);
  if (meanMs <= 3000) return verdict("fair", locale);
  return verdict(meanMs <= 5000 ? "tune" : "abnormal", locale);
}

/**
 * What to think of an error rate: below 5% good, up to 15% fair, above it deserves a check.
 *
 * @param percent Share of failed requests, 0 to 100; undefined without data.
 * @example
 * ```ts
 * import { errorRateVerdict } from "@civikit/civikit/monitor";
 *
 * console.log(errorRateVerdict(4.99).text, errorRateVerdict(16).text); // good needs a check
 * ```
 */
export function errorRateVerdict(percent: number | undefined, locale: Locale = "en"): Verdict {
  if (percent === undefined) return verdict("unknown", locale);
  if (percent < 5) return verdict("good", locale);
  return verdict(percent <= 15 ? "fair" : "check", locale);
}

/** What the advice is drawn from. */
export interface AdviceFacts {
  /** Mean response time in milliseconds; undefined without data. */
  readonly meanMs: number | undefined;
  /** Share of failed requests, 0 to 100; undefined without data. */
  readonly errorPercent: number | undefined;
  /** Share of cache answers that were hits, 0 to 100; undefined without enough of them. */
  readonly hitPercent: number | undefined;
}

/** What to set for the network the numbers speak of: time-outs, retries, cache. */
export function advice({ meanMs, errorPercent, hitPercent }: AdviceFacts, locale: Locale = "en"): string[] {
  const isChinese = locale === "zh-TW";
  const set = (key: string, value: number) => `civikit config set ${key} ${value}`;
  const lines: string[] = [];
  if (meanMs !== undefined) {
    const [kind, span, seconds] = meanMs < 1000
      ? [isChinese ? "快速" : "fast", "15-20", 20]
      : meanMs <= 3000
      ? [isChinese ? "一般" : "ordinary", "30-45", 30]
      : [isChinese ? "緩慢" : "slow", "60-90", 60];
    const command = set("timeouts.api", seconds);
    lines.push(
      isChinese
        ? `${kind}的網路：逾時設為 ${span} 秒（${command}）。`
        : `A ${kind} network: set time-outs to ${span} s (${command}).`,
    );
  }
  if (errorPercent !== undefined) {
    const isStable = errorPercent < 5;
    if (isChinese) {
      lines.push(isStable ? "連線穩定：重試 3 次即可。" : `連線不穩：重試設為 5-7 次（${set("retry.max", 6)}）。`);
    } else {
      lines.push(
        isStable
          ? "A stable network: 3 retries are enough."
          : `An unstable network: set 5-7 retries (${set("retry.max", 6)}).`,
      );
    }
  }
  if (hitPercent !== undefined && hitPercent < 20) {
    const command = `${set("cache.maxSizeMb", 200)}; ${set("cache.defaultTtl", 3600)}`;
    lines.push(
      isChinese
        ? `快取命中率偏低：快取設為 100-200 MB、保存 1 小時（${command}）。`
        : `Few cache hits: give the cache 100-200 MB and an hour (${command}).`,
    );
  }
  return lines;
}
