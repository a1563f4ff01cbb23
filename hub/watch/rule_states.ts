import type { WatchRule } from "./rule.ts";
import { isKeyless } from "./wake_rules.ts";

/** How many rules run, rest, and fail. */
export function ruleStates(rules: readonly WatchRule[]): Readonly<Record<"active" | "paused" | "failing", number>> {
  const count = (isMeant: (rule: WatchRule) => boolean) => rules.filter(isMeant).length;
  return {
    active: count(({ isPaused, failures }) => !isPaused && failures === 0),
    paused: count(({ isPaused }) => isPaused),
    failing: count(({ isPaused, failures }) => !isPaused && failures > 0),
  };
}

/** Rounds in a row that failed, after which it is no accident. */
const fewFailures = 3;

/** How many rules need somebody: they keep failing, or the site refuses the key. */
export function stuckRules(rules: readonly WatchRule[]): number {
  return rules.filter((rule) => {
    const { isPaused, failures } = rule;
    return !isPaused && (failures >= fewFailures || failures > 0 && isKeyless(rule));
  }).length;
}
