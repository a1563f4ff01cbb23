import type { Clock } from "../clock.ts";
import { type Context, type DownloadPhase, newContext } from "../transport.ts";
import type { DownloadOptions } from "./download_options.ts";
import { type SpeedMeter, speedMeter } from "./speed.ts";

const progressMs = 100;

/** Tells those who watch a download how it goes; they cannot break it. */
export class Progress {
  readonly #onProgress: DownloadOptions["onProgress"];
  readonly #clock: Clock;
  readonly #speed: SpeedMeter;
  #last = -Infinity;
  /** Goes with every request. */
  readonly context: Context;

  /** Tells nothing yet. */
  constructor({ onProgress, report }: DownloadOptions, clock: Clock) {
    this.#onProgress = onProgress;
    this.#clock = clock;
    this.#speed = speedMeter({ clock });
    this.context = { id: newContext().id, report: (event) => quietly(() => report?.(event)) };
  }

  /** So many bytes came. */
  count(bytes: number): void {
    this.#speed.add(bytes);
  }

  /** So many bytes are there; told now and then, and when it is the last time. */
  tell(downloadedBytes: number, totalBytes: number | undefined, isLast = false): void {
    const onProgress = this.#onProgress;
    if (onProgress === undefined) return;
    const now = this.#clock.now();
    if (!isLast && now - this.#last < progressMs) return;
    this.#last = now;
    quietly(() => onProgress({ downloadedBytes, totalBytes, bytesPerSecond: this.#speed.bytesPerSecond() }));
  }

  /** The download of `path` entered a phase. */
  phase(phase: DownloadPhase, path: string, bytes: number, totalBytes: number | undefined, note?: string): void {
    this.context.report({
      type: "download",
      path,
      phase,
      bytes,
      ...(totalBytes === undefined ? {} : { totalBytes }),
      ...(note === undefined ? {} : { note }),
    });
  }
}

/** Observers cannot break the observed. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // theirs to look after
  }
}
