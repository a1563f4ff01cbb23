import { errorIs, statusIs } from "../errors/error_traits.ts";
import { CivikitError, ContentError, HttpError, NetworkError } from "../errors/errors.ts";
import { type Classify, httpError } from "../http/http_status.ts";
import { wrapBodyError } from "../socket/network_error.ts";
import {
  type Address,
  addressOf,
  hostOf,
  markSelfHealing,
  type PartAnswer,
  partRequest,
  readPart,
  type Validator,
  type Wanted,
} from "./part.ts";
import { type Lane, RangePlan } from "./range_plan.ts";
import { Persistence, type PersistenceOptions } from "./persistence.ts";
import { redactUrl } from "../http/redact.ts";
import { mostUntrusted } from "./resume_transport.ts";
import { bodyReader } from "./save.ts";
import type { Span } from "./spans.ts";
import type { Context, Sink, Transport } from "../transport.ts";

/** What a job is told: whose bytes, which, and how hard to try. */
export interface RangeJobOptions extends PersistenceOptions {
  readonly inner: Transport;
  readonly request: Request;
  readonly context: Context;
  /** The probe's answer: a 206 whose body is `firstPart`. */
  readonly first: Response;
  readonly firstPart: Span;
  /** The span wanted in all. */
  readonly span: Span;
  /** Size of the whole file in bytes. */
  readonly total: number;
  readonly validator: Validator | undefined;
  readonly parallel: () => number;
  readonly pieceBytes: () => number;
  readonly enoughBytesPerSecond: number;
  readonly idleTimeoutMs: number;
  /** Knows the server's own reasons for a refusal. */
  readonly classify: Classify | undefined;
  /** Told when the server turns out not to serve ranges after all. */
  readonly refuseRanges: () => void;
}

/** One connection at work. */
interface Connection extends Lane {
  readonly number: number;
  /** Drops the request or the body under way; what is left of the part goes back to the plan. */
  drop: ((reason: CivikitError) => void) | undefined;
  /** Bytes since the last measurement. */
  bytes: number;
  /** It waits for the sink: its silence is our own. */
  isHeld: boolean;
  /** When its present part was asked for, and when it last brought bytes. */
  since: number;
  lastByte: number;
}

interface Answered {
  readonly response: Response;
  readonly asked: Request;
  readonly answer: PartAnswer;
  /** Where the answer came from. */
  readonly address: Address;
}

/** How often rates are measured and the number of connections is reconsidered. */
const tickMs = 100;
/** A connection this many times slower than the others' median is given up, in the hope of a better one. */
const laggardFactor = 5;
const laggardAfterMs = 1000;
const mostLaggards = 4;
/** How long a server's «not so many» is respected before one more connection is tried. */
const allowanceMs = 5000;
const mostResolves = 3;

/**
 * Fetches one span over several connections into `sink`. Owns every request and body it opens: when it settles, none
 * is left open and the sink is not written to any more.
 */
