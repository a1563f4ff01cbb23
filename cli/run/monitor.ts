import type { StackOptions } from "../../hub/run/mod.ts";
import { monitorPaths } from "../settings/places.ts";
import type { Settings } from "../settings/read_settings.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import type { Io } from "../terminal/io.ts";

/** What {@linkcode monitorOptions} goes by. */
export interface MonitorOptions {
  /** What this process does, as other processes show it. */
  readonly command: string;
  /** Cut out of every log line. */
  readonly secrets?: readonly string[];
}

const hourMs = 3_600_000;
/** Whole hours are kept for a month, or as long as minutes where that is longer. */
const leastHoursMs = 30 * 24 * hourMs;

/**
 * The monitor a command records into; undefined where the process has no right to write there. Told to record nothing
 * (`monitor.enabled`), it keeps no numbers, no logs and no history: transfers are shown to other processes while they run,
 * and leave nothing.
 */
export function monitorOptions(
  { env }: Pick<Io, "env">,
  { value }: Pick<Settings, "value">,
  { command, secrets = [] }: MonitorOptions,
): StackOptions["monitor"] {
  const paths = monitorPaths(env);
  const isKept = value("monitor.enabled");
  if (paths === undefined) return undefined;
  // asked before, because Deno would stop and ask the user
  if (!isGranted(keeping(paths.store))) return undefined;
  const keepMinutesMs = value("monitor.retentionHours") * hourMs;
  const logs = {
    folder: paths.logs,
    secrets,
    level: value("monitor.logLevel"),
    format: value("monitor.logFormat"),
    maxBytes: value("monitor.logSizeMb") * 1024 * 1024,
    keep: value("monitor.logFiles"),
  };
  return {
    live: { path: paths.store, command, isKept },
    keepMinutesMs,
    keepHoursMs: Math.max(leastHoursMs, keepMinutesMs),
    ...(isKept && { store: paths.store, logs }),
  };
}
