/**
 * Programs that use the files, and how they are told of new ones.
 *
 * @module
 */
export { readTarget, type Target, type TargetKind, targetKinds } from "./target.ts";
export { targetText } from "./target_text.ts";
export { type TargetState, type TargetTeller, tellTargets, type TellTargetsOptions } from "./tell_targets.ts";
