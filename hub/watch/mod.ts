/**
 * Watching the site: rules on creators, models, tags, searches and collections, what they have seen, and the rounds that
 * look for what is new.
 *
 * @module
 */
export { askAnew } from "./ask_anew.ts";
export type { JudgedPage, NewFind } from "./judge_page.ts";
export {
  earlyAccessWords,
  type FindState,
  type NewWatchRule,
  type WatchAction,
  type WatchChange,
  type WatchFilters,
  type WatchFind,
  type WatchOptions,
  type WatchRound,
  type WatchRule,
  type WatchTarget,
  type WatchThing,
} from "./rule.ts";
export { runWatch, type RunWatchOptions, type WatchEvent, type WatchSettings, type WatchWork } from "./run_watch.ts";
export { type WatchPreview, watchPreview } from "./watch_preview.ts";
export { type WatchSchedule, watchSchedule } from "./watch_schedule.ts";
export type { KeptRound, ListWatched, QueueIntent, RoundResult, WatchStore } from "./store.ts";
export { watchStore, type WatchStoreOptions } from "./watch_store.ts";
export { readWatchTarget } from "./watch_target.ts";
export { isKeyless, wakeRules } from "./wake_rules.ts";
export type { WatchPort } from "./watch_port.ts";
