/**
 * The download service: a queue that outlives its process, what works it off, an index of the model folders, and pages
 * for people and an API for programs in front of them.
 *
 * @module
 */
export * from "./library/mod.ts";
export type { Pairing } from "./pairing/pairing.ts";
export type { Parts, RateLimit, ServiceOptions, SlowMode, StartAnswer } from "./parts.ts";
export * from "./project/mod.ts";
export * from "./queue/mod.ts";
export type { Rates } from "./rates.ts";
export type { ModelOnDisk } from "./run/add_sidecars.ts";
export type { Role } from "../api/layout/role.ts";
export type { PublishedFile, RunWatch } from "./run/run_files.ts";
export type { RunPhase, RunWatcher } from "./run/watch_file.ts";
export { type Level, levels } from "./search/levels.ts";
export { periods, type Search, type SearchPage, type SearchQuery, type SearchWords, sorts } from "./search/search.ts";
export * from "./targets/mod.ts";
export { type Service, service } from "./service.ts";
export type { SettingRow, SettingsPort } from "./settings_port.ts";
export {
  type KeepFile,
  type LetGo,
  type QueueWork,
  runQueue,
  type RunQueueOptions,
  type WorkSettings,
} from "./worker/mod.ts";
export type { Preview, Previews, PreviewSource } from "./preview/preview.ts";
export type { PreviewLine } from "./preview/preview_line.ts";
export * from "./watch/mod.ts";
export type { Wish } from "./preview/wishes.ts";
export type { Problem } from "./routes/problem.ts";
