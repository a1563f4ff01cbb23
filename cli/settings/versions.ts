import type { JsonObject } from "./with_setting.ts";
import { hasOldKeys, takeOver } from "./old_settings.ts";

/** A file upgraded in memory. */
export interface Upgraded {
  /** What it says, in the words of today. */
  readonly raw: JsonObject;
  /** Old keys that were taken over, `old -> new`. */
  readonly notes: readonly string[];
}

/**
 * From each version to the next, the first from 0. Version 0 is a file without a version: written by hand, or the JSON
 * settings of the old tool put in place as they were.
 */
const steps: readonly ((raw: JsonObject) => Upgraded)[] = [
  (raw) => hasOldKeys(raw) ? takeOver(raw) : { raw, notes: [] },
];

/** The version of the settings file this civikit writes. */
export const settingsVersion: number = steps.length;

/** What a file of `version` says, in the words of today. A newer one is left as it is. */
export function upgraded(raw: JsonObject, version: number): Upgraded {
  let now: Upgraded = { raw, notes: [] };
  for (const step of steps.slice(version)) {
    const { raw, notes } = step(now.raw);
    now = { raw, notes: [...now.notes, ...notes] };
  }
  return now;
}
