import type { StackOptions } from "../../hub/run/mod.ts";
import type { Io } from "../terminal/io.ts";
import { monitorPaths } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import { isMonitored, logSettings } from "../settings/settings.ts";

/** What {@linkcode monitorOptions} goes by. */
export interface MonitorSettings {
  /** False for `--no-monitor`. */
  readonly isWanted?: boolean;
  /** What this process does, as other processes show it. */
  readonly command: string;
  /** Cut out of every log line. */
  readonly secrets?: readonly string[];
}

/**
 * The monitor a command records into; undefined where the process has no right to write there. Told to record nothing
 * (`--no-monitor`, `CIVIKIT_MONITOR=off`), it keeps no numbers, no logs and no history: transfers are shown to other
 * processes while they run, and leave nothing.
 *
 * @throws {InputError} `invalid_config` when a setting is not one of its words.
 */
export function monitorOptions(
  { env }: Pick<Io, "env">,
  { isWanted = true, command, secrets = [] }: MonitorSettings,
): StackOptions["monitor"] {
  const paths = monitorPaths(env);
  const settings = logSettings(env);
  const isKept = isMonitored(env) && isWanted;
  if (paths === undefined) return undefined;
  // asked before, because Deno would stop and ask the user
  if (!isGranted(keeping(paths.store))) return undefined;
  return {
    live: { path: paths.store, command, isKept },
    ...(isKept && { store: paths.store, logs: { folder: paths.logs, secrets, ...settings } }),
  };
}
