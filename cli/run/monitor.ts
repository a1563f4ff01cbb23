import type { Monitor } from "../../monitor/mod.ts";
import type { Io } from "../terminal/io.ts";
import { monitorPaths } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import { isMonitored, logSettings } from "../settings/settings.ts";

/** What {@linkcode monitorFor} goes by. */
export interface MonitorSettings {
  /** False for `--no-monitor`. */
  readonly isWanted?: boolean;
  /** Connections of one download at most. */
  readonly parallel?: number | undefined;
  /** Cut out of every log line. */
  readonly secrets?: readonly string[];
}

/**
 * The monitor a command records into; undefined when it was told not to (`CIVIKIT_MONITOR=off`), or when the process has
 * no right to write there. Trouble with it is never the command's trouble.
 *
 * @throws {InputError} `invalid_config` when a setting is not one of its words.
 */
export async function monitorFor(
  { env }: Pick<Io, "env">,
  { isWanted = true, parallel, secrets = [] }: MonitorSettings = {},
): Promise<Monitor | undefined> {
  const paths = monitorPaths(env);
  const settings = logSettings(env);
  if (!isMonitored(env) || !isWanted || paths === undefined) return undefined;
  // asked before, because Deno would stop and ask the user
  if (!isGranted(keeping(paths.store))) return undefined;
  try {
    const { openMonitor } = await import("../../monitor/mod.ts");
    const logs = { folder: paths.logs, secrets, ...settings };
    return openMonitor({ store: paths.store, logs, guard: parallel === undefined ? {} : { parallel } });
  } catch {
    return undefined; // a full disk or a damaged home folder must not stop a download
  }
}
