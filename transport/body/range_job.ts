import { errorIs } from "../errors/error_traits.ts";
import { CivikitError, HttpError } from "../errors/errors.ts";
import { redactUrl } from "../http/redact.ts";
import { wrapBodyError } from "../socket/network_error.ts";
import type { Sink, Transport } from "../transport.ts";
import { type Connection, Crew, type CrewOptions } from "./crew.ts";
import { Gather } from "./gather.ts";
import type { Validator } from "./part.ts";
import {
  type Answered,
  endedEarly,
  mostUntrusted,
  PartSource,
  type PartSourceOptions,
  unusable,
} from "./part_source.ts";
import { Persistence, type PersistenceOptions } from "./persistence.ts";
import { RangePlan } from "./range_plan.ts";
import { bodyReader, type SpareBuffer } from "./save.ts";
import type { Span } from "./spans.ts";

/** What a job is told: whose bytes, which, and how hard to try. */
export interface RangeJobOptions extends PersistenceOptions, CrewOptions, Pick<PartSourceOptions, "classify"> {
  readonly inner: Transport;
  readonly request: Request;
  /** The probe's answer: a 206 whose body is `firstPart`. */
  readonly first: Response;
  readonly firstPart: Span;
  /** The span wanted in all. */
  readonly span: Span;
  /** Size of the whole file in bytes. */
  readonly total: number;
  readonly validator: Validator | undefined;
  readonly pieceBytes: () => number;
  /** Told when the server turns out not to serve ranges after all. */
  readonly refuseRanges: () => void;
}

/**
 * Fetches one span over several connections into `sink`. Owns every request and body it opens: when it settles, none
 * is left open and the sink is not written to any more.
 */