export function runRangeJob(sink: Sink, options: RangeJobOptions): Promise<number> {
  const { inner, request, context, span, total, parallel, clock, enoughBytesPerSecond, idleTimeoutMs, classify } =
    options;
  const url = redactUrl(request.url);
  const connections = new Set<Connection>();
  const plan = new RangePlan(options.firstPart.end, span.end, options.pieceBytes);
  let { validator } = options;
  const original: Address = { url: request.url, withheld: [] };
  /** Where the original URL last led to. */
  let resolved = addressOf(options.first, original);
  let resolving: Promise<void> | undefined;
  /** Connections the server lets us have: lowered when it says so, raised again step by step. */
  let allowance = Infinity;
  let allowanceSince = 0;
  let numbers = 0;
  const persistence = new Persistence(options);
  let untrusted = 0;
  let laggards = 0;
  /** One plain stream has taken over. */
  let isSingle = false;
  let failure: { readonly reason: unknown } | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<number>();

  function fail(reason: unknown): void {
    if (failure !== undefined) return;
    failure = { reason };
    dropAll("another part failed");
  }

  function dropAll(state: string, except?: Connection): void {
    const reason = new NetworkError(`reading "${url}": ${state}`, { code: "network_error", url });
    for (const connection of connections) if (connection !== except) connection.drop?.(reason);
  }

  const abort = () => fail(request.signal.reason);
  request.signal.addEventListener("abort", abort, { once: true });
  let cancelTick = clock.after(tickMs, tick);

  function settle(): void {
    if (connections.size > 0) return;
    if (failure === undefined && plan.hasWork) return grow();
    cancelTick();
    request.signal.removeEventListener("abort", abort);
    if (failure === undefined) resolve(span.end - span.start);
    else reject(failure.reason);
  }

  const limit = () => Math.max(1, Math.min(parallel(), allowance));

  /** Opens connections while there is work and room for them. */
  function grow(): void {
    while (failure === undefined && !isSingle && connections.size < limit()) {
      const part = assign();
      if (part === undefined) return;
      open(part);
    }
  }

  function assign(rate?: number): Span | undefined {
    const assignment = plan.next(connections, rate);
    if (assignment?.from !== undefined) {
      const { number } = assignment.from as Connection;
      context.report({ type: "steal", url, from: number, bytes: assignment.end - assignment.start });
    }
    return assignment;
  }

  function open({ start: at, end }: Span, response?: Response): void {
    const now = clock.now();
    const number = ++numbers;
    const connection: Connection = {
      number,
      at,
      end,
      drop: undefined,
      bytes: 0,
      isHeld: false,
      rate: undefined,
      since: now,
      lastByte: now,
    };
    connections.add(connection);
    work(connection, response).catch(fail).finally(() => {
      connections.delete(connection);
      settle();
    });
  }

  const isOver = () => failure !== undefined || isSingle;

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
      if (connections.size > limit()) return;
      const part = assign(connection.rate);
      if (part === undefined) return;
      const now = clock.now();
      Object.assign(connection, { at: part.start, end: part.end, since: now, lastByte: now });
    }
  }

  /** Tells whether the connection should go on after `error`, and waits before it does. */
  async function survives(error: unknown, progress: boolean): Promise<boolean> {
    if (request.signal.aborted) return fail(request.signal.reason), false;
    const status = error instanceof HttpError ? error.status : undefined;
    const isFatal = !(error instanceof CivikitError) || errorIs("fatal", error);
    const others = connections.size - 1;
    if (others > 0 && error instanceof CivikitError && errorIs("crowded", error)) {
      allowance = others;
      allowanceSince = clock.now();
      const reason = status === undefined ? "connect_failed" : `HTTP ${status}`;
      context.report({ type: "connections", url, connections: others, reason });
      return false;
    }
    if (isFatal || status !== undefined) return fail(error), false;
    if (error.code === "protocol_violation") untrusted++;
    if (progress) return true;
    try {
      persistence.goOn(error, url);
      await persistence.pause(Math.max(1, persistence.count - 1), request.signal);
    } catch (reason) {
      return fail(reason), false;
    }
    return true;
  }

  async function send(connection: Connection, wanted: Wanted, to: Address): Promise<Answered> {
    const controller = new AbortController();
    connection.drop = (reason) => controller.abort(reason);
    const signal = AbortSignal.any([request.signal, controller.signal]);
    const asked = markSelfHealing(partRequest(request, wanted, { address: to, signal }));
    const response = await inner.fetch(asked, context);
    const answer = readPart(response, asked, wanted);
    const address = addressOf(response, to);
    const isProven = answer.kind !== "whole" || answer.unchanged || wanted.validator === undefined;
    if (isProven || hostOf(response, asked) === wanted.validator.host) return { response, asked, answer, address };
    // another storage host cannot know our validator: ask it for the bytes alone; the size must still agree
    await response.body?.cancel();
    validator = undefined;
    return await send(connection, { ...wanted, validator }, address);
  }

  /** Asks for the connection's part; undefined when the bytes came, or will come, in another way. */
  async function ask(connection: Connection): Promise<Response | undefined> {
    const wanted: Wanted = { start: connection.at, end: connection.end, total, validator };
    persistence.begin();
    if (untrusted > mostUntrusted) return await askWhole(connection), undefined;
    let answered = await send(connection, wanted, resolved);
    for (let resolves = 0; resolves < mostResolves && isExpired(answered); resolves++) {
      await answered.response.body?.cancel();
      answered = await sendAgain(connection, wanted, answered.asked.url);
    }
    const { response, asked, answer } = answered;
    if (answer.kind === "part") return response;
    if (answer.kind === "whole") return await takeOver(connection, response, answer), undefined;
    if (answer.kind === "refused") throw await httpError(response, asked, { classify, context });
    await response.body?.cancel();
    const state = answer.kind === "beyond" ? "nothing is there any more" : answer.reason;
    const code = answer.kind === "untrusted" ? "protocol_violation" : "content_changed";
    throw new ContentError(`reading "${url}" from byte ${wanted.start}: ${state}`, { code, url });
  }

  const isExpired = ({ answer, response, asked }: Answered) =>
    answer.kind === "refused" && statusIs("expired", response.status) && asked.url !== request.url;

  /** After `stale` was refused: one connection goes back to the original URL, the others wait for what it finds. */
  async function sendAgain(connection: Connection, wanted: Wanted, stale: string): Promise<Answered> {
    if (resolving !== undefined) await resolving;
    if (resolved.url !== stale) return await send(connection, wanted, resolved);
    const { promise, resolve } = Promise.withResolvers<void>();
    resolving = promise;
    try {
      context.report({ type: "resolve", url });
      const answered = await send(connection, wanted, original);
      if (answered.answer.kind === "part") resolved = answered.address;
      return answered;
    } finally {
      resolving = undefined;
      resolve();
    }
  }

  /** The last resort with a server that cannot count: the plain answer. */
  async function askWhole(connection: Connection): Promise<void> {
    const controller = new AbortController();
    connection.drop = (reason) => controller.abort(reason);
    const headers = new Headers(request.headers);
    headers.delete("range");
    headers.delete("if-range");
    const asked = new Request(request.url, { headers, signal: AbortSignal.any([request.signal, controller.signal]) });
    const response = await inner.fetch(asked, context);
    const answer = readPart(response, asked, { start: 0, total, validator });
    if (answer.kind === "whole") return await takeOver(connection, response, answer);
    if (answer.kind === "refused") throw await httpError(response, asked, { classify, context });
    await response.body?.cancel();
    throw new ContentError(`reading "${url}": the server's ranges cannot be trusted, and it sends nothing else`, {
      code: "protocol_violation",
      url,
    });
  }

  /** Goes on with one body that starts at byte 0; the other connections are dropped. */
  async function takeOver(
    connection: Connection,
    response: Response,
    whole: PartAnswer & { kind: "whole" },
  ): Promise<void> {
    const isOther = (validator !== undefined && !whole.unchanged) || (whole.total ?? total) !== total;
    if (isSingle || isOther || response.body === null) {
      await response.body?.cancel();
      if (isSingle) return;
      throw new ContentError(`reading "${url}": it is another file now`, { code: "content_changed", url });
    }
    isSingle = true;
    context.report({ type: "fallback", url, reason: "the server answered a range with the whole file" });
    options.refuseRanges();
    dropAll("one plain stream is used", connection);
    plan.clear();
    // read as one long part from byte 0; what lies before the span is skipped
    Object.assign(connection, { at: 0, end: span.end });
    try {
      await drain(connection, response);
      if (connection.at < span.end) {
        throw new NetworkError(`reading "${url}": the body ended ${span.end - connection.at} bytes early`, {
          code: "body_incomplete",
          url,
        });
      }
    } catch (error) {
      fail(request.signal.aborted ? request.signal.reason : error);
    }
  }

  /** Writes the body's bytes from the connection's `at` up to its `end`, which may move down meanwhile. */
  async function drain(connection: Connection, response: Response): Promise<void> {
    const reader = bodyReader(response.body!);
    let dropped: CivikitError | undefined;
    connection.drop = (reason) => {
      dropped ??= reason;
      reader.cancel(reason);
    };
    try {
      if (failure !== undefined) throw failure.reason;
      while (connection.at < connection.end) {
        let bytes: Uint8Array | undefined;
        try {
          bytes = await reader.read(connection.end - connection.at);
        } catch (error) {
          throw dropped ?? (error instanceof CivikitError ? error : wrapBodyError(error, request.url));
        }
        if (dropped !== undefined) throw dropped;
        if (bytes === undefined) return;
        const { at } = connection;
        const useful = Math.min(bytes.byteLength, connection.end - at);
        const skip = Math.min(useful, Math.max(0, span.start - at));
        connection.at += useful; // claimed before it is written: nobody can take over bytes in flight
        connection.bytes += useful;
        connection.lastByte = clock.now();
        persistence.reset();
        if (skip === useful) continue;
        let writing: void | Promise<void>;
        try {
          writing = sink.write(bytes.subarray(skip, useful), at + skip - span.start);
          if (writing === undefined) continue;
          connection.isHeld = true;
          await writing;
        } catch (error) {
          fail(error); // what the sink refuses it will refuse again
          throw error;
        }
        connection.isHeld = false;
        connection.lastByte = clock.now();
      }
    } finally {
      connection.drop = undefined;
      await reader.cancel();
    }
  }

  function tick(): void {
    cancelTick = clock.after(tickMs, tick);
    const now = clock.now();
    let measured = 0;
    for (const connection of connections) {
      const rate = connection.bytes * 1000 / tickMs;
      connection.bytes = 0;
      connection.rate = connection.rate === undefined ? rate : connection.rate * 0.7 + rate * 0.3;
      measured += rate;
      if (now - connection.lastByte > idleTimeoutMs && !connection.isHeld) {
        const reason = `reading "${url}": no byte for ${idleTimeoutMs} ms`;
        connection.drop?.(new NetworkError(reason, { code: "idle_timeout", url }));
      }
    }
    if (laggards < mostLaggards && connections.size > 1) dropLaggard(now);
    if (allowance !== Infinity && now - allowanceSince > allowanceMs) {
      allowanceSince = now;
      if (++allowance >= parallel()) allowance = Infinity;
    }
    const had = connections.size;
    if (had > 0 && measured / had >= enoughBytesPerSecond) return;
    grow();
    const has = connections.size;
    if (has > had) context.report({ type: "connections", url, connections: has, reason: "there is room" });
  }

  /** Gives up a connection that stands still or crawls while the others run. */
  function dropLaggard(now: number): void {
    // where the sink holds connections back, rates say nothing about them
    if ([...connections].some(({ isHeld }) => isHeld)) return;
    const rates = [...connections].map(({ rate = 0 }) => rate).sort((a, b) => a - b);
    const median = rates[rates.length >> 1]!;
    for (const { since, rate = 0, drop } of connections) {
      if (now - since < laggardAfterMs || rate * laggardFactor >= median || drop === undefined) continue;
      laggards++;
      drop(new NetworkError(`reading "${url}": far slower than the other parts`, { code: "idle_timeout", url }));
      return;
    }
  }

  open(options.firstPart, options.first);
  return promise;
}
