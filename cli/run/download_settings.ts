import { type DownloadOptions, throttle } from "../../transport/mod.ts";
import type { Settings } from "../settings/read_settings.ts";
import { timetable } from "../settings/timetable.ts";
import { retrySettings } from "./stack_settings.ts";

/** What holds for every download of a run. */
export type DownloadSettings = Pick<DownloadOptions, "maxAttempts" | "delayMs" | "resume" | "throttle">;

/** What the settings make of downloads; the limit of the rate is one for all of them together, and follows the clock. */
export function downloadSettings({ value }: Pick<Settings, "value">): DownloadSettings {
  const limitRate = value("download.limitRate");
  const rateAt = limitRate === undefined ? undefined : timetable(limitRate);
  return {
    ...retrySettings({ value }),
    resume: value("download.resume"),
    ...(rateAt && { throttle: throttle(() => rateAt(new Date())) }),
  };
}
