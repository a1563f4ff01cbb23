import type { Civitai } from "../../api/mod.ts";
import type { NewFind } from "./judge_page.ts";
import { judgePage } from "./judge_page.ts";
import { lookAt, orderOf } from "./look_at.ts";
import type { WatchRule } from "./rule.ts";
import type { WatchStore } from "./store.ts";
import { readWatchTarget } from "./watch_target.ts";

/** What a round would find. */
export interface WatchPreview {
  /** What is new. */
  readonly finds: readonly NewFind[];
  /** What is new and does not fit. */
  readonly skipped: number;
  /** Whether there is more on later pages. */
  readonly isMore: boolean;
  /** What the site calls what is watched. */
  readonly name: string;
}

/**
 * Looks at one page of what a rule watches and says what a round would find; nothing is kept.
 *
 * @param store Where it is known what the rule has seen.
 * @param api Whom to ask.
 * @param rule The rule.
 * @throws {CivikitError} When the site does not answer, or has no such thing.
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 * import { watchPreview, watchStore } from "@civikit/civikit/hub";
 * import { embeddedCivitai } from "@civikit/civikit/testing";
 *
 * using store = watchStore(":memory:");
 * const { rule } = store.add({ target: "model:1001", backlog: 1 });
 * const { finds } = await watchPreview(store, civitai(embeddedCivitai()), rule);
 * console.log(finds[0]?.key); // version:2002
 * ```
 */
export async function watchPreview(
  store: Pick<WatchStore, "isSeen" | "isHeld">,
  api: Civitai,
  rule: WatchRule,
  { signal = new AbortController().signal, nowMs = Date.now() }: { signal?: AbortSignal; nowMs?: number } = {},
): Promise<WatchPreview> {
  const target = readWatchTarget(rule.target, api);
  const page = await lookAt(api, target, rule, signal);
  const { finds, skipped, isMore, rule: next } = judgePage(rule, page, {
    ...{ order: orderOf(target), baseUrl: api.baseUrl, nowMs },
    isSeen: (key) => store.isSeen(rule.id, key),
    isHeld: (key) => store.isHeld(rule.id, key),
  });
  return { finds, skipped, isMore, name: next.name };
}
