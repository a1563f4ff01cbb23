import type { CacheWriter } from "./store.ts";

/** How a body is stored while it passes by. */
export interface TeeOptions {
  /** The most that is stored, in bytes: a longer body is passed on and forgotten. */
  readonly maxBytes: number;
  /** The size the body must have, in bytes; undefined when nobody said. */
  readonly expectedBytes: number | undefined;
  /** Asked at the end: whether the entry is still wanted. */
  readonly isWanted: () => boolean;
}

/**
 * The same body, stored on its way to the caller, whose reading sets the pace. Only a body that was read to its end,
 * and has the length announced, becomes an entry; a caller that stops early leaves nothing behind.
 */
export function tee(
  source: ReadableStream<Uint8Array>,
  writer: CacheWriter,
  { maxBytes, expectedBytes, isWanted }: TeeOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = source.getReader();
  let bytes = 0;
  let isStoring = true;
  const stop = () => {
    if (isStoring) writer.abort();
    isStoring = false;
  };
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          if (isStoring && isWanted() && (expectedBytes === undefined || bytes === expectedBytes)) {
            isStoring = false;
            await writer.commit();
          } else stop();
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        if (value.length === 0) return this.pull!(controller);
        bytes += value.length;
        if (bytes > maxBytes) stop();
        // a copy, because a byte stream takes its buffers away
        else if (isStoring) await writer.write(value.slice());
        controller.enqueue(value as Uint8Array<ArrayBuffer>);
      } catch (error) {
        stop();
        throw error;
      }
    },
    cancel(reason) {
      stop();
      return reader.cancel(reason);
    },
  });
}
