import { join } from "node:path";
import type { LogLevelName, LogsOptions, Monitor } from "../monitor/mod.ts";
import type { Io } from "./io.ts";

/** Where numbers and logs are kept. */
export interface MonitorPaths {
  /** The statistics. */
  readonly store: string;
  /** Folder of the log files. */
  readonly logs: string;
}

/**
 * Where numbers and logs are kept: below CIVIKIT_STATE_DIR, `$XDG_STATE_HOME/civikit`, `~/.local/state/civikit` or
 * `%LOCALAPPDATA%\civikit`; undefined where there is none of these.
 */
export function monitorPaths(env: Io["env"]): MonitorPaths | undefined {
  const home = env("HOME") ?? env("USERPROFILE");
  const base = env("XDG_STATE_HOME") ?? env("LOCALAPPDATA") ?? (home && join(home, ".local", "state"));
  const folder = env("CIVIKIT_STATE_DIR") || (base && join(base, "civikit"));
  return folder ? { store: join(folder, "stats.sqlite"), logs: join(folder, "logs") } : undefined;
}

/** What {@linkcode monitorFor} goes by. */
export interface MonitorSettings {
  /** False for `--no-monitor`. */
  readonly isWanted?: boolean;
  /** Connections of one download at most. */
  readonly parallel?: number | undefined;
  /** Cut out of every log line. */
  readonly secrets?: readonly string[];
}

const levels: readonly LogLevelName[] = ["DEBUG", "INFO", "WARN", "ERROR"];

/** CIVIKIT_LOG_FORMAT (text, json) and CIVIKIT_LOG_LEVEL (DEBUG to ERROR); anything else counts as not set. */
function logOptions(env: Io["env"]): Pick<LogsOptions, "format" | "level"> {
  const level = levels.find((name) => name === env("CIVIKIT_LOG_LEVEL")?.toUpperCase());
  return { format: env("CIVIKIT_LOG_FORMAT") === "json" ? "json" : "text", ...(level !== undefined && { level }) };
}

/**
 * The monitor a command records into; undefined when it was told not to (`CIVIKIT_MONITOR=off`), or when the process has
 * no right to write there. Trouble with it is never the command's trouble.
 */
export async function monitorFor(
  { env }: Pick<Io, "env">,
  { isWanted = true, parallel, secrets = [] }: MonitorSettings = {},
): Promise<Monitor | undefined> {
  const paths = monitorPaths(env);
  if (!isWanted || paths === undefined || /^(off|0|false|no)$/i.test(env("CIVIKIT_MONITOR") ?? "")) return undefined;
  // asked before, because Deno would stop and ask the user
  const rights = await Promise.all(
    (["read", "write"] as const).map((name) => Deno.permissions.query({ name, path: paths.store })),
  );
  if (rights.some(({ state }) => state !== "granted")) return undefined;
  try {
    const { openMonitor } = await import("../monitor/mod.ts");
    const logs = { folder: paths.logs, secrets, ...logOptions(env) };
    return openMonitor({ store: paths.store, logs, guard: parallel === undefined ? {} : { parallel } });
  } catch {
    return undefined; // a full disk or a damaged home folder must not stop a download
  }
}
