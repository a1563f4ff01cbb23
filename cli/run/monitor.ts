import type { StackOptions } from "../../hub/run/mod.ts";
import type { Io } from "../terminal/io.ts";
import { monitorPaths } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import { isMonitored, logSettings } from "../settings/settings.ts";

/** What {@linkcode monitorOptions} goes by. */
export interface MonitorSettings {
  /** False for `--no-monitor`. */
  readonly isWanted?: boolean;
  /** Cut out of every log line. */
  readonly secrets?: readonly string[];
}

/**
 * The monitor a command records into; undefined when it was told not to (`CIVIKIT_MONITOR=off`), or when the process has
 * no right to write there.
 *
 * @throws {InputError} `invalid_config` when a setting is not one of its words.
 */
export function monitorOptions(
  { env }: Pick<Io, "env">,
  { isWanted = true, secrets = [] }: MonitorSettings = {},
): StackOptions["monitor"] {
  const paths = monitorPaths(env);
  const settings = logSettings(env);
  if (!isMonitored(env) || !isWanted || paths === undefined) return undefined;
  // asked before, because Deno would stop and ask the user
  if (!isGranted(keeping(paths.store))) return undefined;
  return { store: paths.store, logs: { folder: paths.logs, secrets, ...settings } };
}
