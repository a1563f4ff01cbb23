import type { WatchRule } from "./rule.ts";

/** How many rules run, rest, and fail. */
export function ruleStates(rules: readonly WatchRule[]): Readonly<Record<"active" | "paused" | "failing", number>> {
  const count = (isMeant: (rule: WatchRule) => boolean) => rules.filter(isMeant).length;
  return {
    active: count(({ isPaused, failures }) => !isPaused && failures === 0),
    paused: count(({ isPaused }) => isPaused),
    failing: count(({ isPaused, failures }) => !isPaused && failures > 0),
  };
}
