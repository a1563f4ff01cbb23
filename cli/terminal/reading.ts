import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import type { Reading } from "../texts/library.ts";
import { formatDuration } from "./text.ts";

/** How far something is that reads bytes, after `elapsedMs`, for people. */
export function readingOf(done: number, total: number, elapsedMs: number): Reading {
  const speed = elapsedMs > 0 ? done * 1000 / elapsedMs : 0;
  return {
    done: formatBytes(done),
    total: formatBytes(total),
    percent: total > 0 ? Math.min(100, Math.floor(done * 100 / total)) : 100,
    speed: formatSpeed(speed),
    left: speed > 0 && total > done ? formatDuration((total - done) * 1000 / speed) : undefined,
  };
}
