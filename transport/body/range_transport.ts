import { formatContentRange, parseRange } from "../http/byte_range.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type Classify, mayRefuseRanges } from "../http/http_status.ts";
import { noOthers, wholeWithin, within } from "../errors/option.ts";
import { hostOf, partRequest, readPart, validatorOf } from "./part.ts";
import { orderedBody } from "./ordered_body.ts";
import { plainHosts } from "./plain_hosts.ts";
import { runRangeJob } from "./range_job.ts";
import { redactUrl } from "../http/redact.ts";
import { rebuild } from "../http/response_source.ts";
import { registerScatter } from "./save.ts";
import { type Context, newContext, type Sink, type Transport } from "../transport.ts";

/** Options of {@linkcode rangeTransport}. */
export interface RangeOptions {
  /** Connections at most, 1 to 32; a function is asked again whenever one could be opened. Default 4. */
  parallel?: number | (() => number);
  /** Size of a part in bytes, 64 KiB to 64 MiB; fast connections get larger ones. Default 8 MiB. */
  pieceBytes?: number | (() => number);
  /** Which GET requests to split. Default: all. A request whose Range is a list or a suffix never is. */
  when?: (request: Request) => boolean;
  /** No further connection is opened while each brings this much, in bytes per second. Default 200 MiB. */
  enoughBytesPerSecond?: number;
  /** Longest silence of a connection in milliseconds. Default 60000. */
  idleTimeoutMs?: number;
  /** Attempts in a row, over all connections, that may bring no new byte. Default 5, 0 to 100. */
  maxAttempts?: number;
  /** Pause after the first fruitless attempt in milliseconds; doubles, with jitter, up to 30 s. Default 500. */
  delayMs?: number;
  /** Refines the code of a refusal met in mid-body; as for `status`. */
  classify?: Classify | undefined;
  /** Time; tests hand in a fake one. */
  clock?: Clock;
  /** Source of jitter: a number in [0, 1). */
  random?: () => number;
}

/** A span that the probe brings whole is split all the same above this size: its connection may be a slow one. */
const leastSplitBytes = 1024 * 1024;

/**
 * A transport that fetches one body over several connections: for per-connection caps and long round trips. The first
 * part is the probe (no HEAD). Parts come in order, the tail of a slow connection is taken over by an idle one, and
 * at any surprise (no ranges, no size, an encoding) the plain response is handed back.
 *
 * {@linkcode save} gets the parts as they arrive; anyone else reads an ordinary byte stream. A request with a Range
 * of its own is split just the same and answered with 206.
 *
 * @param inner What answers each part; usually a {@linkcode resumeTransport}.
 * @param options See {@linkcode RangeOptions}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { fetchTransport, rangeTransport, resumeTransport } from "@civikit/civikit/transport";
 *
 * const transport = rangeTransport(resumeTransport(fetchTransport()), { parallel: 8 });
 * console.log(typeof transport.fetch);
 * ```
 */
export function rangeTransport(inner: Transport, {
  parallel = 4,
  pieceBytes = 8 * 1024 * 1024,
  when = () => true,
  enoughBytesPerSecond = 200 * 1024 * 1024,
  idleTimeoutMs = 60_000,
  maxAttempts = 5,
  delayMs = 500,
  classify,
  clock = systemClock,
  random = Math.random,
  ...others
}: RangeOptions = {}): Transport {
  noOthers<RangeOptions>("rangeTransport", others, {
    parallel,
    pieceBytes,
    when,
    enoughBytesPerSecond,
    idleTimeoutMs,
    maxAttempts,
    delayMs,
    classify,
    clock,
    random,
  });
  if (typeof parallel === "number") wholeWithin("parallel", parallel, 1, 32);
  if (typeof pieceBytes === "number") wholeWithin("pieceBytes", pieceBytes, 64 * 1024, 64 * 1024 * 1024);
  within("enoughBytesPerSecond", enoughBytesPerSecond, 1, Infinity);
  within("idleTimeoutMs", idleTimeoutMs, 1, 3_600_000);
  within("maxAttempts", maxAttempts, 0, 100);
  within("delayMs", delayMs, 0, 600_000);
  const connections = typeof parallel === "number" ? () => parallel : parallel;
  const piece = typeof pieceBytes === "number" ? () => pieceBytes : pieceBytes;
  const plain = plainHosts(clock);

  async function range(request: Request, context: Context): Promise<Response> {
    const header = request.headers.get("range");
    const wanted = header === null ? { start: 0 } : parseRange(header);
    if (request.method !== "GET" || wanted === undefined || !when(request)) return await inner.fetch(request, context);
    if (plain.has(request.url)) return await inner.fetch(request, context);

    const { start, end: wantedEnd = Infinity } = wanted;
    const end = Math.min(start + piece(), wantedEnd);
    const probe = partRequest(request, { start, end });
    const condition = request.headers.get("if-range");
    if (condition !== null) probe.headers.set("if-range", condition);
    const response = await inner.fetch(probe, context);
    const answer = readPart(response, probe, { start, end });

    if (answer.kind !== "part" || answer.total === undefined || response.body === null) {
      if (answer.kind === "whole" && condition === null) plain.add(request.url);
      const { status, headers } = response;
      const isMeant = answer.kind !== "refused" || mayRefuseRanges(status, headers.has("retry-after"));
      if (header !== null || answer.kind === "whole" || !isMeant) return response;
      // nobody asked for a range: what the server made of the probe's is not the caller's business
      await response.body?.cancel();
      context.report({ type: "fallback", url: redactUrl(request.url), reason: answer.kind });
      const whole = await inner.fetch(request, context);
      if (answer.kind === "refused" && whole.ok) plain.add(request.url);
      return whole;
    }
    const span = { start, end: Math.min(wantedEnd, answer.total) };
    const { total } = answer;
    const isDone = answer.end >= span.end && span.end - start <= leastSplitBytes;
    if (isDone && header !== null) return response;

    const headers = new Headers(response.headers);
    headers.set("content-length", String(span.end - span.start));
    if (header === null) headers.delete("content-range");
    else headers.set("content-range", formatContentRange({ ...span, total }));
    const head = { status: header === null ? 200 : 206, headers };
    if (isDone) return rebuild(response, response.body, head);

    const validator = validatorOf(response, probe) ??
      (condition === null ? undefined : { value: condition, host: hostOf(response, probe) });
    const run = (sink: Sink, signal: AbortSignal) =>
      runRangeJob(sink, {
        inner,
        request: new Request(request, { signal }),
        context,
        first: response,
        firstPart: { start, end: answer.end },
        span,
        total,
        validator,
        parallel: connections,
        pieceBytes: piece,
        enoughBytesPerSecond,
        idleTimeoutMs,
        maxAttempts,
        delayMs,
        classify,
        clock,
        random,
        refuseRanges: () => plain.add(request.url),
      });
    const body = orderedBody(run, request.signal, () => response.body!.cancel());
    registerScatter(body, (sink) => run(sink, request.signal));
    return rebuild(response, body, head);
  }

  return { fetch: (request, context = newContext()) => range(request, context) };
}
