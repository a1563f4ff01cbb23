export { type Added, addModel, type AddOptions, findWanted, removeModel } from "./edit.ts";
export { install, type InstallOptions, type InstallOutcome, type InstallReport } from "./install.ts";
export type { Lock, LockedFile } from "./lock.ts";
export type { Manifest, Wanted } from "./manifest.ts";
export { lockName, manifestName } from "./names.ts";
export { movePins, type Outdated, outdated, type OutdatedReport } from "./outdated.ts";
export { openProject, type Project, type ProjectOptions } from "./project.ts";
export type { ProjectApi } from "./resolve_wanted.ts";
export type { WantedFailure } from "./sync_lock.ts";
