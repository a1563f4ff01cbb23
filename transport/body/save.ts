import { wrapBodyError } from "../socket/network_error.ts";
import type { Sink } from "../transport.ts";
import { Gather } from "./gather.ts";

/** Delivers a body's bytes to a sink in whatever order they come; resolves with their number. */
export type Scatter = (sink: Sink) => Promise<number>;

/**
 * The scatter functions of bodies that can be had faster out of order. Keyed by the stream itself: layers that only
 * rebuild headers keep it, and whoever transforms or reads the stream loses it, as they must.
 */
const scatters = new WeakMap<ReadableStream<Uint8Array>, Scatter>();

/** Makes `scatter` the way {@linkcode save} gets the bytes of `body`. */
export function registerScatter(body: ReadableStream<Uint8Array>, scatter: Scatter): void {
  scatters.set(body, scatter);
}

/** A reader that hands out whole views, over any kind of byte stream; one buffer, used again. */
export interface BodyReader {
  /** The next bytes (valid until the next call), or undefined at the end. */
  read(maxBytes?: number): Promise<Uint8Array | undefined>;
  /**
   * The same as the platform has it, without another promise; its view may be used again from {@linkcode BodyReader.recycle}
   * on. Over TLS there is one for every 16 KiB.
   */
  next(maxBytes: number): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>;
  /** Gives the buffer of what `next` brought to the next read. */
  recycle(view: Uint8Array<ArrayBuffer>): void;
  /** The next bytes, in the buffer of `view` (which is used up) where the stream fills buffers of its reader. */
  readInto(view: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined>;
  /** Drops the rest. Never rejects. */
  cancel(reason?: unknown): Promise<void>;
}

/** The buffer of a reader, which is left here between reads: whoever reads body after body takes it along. */
export interface SpareBuffer {
  buffer?: ArrayBuffer | undefined;
}

/** What a reader's buffer holds where nobody says otherwise. */
const usualBytes = 512 * 1024;

/**
 * Buffers of bodies that were saved, for those to come: of many small files each would cost a fresh one, which the system
 * has to clear, and the collector to take away.
 */
const spareBuffers: ArrayBuffer[] = [];
const mostSpareBuffers = 8;

/** Opens `body` for reading with large buffers, 512 KiB if not told otherwise, where the stream allows it. */
export function bodyReader(
  body: ReadableStream<Uint8Array>,
  bufferBytes: number = usualBytes,
  spare: SpareBuffer = {},
): BodyReader {
  let byob: ReadableStreamBYOBReader | undefined;
  try {
    byob = body.getReader({ mode: "byob" });
  } catch (error) {
    if (body.locked) throw error;
  }
  if (byob === undefined) {
    const reader = body.getReader();
    const next = () => reader.read() as ReturnType<BodyReader["next"]>;
    const read = () => next().then(({ value }) => value);
    return {
      read,
      next,
      recycle() {},
      readInto: read,
      cancel: (reason) => reader.cancel(reason).catch(() => {}),
    };
  }
  const reader = byob;
  function next(maxBytes: number): ReturnType<BodyReader["next"]> {
    const { buffer = new ArrayBuffer(bufferBytes) } = spare;
    spare.buffer = undefined;
    return reader.read(new Uint8Array(buffer, 0, Math.min(maxBytes, bufferBytes))) as ReturnType<BodyReader["next"]>;
  }
  return {
    next,
    recycle: ({ buffer }) => void (spare.buffer = buffer),
    async read(maxBytes = bufferBytes) {
      const { value, done } = await next(maxBytes);
      spare.buffer = value?.buffer;
      return done ? undefined : value;
    },
    readInto: (view) => reader.read(view).then(({ value, done }) => done ? undefined : value),
    cancel: (reason) => reader.cancel(reason).catch(() => {}),
  };
}

/**
 * Writes the body of `response` to `sink`, each byte at its offset in the body: out of order when the body comes in
 * parallel parts, in order otherwise. After it has settled, nothing is written any more.
 *
 * @param response What to save; its body is used up.
 * @param sink Where the bytes go.
 * @returns The number of bytes of the body.
 * @throws {CivikitError} When the body breaks off and cannot be healed; the sink's own error when it refuses.
 * @example
 * ```ts
 * import { save } from "@civikit/civikit/transport";
 *
 * const bytes = new Uint8Array(5);
 * const length = await save(new Response("hello"), { write: (part, at) => bytes.set(part, at) });
 * console.log(length, new TextDecoder().decode(bytes)); // 5 hello
 * ```
 */
export async function save(response: Response, sink: Sink): Promise<number> {
  const { body } = response;
  if (body === null) return 0;
  const scatter = scatters.get(body);
  if (scatter !== undefined && !body.locked && !response.bodyUsed) return await scatter(sink);
  return await saveInOrder(response, sink);
}

/** As {@linkcode save}, but from the first byte to the last, one write after the other. */
export async function saveInOrder(response: Response, sink: Sink): Promise<number> {
  const { body } = response;
  if (body === null) return 0;
  const spare: SpareBuffer = { buffer: spareBuffers.pop() };
  const reader = bodyReader(body, usualBytes, spare);
  const read = () =>
    reader.read().catch((error) => {
      // the platform reports a broken body as a TypeError; anything else is a layer's error or the caller's own abort
      throw error instanceof TypeError ? wrapBodyError(error, response.url) : error;
    });
  let at = 0;
  // a body may stand still when a late write fails
  const gather = new Gather((bytes, from) => sink.write(bytes, from), (error) => reader.cancel(error));
  try {
    for (let bytes = await read(); bytes !== undefined; bytes = await read()) {
      const writing = gather.add(bytes, at);
      if (writing !== undefined) await writing;
      at += bytes.byteLength;
    }
  } catch (error) {
    // what came counts, however the body ended; what the sink has to say of it counts more
    const reason: unknown = await gather.end().then(() => error, (refused) => refused);
    await reader.cancel(reason);
    throw reason;
  }
  await gather.end();
  const { buffer } = spare;
  if (buffer?.byteLength === usualBytes && spareBuffers.length < mostSpareBuffers) spareBuffers.push(buffer);
  return at;
}
