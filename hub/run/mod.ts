/**
 * The one run driver: how commands, the service and workers fetch files and write what belongs beside them. It says
 * nothing; whoever runs it is told and says it.
 *
 * @module
 */
export { promisedOf } from "../../api/references/promised.ts";
export { addSidecars, type ModelOnDisk } from "./add_sidecars.ts";
export { runFiles, type RunWatch } from "./run_files.ts";
export type { RunPhase, RunWatcher } from "./watch_file.ts";
