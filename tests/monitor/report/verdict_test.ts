import { assertEquals } from "@std/assert";
import { errorRateVerdict, responseTimeVerdict } from "../../../monitor/mod.ts";
import { isSettingKey } from "../../../cli/settings/table.ts";
import { advice } from "../../../monitor/report/verdict.ts";

Deno.test("responseTimeVerdict() and errorRateVerdict() change at their thresholds", () => {
  const times = [undefined, 0, 999.9, 1000, 3000, 3000.1, 5000, 5000.1].map((ms) => responseTimeVerdict(ms).level);
  assertEquals(times, ["unknown", "good", "good", "fair", "fair", "tune", "tune", "abnormal"]);
  const rates = [undefined, 0, 4.99, 5, 15, 15.01, 100].map((percent) => errorRateVerdict(percent).level);
  assertEquals(rates, ["unknown", "good", "good", "fair", "fair", "check", "check"]);
  assertEquals(errorRateVerdict(20, "zh-TW").text, "需要檢查");
});

Deno.test("advice() speaks of the network the numbers show, in both languages", () => {
  const fast = advice({ meanMs: 200, errorPercent: 1, hitPercent: 60 });
  assertEquals(fast, [
    "A fast network: set time-outs to 15-20 s (civikit config set timeouts.api 20).",
    "A stable network: 3 retries are enough.",
  ]);
  const slow = advice({ meanMs: 4000, errorPercent: 12, hitPercent: 3 });
  assertEquals(slow.map((line) => /60-90|5-7|100-200/.exec(line)?.[0]), ["60-90", "5-7", "100-200"]);
  assertEquals(advice({ meanMs: 2000, errorPercent: undefined, hitPercent: undefined }, "zh-TW"), [
    "一般的網路：逾時設為 30-45 秒（civikit config set timeouts.api 30）。",
  ]);
  // what it says can be done: each setting is there
  const named = slow.concat(fast).flatMap((line) =>
    [...line.matchAll(/config set (\S+) (\d+)/g)].map(([, key]) => key!)
  );
  assertEquals([...new Set(named)].sort(), ["cache.defaultTtl", "cache.maxSizeMb", "retry.max", "timeouts.api"]);
  assertEquals(named.filter((key) => !isSettingKey(key)), []);
  assertEquals(advice({ meanMs: undefined, errorPercent: undefined, hitPercent: undefined }), []);
});
