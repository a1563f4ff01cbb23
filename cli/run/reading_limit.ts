import { type Throttle, throttle } from "../../transport/mod.ts";
import type { Settings } from "../settings/read_settings.ts";
import { timetable } from "../settings/timetable.ts";

/** What the settings allow of the reading of files that are hashed, by the clock on the wall; undefined where they name no limit. */
export function readingLimit({ value }: Pick<Settings, "value">): Throttle | undefined {
  const text = value("scan.ioLimit");
  if (text === undefined) return undefined;
  const rule = timetable(text);
  return throttle(() => rule(new Date()));
}
