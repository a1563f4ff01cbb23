import { rateControl, type RateRule } from "../../hub/run/mod.ts";
import type { DownloadOptions } from "../../transport/mod.ts";
import type { Settings } from "../settings/read_settings.ts";
import { timetable } from "../settings/timetable.ts";
import { retrySettings } from "./stack_settings.ts";

/** What holds for every download of a run. */
export type DownloadSettings = Pick<DownloadOptions, "maxAttempts" | "delayMs" | "resume" | "throttle">;

/** What the settings allow of the rate, by the clock on the wall; undefined when they name no limit. */
export function rateRule({ value }: Pick<Settings, "value">): RateRule | undefined {
  const limitRate = value("download.limitRate");
  return limitRate === undefined ? undefined : timetable(limitRate);
}

/** What the settings make of downloads; the limit of the rate is one for all of them together, and follows the clock. */
export function downloadSettings(settings: Pick<Settings, "value">): DownloadSettings {
  const rule = rateRule(settings);
  return {
    ...retrySettings(settings),
    resume: settings.value("download.resume"),
    ...(rule && { throttle: rateControl(rule).throttle }),
  };
}
