import type { WatchRule } from "./rule.ts";
import type { WatchStore } from "./store.ts";

const keyCodes: ReadonlySet<string> = new Set(["unauthorized", "login_required", "forbidden"]);

/** Whether a rule stands where it stands because the site wants a key, or another one. */
export function isKeyless({ why }: Pick<WatchRule, "why">): boolean {
  return why !== null && keyCodes.has(why.code);
}

/** Lets rules have their round at once that wait for a key of the site, for there is another one now. @returns How many. */
export function wakeRules(store: WatchStore): number {
  const waiting = store.list().filter((rule) => !rule.isPaused && isKeyless(rule));
  for (const { id } of waiting) store.hurry(id);
  return waiting.length;
}
