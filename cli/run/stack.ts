import { openStack, type Stack, type StackCache, type StackOptions } from "../../hub/run/mod.ts";
import type { CommandContext } from "../command.ts";
import type { Keys } from "../settings/keys.ts";
import { cachePath } from "../settings/places.ts";
import type { Settings } from "../settings/read_settings.ts";
import { isGranted, keeping } from "../settings/rights.ts";
import type { Io } from "../terminal/io.ts";
import { formatDuration } from "../terminal/text.ts";
import { runText } from "../texts/run.ts";
import { monitorOptions } from "./monitor.ts";
import { stackSettings } from "./stack_settings.ts";

/** What a command's transport is made of, besides the settings. */
export interface CommandStackOptions {
  /** The API keys. */
  readonly keys: Keys;
  /** Further addresses the user named: what is nearer than all of them and the API is not asked. Default: none. */
  readonly named?: readonly string[] | undefined;
  /** What is shared with other machines. Default: nothing. */
  readonly shared?: Pick<StackOptions, "layers" | "share"> | undefined;
  /** Shows a line to the user. */
  note(text: string): void;
}

/** The answers of earlier runs; undefined where they are not to be kept, or where there is no right to it. */
function cacheOptions({ env }: Pick<Io, "env">, { value }: Settings): StackCache | undefined {
  const path = value("cache.enabled") ? cachePath(env) : undefined;
  // asked before, because Deno would stop and ask the user
  if (!path || !isGranted(keeping(path))) return undefined;
  return { path, maxBytes: value("cache.maxSizeMb") * 1024 * 1024, defaultTtlMs: value("cache.defaultTtl") * 1000 };
}

/**
 * The stack as every command uses it, by the settings.
 *
 * @throws {InputError} `invalid_config` when a key, a certificate or a header cannot be read.
 */
export async function commandStack(
  { io, settings, command, locale }: Pick<CommandContext, "settings" | "command" | "locale"> & {
    readonly io: Pick<Io, "env">;
  },
  { keys, named = [], shared = {}, note }: CommandStackOptions,
): Promise<Stack> {
  const options = stackSettings(settings, io, note);
  const key = (host: string) => keys.find(host)?.key;
  const own = key(new URL(options.baseUrl).host);
  return await openStack({
    ...options,
    ...shared,
    key,
    named,
    cache: cacheOptions(io, settings),
    monitor: monitorOptions(io, settings, { command, secrets: own === undefined ? [] : [own] }),
    onStale: ({ host, reason, ageMs }) => note(runText[locale].stale(host, reason, formatDuration(ageMs))),
  });
}
