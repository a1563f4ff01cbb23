import { bodyReader } from "../body/save.ts";
import { wholeWithin } from "../errors/option.ts";
import { hostOf } from "../http/host.ts";
import { rebuild } from "../http/response_source.ts";
import type { Middleware } from "../transport.ts";

/** Who has a place at a host, and who waits for one, first come first. */
interface Places {
  taken: number;
  readonly queue: Set<() => void>;
}

const allocateBytes = 256 * 1024;
/** Gives back the places of bodies that nobody reads, cancels or can reach any more. */
const dropped = new FinalizationRegistry<() => void>((release) => release());

/** The same bytes in the same buffers; `release` is called once they end, however that is. */
function watched(body: ReadableStream<Uint8Array>, release: () => void): ReadableStream<Uint8Array> {
  const reader = bodyReader(body, allocateBytes);
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: allocateBytes,
    async pull(controller) {
      const byob = controller.byobRequest!;
      const { buffer, byteOffset, byteLength } = byob.view as Uint8Array<ArrayBuffer>;
      const bufferBytes = buffer.byteLength;
      try {
        const bytes = await reader.readInto(new Uint8Array(buffer, byteOffset, byteLength));
        if (bytes === undefined) {
          release();
          controller.close();
          // the buffer went down to the socket: what ends the request has to look like it
          byob.respondWithNewView(
            new Uint8Array(buffer.detached ? new ArrayBuffer(bufferBytes) : buffer, byteOffset, 0),
          );
        } else if (buffer.detached) byob.respondWithNewView(bytes);
        else controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      } catch (error) {
        release();
        controller.error(error);
      }
    },
    async cancel(reason) {
      release();
      await reader.cancel(reason);
    },
  });
}

/**
 * Bounds the connections that bodies hold open at each host: a request takes a place, which is free again when its body
 * has ended or was given up. Who finds none waits, in order of arrival. For long bodies, such as parts of files, which have
 * a connection each; requests that share one need no place.
 *
 * @param perHost Bodies at once from each host that is asked, 1 to 1000.
 * @throws {RangeError} when `perHost` is out of range.
 * @throws The reason of `request.signal`, when it aborts while waiting.
 * @example
 * ```ts
 * import { compose, connections, fetchTransport } from "@civikit/civikit/transport";
 *
 * const client = compose(fetchTransport(), connections(20));
 * console.log(typeof client.fetch);
 * ```
 */
export function connections(perHost: number): Middleware {
  wholeWithin("perHost", perHost, 1, 1000);
  const hosts = new Map<string, Places>();

  function place(host: string, signal: AbortSignal): Promise<void> | undefined {
    let places = hosts.get(host);
    if (places === undefined) hosts.set(host, places = { taken: 0, queue: new Set() });
    if (places.taken < perHost) {
      places.taken++;
      return undefined;
    }
    const { queue } = places;
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        queue.delete(enter);
        reject(signal.reason);
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      queue.add(enter);
    });
  }

  /** Hands the place on, or gives it back; only once. */
  function leaving(host: string): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const places = hosts.get(host)!;
      for (const enter of places.queue) {
        places.queue.delete(enter);
        return enter();
      }
      if (--places.taken === 0) hosts.delete(host);
    };
  }

  return async function connections(request, next) {
    const host = hostOf(request.url);
    await place(host, request.signal);
    const leave = leaving(host);
    const { signal } = request;
    const release = () => {
      signal.removeEventListener("abort", release);
      leave();
    };
    try {
      const response = await next(request);
      if (response.body === null) {
        release();
        return response;
      }
      // an aborted body is not read to its end
      signal.addEventListener("abort", release, { once: true });
      const body = watched(response.body, release);
      dropped.register(body, leave);
      return rebuild(response, body);
    } catch (error) {
      release();
      throw error;
    }
  };
}
