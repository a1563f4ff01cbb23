import { isPlain, parseContentRange, parseRange, plainLength, strongValidator } from "../http/byte_range.ts";
import { type Clock, systemClock } from "../clock.ts";
import { errorIs } from "../errors/error_traits.ts";
import { CivikitError, NetworkError } from "../errors/errors.ts";
import type { Classify } from "../http/http_status.ts";
import { wrapBodyError } from "../socket/network_error.ts";
import { noOthers, within } from "../errors/option.ts";
import { isSelfHealing, type Validator, validatorOf, type Wanted } from "./part.ts";
import { type Answered, endedEarly, mostUntrusted, PartSource, unusable } from "./part_source.ts";
import { Persistence } from "./persistence.ts";
import { redactUrl } from "../http/redact.ts";
import { rebuild } from "../http/response_source.ts";
import { type BodyReader, bodyReader } from "./save.ts";
import { type Context, newContext, type Transport } from "../transport.ts";

/** Options of {@linkcode resumeTransport}. */
export interface ResumeOptions {
  /** Attempts in a row that may bring no new byte before the body fails. Default 5, 0 to 100. */
  maxAttempts?: number;
  /** Pause before the second fruitless attempt in milliseconds; doubles, with jitter, up to 30 s. Default 500. */
  delayMs?: number;
  /** Longest silence of a body someone is waiting for, in milliseconds. Default 60000. */
  idleTimeoutMs?: number;
  /** Bodies known to be smaller than this are passed through untouched, unless a range was asked for. Default 65536. */
  fromBytes?: number;
  /** Refines the code of a refusal met in mid-body; as for `status`. */
  classify?: Classify | undefined;
  /** Time; tests hand in a fake one. */
  clock?: Clock;
  /** Source of jitter: a number in [0, 1). */
  random?: () => number;
}

/** Buffer for consumers that bring none of their own. */
const allocateBytes = 256 * 1024;

/**
 * A transport whose bodies heal themselves: when one breaks off, stalls or ends early, the rest is asked for with
 * Range and If-Range (RFC 9110 sections 13.1.5 and 14) at the original URL, and the reader never notices. Bytes are
 * only ever joined when a validator proves them to be of the same file.
 *
 * The body stays a byte stream: a reader with large buffers of its own (BYOB) pays nothing for the healing.
 *
 * @param inner What answers; usually the retry bracket around {@linkcode fetchTransport}.
 * @param options See {@linkcode ResumeOptions}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { fetchTransport, resumeTransport } from "@civikit/civikit/transport";
 *
 * const transport = resumeTransport(fetchTransport(), { idleTimeoutMs: 20_000 });
 * console.log(typeof transport.fetch);
 * ```
 */
