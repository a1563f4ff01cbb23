/**
 * Programs that use the files, and how they are told of new ones and of failures.
 *
 * @module
 */
export { type Failure, type FailureEvent, failureEvents, type News } from "./news.ts";
export { openOutbox, type OpenOutboxOptions, type Outbox } from "./outbox.ts";
export { readTarget, type Target, type TargetKind, targetKinds } from "./target.ts";
export { targetText } from "./target_text.ts";
export type { TargetState } from "./target_line.ts";
export { type TargetTeller, tellTargets, type TellTargetsOptions } from "./tell_targets.ts";
export { type RuleEvent, type WorkTeller, workTeller } from "./work_teller.ts";
