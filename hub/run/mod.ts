/**
 * The one run driver: how commands, the service and workers fetch files and write what belongs beside them. It says
 * nothing; whoever runs it is told and says it.
 *
 * @module
 */
export { promisedOf } from "../../api/references/promised.ts";
export { addSidecars, type ModelOnDisk } from "./add_sidecars.ts";
export { factRows, type FactWords } from "./fact_rows.ts";
export { chooseNames, type Unnamed } from "./choose_names.ts";
export { openStack, type Stack, type StackCache, type StackOptions, type StaleAnswer } from "./open_stack.ts";
export { planFiles } from "./plan_files.ts";
export type {
  OwnOptions,
  Plan,
  PlanFailure,
  PlanFilesOptions,
  PlannedFile,
  PlannedModel,
  WrittenReference,
} from "./planned_file.ts";
export { type RateControl, rateControl, type RateRule } from "./rate_control.ts";
export { type PublishedFile, runFiles, type RunWatch } from "./run_files.ts";
export { trashOf } from "../../api/trash/trash_of.ts";
export type { RunPhase, RunWatcher } from "./watch_file.ts";
export { whyHint } from "./why_hint.ts";
