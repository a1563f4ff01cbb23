import { isAbsolute, resolve } from "node:path";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../options/usage_error.ts";
import { serveToken } from "../../settings/keys.ts";
import { readSettings, type Settings } from "../../settings/read_settings.ts";
import type { Io } from "../../terminal/io.ts";
import { serviceText } from "../../texts/units.ts";
import { bilingual } from "../../texts/texts.ts";
import type { HealthPlace } from "./ask_health.ts";
import type { UnitWishes } from "./make_unit.ts";
import type { UnitOrigin } from "./seal.ts";
import type { UnitScope } from "./unit_file.ts";

/** Where the service of the whole machine keeps its things; the same words as in deploy/systemd/civikit.service. */
const systemPlaces: Readonly<Record<string, string>> = {
  HOME: "/var/lib/civikit",
  XDG_CONFIG_HOME: "/var/lib",
  XDG_CACHE_HOME: "/var/cache",
  CIVIKIT_STATE_DIR: "/var/lib/civikit",
};

/** The environment a service of this scope finds its things by. */
export function scopeEnv(scope: UnitScope, env: Io["env"]): Io["env"] {
  if (scope === "user" || Deno.build.os !== "linux") return env;
  return (name) => systemPlaces[name] ?? (name.startsWith("CIVIKIT_") ? undefined : env(name));
}

/** The settings a service of this scope goes by. */
export async function scopeSettings(scope: UnitScope, { io, settings }: CommandContext): Promise<Settings> {
  const env = scopeEnv(scope, io.env);
  return env === io.env ? settings : await readSettings({ env, flags: settings.options.flags ?? {} });
}

/** The folders of the settings that a service has to write models to. */
function settingRoots({ value, source }: Settings): readonly string[] {
  const [root, directory] = [value("root"), value("download.directory")];
  const folders = Object.values(value("folders")).filter((folder) => isAbsolute(folder));
  const places = [root, source("download.directory") === "default" ? undefined : directory, ...folders];
  return [...new Set(places.filter((place) => place !== undefined).map((place) => resolve(place)))];
}

/**
 * What a unit is to be made for: the folders that were named, else those of the settings.
 *
 * @param example What stands in where neither names one; without it that is refused.
 * @throws {UsageError} Where it is not said where models go.
 */
export function unitWishes(
  folders: readonly string[],
  settings: Settings,
  port: number | undefined,
  example?: string,
): UnitWishes {
  const isRootGiven = folders.length > 0;
  const roots = isRootGiven ? [...new Set(folders.map((folder) => resolve(folder)))] : settingRoots(settings);
  const options = [
    ...(settings.options.configPath === undefined ? [] : [`--config=${resolve(settings.options.configPath)}`]),
    ...(port === undefined ? [] : [`--port=${port}`]),
  ];
  if (roots.length > 0) return { roots, isRootGiven, options };
  if (example === undefined) throw new UsageError(bilingual(serviceText, (t) => t.folderDue));
  return { roots: [example], isRootGiven: true, options };
}

/** Where the service listens: as its unit says, else its settings. */
export function placeOf(settings: Settings, origin: UnitOrigin | undefined, env: Io["env"]): HealthPlace {
  const isTyped = settings.source("serve.port") === "flag";
  const port = origin?.options.map((option) => /^--port=(\d+)$/.exec(option)?.[1]).find((found) => found !== undefined);
  return {
    host: settings.value("serve.host"),
    port: isTyped || port === undefined ? settings.value("serve.port") : Number(port),
    token: serveToken(env),
  };
}
