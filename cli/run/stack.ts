import { openStack, type Stack, type StackCache } from "../../hub/run/mod.ts";
import type { Keys } from "../settings/keys.ts";
import { cachePath } from "../settings/places.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import type { Io } from "../terminal/io.ts";
import { formatDuration } from "../terminal/text.ts";
import { monitorOptions } from "./monitor.ts";

/** What a command's transport is made of. */
export interface CommandStackOptions {
  /** The API keys. */
  readonly keys: Keys;
  /** Where the API is. */
  readonly baseUrl: string;
  /** Further addresses the user named: what is nearer than all of them and the API is not asked. Default: none. */
  readonly named?: readonly string[];
  /** Connections for each file; undefined leaves it to the transport. */
  readonly parallel: number | undefined;
  /** False for `--no-monitor`. */
  readonly isMonitored?: boolean;
  /** Name of the command, as other processes show it. */
  readonly command: string;
  /** Shows a line to the user. */
  note(text: string): void;
}

/** The answers of earlier runs; undefined with `CIVIKIT_CACHE=off`, or where there is no right to keep them. */
function cacheOptions({ env }: Pick<Io, "env">): StackCache | undefined {
  const path = cachePath(env);
  // asked before, because Deno would stop and ask the user
  return path && isGranted(keeping(path)) ? { path } : undefined;
}

/** The stack as every command uses it, by the settings. */
export async function commandStack(
  io: Pick<Io, "env">,
  { keys, baseUrl, named = [], parallel, isMonitored = true, command, note }: CommandStackOptions,
): Promise<Stack> {
  const key = (host: string) => keys.find(host)?.key;
  const own = key(new URL(baseUrl).host);
  return await openStack({
    baseUrl,
    key,
    named,
    parallel,
    cache: cacheOptions(io),
    monitor: monitorOptions(io, { isWanted: isMonitored, command, secrets: own === undefined ? [] : [own] }),
    onStale: ({ host, reason, ageMs }) =>
      note(`warning: ${host} did not answer (${reason}); using an answer ${formatDuration(ageMs)} old`),
  });
}