export function runRangeJob(sink: Sink, options: RangeJobOptions): Promise<number> {
  const { inner, request, context, span, total, clock } = options;
  const url = redactUrl(request.url);
  const plan = new RangePlan(options.firstPart.end, span.end, options.pieceBytes);
  const source = new PartSource({ ...options, transport: inner });
  const persistence = new Persistence(options);
  const crew = new Crew(url, options, grow);
  const { connections } = crew;
  const buffers = new WeakMap<Connection, { gather: Gather; spare: SpareBuffer }>();
  let { validator } = options;
  let untrusted = 0;
  /** One plain stream has taken over. */
  let isSingle = false;
  /** The sink takes nothing any more. */
  let isRefused = false;
  let failure: { readonly reason: unknown } | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<number>();

  const isOver = () => failure !== undefined || isSingle;
  const abort = () => fail(request.signal.reason);
  request.signal.addEventListener("abort", abort, { once: true });

  function fail(reason: unknown): void {
    if (failure !== undefined) return;
    failure = { reason };
    crew.drop("another part failed");
  }

  function settle(): void {
    if (connections.size > 0) return;
    if (failure === undefined && plan.hasWork) return grow();
    crew.stop();
    request.signal.removeEventListener("abort", abort);
    if (failure === undefined) resolve(span.end - span.start);
    else reject(failure.reason);
  }

  /** Opens connections while there is work and room for them. */
  function grow(): void {
    while (!isOver() && crew.room > 0) {
      const part = nextPart();
      if (part === undefined) return;
      open(part);
    }
  }

  function nextPart(rate?: number): Span | undefined {
    const assignment = plan.next(connections, rate, Math.max(0, crew.room));
    if (assignment?.from !== undefined) {
      const { number } = assignment.from as Connection;
      context.report({ type: "steal", url, from: number, bytes: assignment.end - assignment.start });
    }
    return assignment;
  }

  function open(part: Span, response?: Response): void {
    const connection = crew.add(part);
    work(connection, response).catch(fail).finally(() => {
      connections.delete(connection);
      settle();
    });
  }

  /** Brings part after part; throws what ends the job. */
  async function work(connection: Connection, response: Response | undefined): Promise<void> {
    for (;;) {
      const before = connection.at;
      try {
        response ??= await ask(connection);
        if (response !== undefined) await drain(connection, response);
      } catch (error) {
        if (isOver()) return;
        plan.giveBack(connection);
        if (!await survives(error, connection.at > before)) return;
      }
      response = undefined;
      if (isOver()) return;
      plan.giveBack(connection);
      if (crew.room < 0) return;
      const part = nextPart(connection.rate);
      if (part === undefined) return;
      crew.assign(connection, part);
    }
  }

  /** Tells whether a connection should go on after `error`, and waits before it does; throws what ends the job. */
  async function survives(error: unknown, progress: boolean): Promise<boolean> {
    request.signal.throwIfAborted();
    if (!(error instanceof CivikitError)) throw error;
    if (connections.size > 1 && errorIs("crowded", error)) {
      crew.lower(error instanceof HttpError ? `HTTP ${error.status}` : error.code);
      return false;
    }
    if (errorIs("fatal", error) || error instanceof HttpError) throw error;
    // wrong ranges bound themselves: after a few, and those already asked for, only the plain answer is left to ask for
    const isWrongRange = error.code === "protocol_violation" && ++untrusted <= mostUntrusted + connections.size;
    if (progress || isWrongRange) return true;
    persistence.goOn(error, url);
    await persistence.pause(Math.max(1, persistence.count - 1), request.signal);
    return true;
  }

  /** Asks for the connection's part; undefined when the bytes came, or will come, in another way. */
  async function ask(connection: Connection): Promise<Response | undefined> {
    const controller = new AbortController();
    connection.drop = (reason) => controller.abort(reason);
    const signal = AbortSignal.any([request.signal, controller.signal]);
    persistence.begin();
    // the last resort with a server that cannot count is the plain answer
    const isPlain = untrusted > mostUntrusted;
    const answered = isPlain
      ? await source.askWhole({ start: 0, total, validator }, { signal })
      : await source.ask({ start: connection.at, end: connection.end, total, validator }, { signal });
    const { response, answer, wanted } = answered;
    if (wanted.validator === undefined) validator = undefined;
    if (answer.kind === "part" && !isPlain) return response;
    if (answer.kind !== "whole") throw await unusable(answered);
    await takeOver(connection, answered, answer);
  }

  /** Goes on with one body that starts at byte 0; the other connections are dropped. */
  async function takeOver(
    connection: Connection,
    answered: Answered,
    { total: size = total, unchanged }: { total: number | undefined; unchanged: boolean },
  ): Promise<void> {
    const { response } = answered;
    if (isSingle) return await response.body?.cancel();
    const isOther = validator !== undefined && !unchanged || size !== total;
    if (isOther || response.body === null) throw await unusable(answered);
    isSingle = true;
    context.report({ type: "fallback", url, reason: "the server answered a range with the whole file" });
    options.refuseRanges();
    crew.drop("one plain stream is used", connection);
    plan.clear();
    // read as one long part from byte 0; what lies before the span is skipped
    connection.at = 0;
    connection.end = span.end;
    try {
      await drain(connection, response);
      if (connection.at < span.end) throw endedEarly(url, span.end - connection.at);
    } catch (error) {
      fail(request.signal.aborted ? request.signal.reason : error);
    }
  }

  /** Writes the body's bytes from the connection's `at` up to its `end`, which may move down meanwhile. */
  async function drain(connection: Connection, response: Response): Promise<void> {
    const { gather, spare } = buffersOf(connection);
    const reader = bodyReader(response.body!, undefined, spare);
    let dropped: CivikitError | undefined;
    connection.drop = (reason) => {
      dropped ??= reason;
      reader.cancel(reason);
    };
    try {
      if (failure !== undefined) throw failure.reason;
      while (connection.at < connection.end) {
        let read: Awaited<ReturnType<typeof reader.next>>;
        try {
          read = await reader.next(connection.end - connection.at);
        } catch (error) {
          throw dropped ?? (error instanceof CivikitError ? error : wrapBodyError(error, request.url));
        }
        const { value, done } = read;
        if (value !== undefined) reader.recycle(value);
        if (dropped !== undefined) throw dropped;
        if (done) return;
        const at = Math.max(connection.at, span.start);
        const useful = claim(connection, value);
        const writing = useful.byteLength === 0 ? undefined : gather.add(useful, at - span.start);
        if (writing !== undefined) await writing;
      }
    } finally {
      connection.drop = undefined;
      try {
        // what came counts, however the body ended
        if (!isRefused) await gather.end();
      } finally {
        await reader.cancel();
      }
    }
  }

  /** What a connection reads and writes with, part after part. */
  function buffersOf(connection: Connection): { gather: Gather; spare: SpareBuffer } {
    let own = buffers.get(connection);
    if (own === undefined) {
      own = { gather: new Gather((bytes, at) => write(connection, bytes, at), () => {}, clock), spare: {} };
      buffers.set(connection, own);
    }
    return own;
  }

  /** Those bytes that belong to the connection's part, and to the span. Nobody else can take them over any more. */
  function claim(connection: Connection, bytes: Uint8Array): Uint8Array {
    const { at } = connection;
    const useful = Math.min(bytes.byteLength, connection.end - at);
    const skip = Math.min(useful, Math.max(0, span.start - at));
    connection.at += useful;
    connection.bytes += useful;
    persistence.reset();
    return skip === 0 && useful === bytes.byteLength ? bytes : bytes.subarray(skip, useful);
  }

  /** Gives the sink a connection's bytes; a promise while it holds them back. */
  function write(connection: Connection, bytes: Uint8Array, at: number): Promise<void> | undefined {
    if (isRefused) return undefined;
    try {
      const writing = sink.write(bytes, at);
      return writing === undefined ? undefined : held(connection, writing);
    } catch (error) {
      return refused(error);
    }
  }

  async function held(connection: Connection, writing: Promise<void>): Promise<void> {
    connection.isHeld = true;
    await writing.catch(refused);
    connection.isHeld = false;
    connection.lastByte = clock.now();
  }

  /** What the sink refuses it will refuse again. */
  function refused(error: unknown): never {
    isRefused = true;
    fail(error);
    throw error;
  }

  open(options.firstPart, options.first);
  return promise;
}
