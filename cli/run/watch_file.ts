import { watchSchedule, type WatchSettings, type WatchStore, watchStore } from "../../hub/watch/mod.ts";
import { CivikitError, type Locale } from "../../transport/mod.ts";
import { watchPath } from "../settings/places.ts";
import type { Settings } from "../settings/read_settings.ts";
import type { Io } from "../terminal/io.ts";
import { printable } from "../terminal/text.ts";
import { watchText } from "../texts/watch.ts";

/**
 * The rules of this user, the same for every command and for the service.
 *
 * @throws {CivikitError} When there is no folder for them, or they cannot be opened.
 */
export function openWatch(
  { io, locale }: { readonly io: Pick<Io, "env">; readonly locale: Locale },
  { value }: Settings,
  note: (text: string) => void,
): WatchStore {
  const path = watchPath(io.env);
  if (path === undefined) {
    const message = "opening the rules: there is no folder for them; set HOME or CIVIKIT_STATE_DIR";
    throw new CivikitError(message, { code: "folder_missing" });
  }
  const site = { baseUrl: value("baseUrl"), trustedHosts: value("trustedHosts") };
  return watchStore(path, { site, onSetAside: (aside) => note(watchText[locale].setAside(printable(aside))) });
}

/** What the settings say of rounds; a schedule that cannot be meant is told, and it is a day then. */
export function watchSettings({ value }: Settings, refuse: (error: unknown) => void): WatchSettings {
  let schedule = value("watch.schedule");
  try {
    watchSchedule(schedule);
  } catch (error) {
    refuse(error);
    schedule = "daily";
  }
  return {
    isEnabled: value("watch.enabled"),
    ...{ schedule, jitterMs: value("watch.jitter") * 1000, pages: value("watch.pages") },
  };
}
