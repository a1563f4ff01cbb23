import { systemClock, within } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import type { MetricsRegistry } from "./metrics_registry.ts";

/** Options of {@linkcode memoryGuard}. */
export interface MemoryGuardOptions {
  /** Resident memory allowed above that at the start, in bytes. Default 200 MiB; at least 1 MiB. */
  limitBytes?: number;
  /** How often it looks, in milliseconds. Default 10000, 100 to 3600000. */
  everyMs?: number;
  /** Connections of a download while there is room, 1 to 32. Default 4. */
  parallel?: number;
  /** Size of a part while there is room, in bytes, 64 KiB to 64 MiB. Default 8 MiB. */
  pieceBytes?: number;
  /** Told of every step, as an event and as numbers. */
  registry?: MetricsRegistry;
  /** Resident memory in bytes. Default: the process's own. */
  rssBytes?: () => number;
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

/** Watches memory; its functions are options of `createTransport`. */
export interface MemoryGuard extends Disposable {
  /** Connections a download may have now. */
  readonly parallel: () => number;
  /** Size of a part now, in bytes. */
  readonly pieceBytes: () => number;
  /** Steps taken down; 0 is full speed. */
  readonly level: number;
  /** Looks now. */
  check(): void;
  /** Stops looking. */
  stop(): void;
}

const smallestPiece = 64 * 1024;
/** Going up only well below the limit keeps it from swinging. */
const recoverBelow = 0.8;

/**
 * Keeps resident memory within a limit by what downloads under way may use: each look above the limit halves the size of
 * parts (down to 64 KiB) and takes a connection away (down to one); each look below 80% of it gives one step back.
 *
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { createTransport } from "@civikit/civikit";
 * import { memoryGuard } from "@civikit/civikit/monitor";
 *
 * using guard = memoryGuard({ limitBytes: 100 * 1024 * 1024 });
 * using transport = createTransport({ parallel: guard.parallel, pieceBytes: guard.pieceBytes });
 * console.log(guard.parallel(), guard.level, typeof transport.fetch); // 4 0 function
 * ```
 */
export function memoryGuard({
  limitBytes = 200 * 1024 * 1024,
  everyMs = 10_000,
  parallel = 4,
  pieceBytes = 8 * 1024 * 1024,
  registry,
  rssBytes = () => Deno.memoryUsage().rss,
  clock = systemClock,
}: MemoryGuardOptions = {}): MemoryGuard {
  within("limitBytes", limitBytes, 1024 * 1024, Number.MAX_SAFE_INTEGER);
  within("everyMs", everyMs, 100, 3_600_000);
  within("parallel", parallel, 1, 32);
  within("pieceBytes", pieceBytes, smallestPiece, 64 * 1024 * 1024);
  const startBytes = rssBytes();
  const ceilingBytes = startBytes + limitBytes;
  const lowest = Math.max(parallel - 1, Math.ceil(Math.log2(pieceBytes / smallestPiece)));
  let level = 0;

  const parallelNow = () => Math.max(1, parallel - level);
  const pieceNow = () => Math.max(smallestPiece, Math.floor(pieceBytes / 2 ** level));

  function look(): void {
    const rss = rssBytes();
    const before = level;
    if (rss > ceilingBytes) level = Math.min(lowest, level + 1);
    else if (rss < startBytes + limitBytes * recoverBelow) level = Math.max(0, level - 1);
    if (registry === undefined) return;
    registry.setMemory({
      rssBytes: rss,
      limitBytes: ceilingBytes,
      level,
      parallel: parallelNow(),
      pieceBytes: pieceNow(),
    });
    if (level === before) return;
    const direction = level > before ? "lower" : "raise";
    registry.count("memory", "", direction);
    registry.events.publish({ type: "memory", direction, memory: registry.snapshot().memory });
  }

  let cancel = () => {};
  function schedule(): void {
    cancel = clock.after(everyMs, () => {
      look();
      schedule();
    }, true);
  }
  schedule();
  const stop = () => cancel();
  return {
    parallel: parallelNow,
    pieceBytes: pieceNow,
    get level() {
      return level;
    },
    check: look,
    stop,
    [Symbol.dispose]: stop,
  };
}