export function resumeTransport(inner: Transport, {
  maxAttempts = 5,
  delayMs = 500,
  idleTimeoutMs = 60_000,
  fromBytes = 65_536,
  classify,
  clock = systemClock,
  random = Math.random,
  ...others
}: ResumeOptions = {}): Transport {
  noOthers<ResumeOptions>("resumeTransport", others, {
    maxAttempts,
    delayMs,
    idleTimeoutMs,
    fromBytes,
    classify,
    clock,
    random,
  });
  within("maxAttempts", maxAttempts, 0, 100);
  within("delayMs", delayMs, 0, 600_000);
  within("idleTimeoutMs", idleTimeoutMs, 1, 3_600_000);
  within("fromBytes", fromBytes, 0, Number.MAX_SAFE_INTEGER);

  async function resume(request: Request, context: Context): Promise<Response> {
    const response = await inner.fetch(request, context);
    const wanted = isSelfHealing(request) ? undefined : healable(request, response, fromBytes);
    if (wanted === undefined) return response;
    return rebuild(response, healingBody(request, response, wanted, context));
  }

  function healingBody(
    request: Request,
    first: Response,
    wanted: Wanted,
    context: Context,
  ): ReadableStream<Uint8Array> {
    const url = redactUrl(request.url);
    const { validator } = wanted;
    let { start: at, end } = wanted;
    /** What is left to read and drop before `at` is reached, after a 200 that starts again from the first byte. */
    let skip = 0;
    const parts = new PartSource({ transport: inner, request, context, classify });
    const persistence = new Persistence({ maxAttempts, delayMs, clock, random });
    let untrusted = 0;
    let reader: BodyReader | undefined;
    let stalled = false;
    let finished = false;
    /** Stops a healing under way when the body is cancelled. */
    let healing: AbortController | undefined;
    /** When the pending read began; undefined while nobody waits. */
    let waitingSince: number | undefined;
    let disarm: (() => void) | undefined;

    function watch(delay: number): void {
      disarm = clock.after(delay, () => {
        disarm = undefined;
        if (waitingSince === undefined) return;
        const left = waitingSince + idleTimeoutMs - clock.now();
        if (left > 0) return watch(left);
        stalled = true;
        reader?.cancel();
      });
    }

    async function read(view: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
      waitingSince = clock.now();
      if (disarm === undefined) watch(idleTimeoutMs);
      try {
        const bytes = await reader!.readInto(view);
        if (bytes !== undefined || !stalled) return bytes;
        throw new NetworkError(`reading "${url}": no byte for ${idleTimeoutMs} ms`, { code: "idle_timeout", url });
      } finally {
        waitingSince = undefined;
      }
    }

    function close(): void {
      finished = true;
      disarm?.();
      disarm = undefined;
    }

    /** Asks for the rest. Resolves when there is a body to read again; throws what cannot be healed. */
    async function heal(reason: CivikitError): Promise<void> {
      if (validator === undefined && at > 0) throw reason;
      healing ??= new AbortController();
      const signal = AbortSignal.any([request.signal, healing.signal]);
      for (let cause = reason;;) {
        if (finished) throw cause;
        persistence.goOn(cause, url);
        const attempt = persistence.count;
        context.report({ type: "resume", url, receivedBytes: at - wanted.start, attempt, code: cause.code });
        await persistence.pause(attempt - 1, signal);
        persistence.begin();
        let answered: Answered;
        try {
          answered = await parts.ask({ ...wanted, start: at }, { signal, mustProve: true });
        } catch (error) {
          if (!(error instanceof NetworkError) || errorIs("fatal", error)) throw error;
          cause = error;
          continue;
        }
        const { response, answer } = answered;
        if (finished) {
          await response.body?.cancel();
          throw cause;
        }
        const usable = answer.kind === "part" || answer.kind === "whole" && answer.unchanged;
        if (usable && response.body !== null) {
          skip = answer.kind === "whole" ? at : 0;
          stalled = false;
          reader = bodyReader(response.body);
          return;
        }
        cause = await unusable(answered);
        if (answer.kind === "beyond" && answer.total === at && end === undefined) {
          // only the end was missing
          end = at;
          return;
        }
        if (answer.kind !== "untrusted" || ++untrusted > mostUntrusted) throw cause;
      }
    }

    /** Reads until there is at least one new byte, healing as often as needed; undefined at the end. */
    async function advance(fresh: () => Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
      while (end === undefined || at < end) {
        let failure: CivikitError;
        try {
          const bytes = await read(fresh());
          if (bytes !== undefined) {
            if (skip >= bytes.byteLength) {
              skip -= bytes.byteLength;
              continue;
            }
            const left = end === undefined ? Infinity : end - at;
            const useful = bytes.subarray(skip, Math.min(bytes.byteLength, skip + left));
            skip = 0;
            at += useful.byteLength;
            persistence.reset();
            return useful;
          }
          if (end === undefined) return undefined;
          failure = endedEarly(url, end - at);
        } catch (error) {
          if (request.signal.aborted) throw request.signal.reason;
          failure = error instanceof CivikitError ? error : wrapBodyError(error, request.url);
        }
        await reader?.cancel(failure);
        await heal(failure);
      }
      return undefined;
    }

    const source: UnderlyingByteSource = {
      type: "bytes",
      autoAllocateChunkSize: allocateBytes,
      async pull(controller) {
        reader ??= bodyReader(first.body!);
        const byob = controller.byobRequest!;
        const { buffer, byteOffset, byteLength } = byob.view as Uint8Array<ArrayBuffer>;
        const bufferBytes = buffer.byteLength;
        /**
         * The consumer's buffer travels down to the socket and back, and a new one only where that lost it. With a body
         * that breaks off it is lost: so it never goes where the consumer has something else in it (as after the first
         * of several reads that fill it).
         */
        let given: ArrayBuffer | undefined = byteLength === bufferBytes ? buffer : undefined;
        const take = () => {
          const view = new Uint8Array(given ?? new ArrayBuffer(Math.min(byteLength, allocateBytes)));
          given = undefined;
          return view;
        };
        try {
          const bytes = await advance(take);
          if (finished) return;
          if (bytes === undefined) {
            close();
            await reader.cancel();
            controller.close();
            byob.respondWithNewView(
              new Uint8Array(buffer.detached ? new ArrayBuffer(bufferBytes) : buffer, byteOffset, 0),
            );
          } else if (!buffer.detached) {
            controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
          } else if (bytes.byteOffset === 0 && bytes.buffer.byteLength === bufferBytes) {
            byob.respondWithNewView(bytes);
          } else {
            const moved = new Uint8Array(new ArrayBuffer(bufferBytes), 0, bytes.byteLength);
            moved.set(bytes);
            byob.respondWithNewView(moved);
          }
        } catch (error) {
          if (finished) return;
          close();
          controller.error(error);
        }
      },
      async cancel(reason) {
        close();
        healing?.abort(reason);
        if (reader === undefined) await first.body!.cancel(reason);
        else await reader.cancel(reason);
      },
    };
    return new ReadableStream(source);
  }

  return { fetch: (request, context = newContext()) => resume(request, context) };
}

/** What a body covers, when it is one that can break off and is worth watching over; undefined for the others. */
function healable(request: Request, response: Response, fromBytes: number): Wanted | undefined {
  const { body, headers, status } = response;
  if (body === null || request.method !== "GET" || (status !== 200 && status !== 206)) return undefined;
  const length = plainLength(headers);
  if (length !== undefined && length < fromBytes && !request.headers.has("range")) return undefined;
  const plain = isPlain(headers);
  let validator: Validator | undefined = plain ? validatorOf(response, request) : undefined;
  if (status === 200) return { start: 0, end: length, total: length, validator };
  const range = parseContentRange(headers.get("content-range"));
  if (range === undefined || range.start !== (parseRange(request.headers.get("range"))?.start ?? NaN)) return undefined;
  const asked = request.headers.get("if-range");
  if (validator === undefined && asked !== null && strongValidator(headers) === undefined) {
    validator = { value: asked, host: new URL(response.url || request.url).host };
  }
  return { start: range.start, end: range.end, total: range.total, validator };
}
