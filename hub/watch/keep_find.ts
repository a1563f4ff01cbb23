import type { StatementSync } from "node:sqlite";
import type { NewFind } from "./judge_page.ts";
import type { FindState, WatchAction, WatchFind, WatchRule } from "./rule.ts";
import { findOf, type Row, type statements } from "./watch_rows.ts";

type Run = Readonly<Record<keyof typeof statements, StatementSync>>;

/**
 * Keeps something new, in the state that its rule's action and what was found before leave it: nothing is fetched twice,
 * whichever rule found it first, and nothing told of that was told or fetched before.
 */
export function keepFind(
  run: Run,
  rule: WatchRule,
  { key, thing, isHeld, dueMs }: NewFind,
  nowMs: number,
  isThere: (key: string) => boolean,
): WatchFind {
  // of a collection the site tells no more than that it has grown: there is nothing to fetch
  const action: WatchAction = thing.versionId === null ? "tell" : rule.action;
  const had = (action === "queue" ? run.hadByQueue : run.had).get(key) !== undefined;
  const state: FindState = had || isThere(key) ? "known" : isHeld ? "held" : action === "queue" ? "queueing" : "told";
  const row = run.find.get({
    ...{ rule: Number(rule.id), key, state, at_ms: nowMs, due_ms: state === "held" ? dueMs : null, action },
    ...{ thing: JSON.stringify(thing), options: JSON.stringify(rule.options) },
  });
  return findOf(row as Row);
}
