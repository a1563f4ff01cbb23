import { type Clock, systemClock } from "../clock.ts";

/** Settings of {@linkcode speedMeter}. */
export interface SpeedMeterOptions {
  /** How far back the meter looks, in milliseconds. Default 5000. */
  windowMs?: number;
  /** Time; tests hand in a fake one. */
  clock?: Clock;
}

/** Measures bytes over a sliding window. */
export interface SpeedMeter {
  /** Counts `bytes` that arrived now. */
  add(bytes: number): void;
  /** Bytes per second over the window, or since the meter was made while that is shorter; 0 before the first byte. */
  bytesPerSecond(): number;
  /** Milliseconds until `remaining` more bytes are there at this speed; undefined while nothing moves. */
  etaMs(remaining: number): number | undefined;
}

const bucketsPerWindow = 20;

/**
 * A speed over the last few seconds, so that a display follows a change and still does not flicker. Bytes are counted
 * in a ring of twenty buckets: memory and work stay the same however often `add` is called.
 *
 * @throws {RangeError} when `windowMs` is not a positive number.
 * @example
 * ```ts
 * const meter = speedMeter({ windowMs: 2000 });
 * meter.add(65_536);
 * console.log(formatSpeed(meter.bytesPerSecond()), meter.etaMs(1_000_000));
 * ```
 */
export function speedMeter({ windowMs = 5000, clock = systemClock }: SpeedMeterOptions = {}): SpeedMeter {
  if (!(windowMs > 0 && windowMs < Infinity)) {
    throw new RangeError(`building speedMeter: windowMs "${windowMs}": not a positive number`);
  }
  const bucketMs = windowMs / bucketsPerWindow;
  const started = clock.now();
  const buckets = new Float64Array(bucketsPerWindow);
  let current = 0;

  function roll(): void {
    const now = Math.floor((clock.now() - started) / bucketMs);
    const passed = Math.min(now - current, bucketsPerWindow);
    for (let step = 1; step <= passed; step++) buckets[(current + step) % bucketsPerWindow] = 0;
    current = Math.max(current, now);
  }

  function bytesPerSecond(): number {
    roll();
    const oldestStart = Math.max(0, current - bucketsPerWindow + 1) * bucketMs;
    // a first reading within one bucket would be divided by next to nothing
    const spanMs = Math.max(bucketMs, clock.now() - started - oldestStart);
    return buckets.reduce((sum, bytes) => sum + bytes, 0) * 1000 / spanMs;
  }

  return {
    add(bytes) {
      roll();
      buckets[current % bucketsPerWindow]! += bytes;
    },
    bytesPerSecond,
    etaMs(remaining) {
      const speed = bytesPerSecond();
      return speed > 0 ? remaining * 1000 / speed : undefined;
    },
  };
}

const units = ["B", "KB", "MB", "GB", "TB"] as const;

function scaled(bytes: number, largest: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  // 1023.95 would be shown as 1024.0
  while (unit < largest && value >= 1023.95) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/**
 * A speed for people, with one decimal: B/s, KB/s or MB/s, where KB is 1024 bytes as download tools and file managers
 * on Windows count them.
 *
 * @example
 * ```ts
 * console.log(formatSpeed(512), formatSpeed(1536), formatSpeed(5 * 1024 * 1024)); // 512.0 B/s 1.5 KB/s 5.0 MB/s
 * ```
 */
export function formatSpeed(bytesPerSecond: number): string {
  return `${scaled(bytesPerSecond, 2)}/s`;
}

/**
 * A size for people, counted like {@linkcode formatSpeed} and up to TB; whole bytes below 1 KB.
 *
 * @example
 * ```ts
 * console.log(formatBytes(900), formatBytes(6_938_041_050)); // 900 B 6.5 GB
 * ```
 */
export function formatBytes(bytes: number): string {
  return bytes < 1024 ? `${Math.max(0, Math.round(bytes))} B` : scaled(bytes, 4);
}
