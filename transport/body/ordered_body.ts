import type { Sink } from "../transport.ts";

/** How far a part may run ahead of the reader before it has to wait. */
const windowBytes = 16 * 1024 * 1024;

/**
 * An ordinary byte stream over a job that delivers out of order: parts that are early wait in memory, at most a window
 * ahead, and those beyond it are held back. Starts when somebody reads.
 *
 * @param run Starts the job; it stops when the signal aborts.
 * @param signal The caller's own.
 * @param discard Called instead of `run` when the body is cancelled unread.
 */
export function orderedBody(
  run: (sink: Sink, signal: AbortSignal) => Promise<number>,
  signal: AbortSignal,
  discard: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const early = new Map<number, Uint8Array<ArrayBuffer>>();
  const cancelled = new AbortController();
  let job: Promise<void> | undefined;
  let outcome: { readonly total: number } | { readonly error: unknown } | undefined;
  let at = 0;
  /** The reader's turn, and the writers that ran too far ahead. */
  let wakeReader: (() => void) | undefined;
  let wakeWriters = Promise.withResolvers<void>();

  const sink: Sink = {
    async write(bytes, offset) {
      while (offset - at > windowBytes && !cancelled.signal.aborted) await wakeWriters.promise;
      if (cancelled.signal.aborted) throw cancelled.signal.reason;
      // after a change of plan bytes may come again: what the reader has is not kept
      const known = Math.max(0, at - offset);
      if (known >= bytes.byteLength) return;
      early.set(offset + known, bytes.slice(known));
      if (offset + known === at) wakeReader?.();
    },
  };

  function end(ending: typeof outcome): void {
    outcome = ending;
    wakeReader?.();
  }

  const source: UnderlyingByteSource = {
    type: "bytes",
    async pull(controller) {
      job ??= run(sink, AbortSignal.any([signal, cancelled.signal])).then(
        (total) => end({ total }),
        (error) => end({ error }),
      );
      for (;;) {
        const bytes = early.get(at);
        if (bytes !== undefined) {
          early.delete(at);
          at += bytes.byteLength;
          wakeWriters.resolve();
          wakeWriters = Promise.withResolvers<void>();
          return controller.enqueue(bytes);
        }
        if (outcome !== undefined) break;
        await new Promise<void>((resolve) => wakeReader = resolve);
        wakeReader = undefined;
      }
      if ("error" in outcome) return controller.error(outcome.error);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    async cancel(reason) {
      cancelled.abort(reason);
      wakeWriters.resolve();
      if (job === undefined) await discard();
      else await job;
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
