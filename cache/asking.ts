import { Ask, formatRange, statusIs, strongTag } from "../transport/internal.ts";
import { NetworkError } from "../transport/mod.ts";
import { timeoutAnswer } from "./answer.ts";
import type { ForwardReason } from "./cache_status.ts";
import { field } from "./fields.ts";
import { ageMs, mayServeOnError } from "./freshness.ts";
import { placeOf, storedPlace } from "./partial.ts";
import type { Call, Candidate, Serving, ServingOptions } from "./serving.ts";
import { freshened } from "./stored_head.ts";
import type { Storing } from "./storing.ts";
import { conditionalFields, confirms, hasValidator } from "./validation.ts";
import { selectingFields } from "./vary.ts";

/** What asking depends on; see the options of `httpCache`. */
export interface AskingOptions extends ServingOptions {
  /** How long after its freshness an answer may stand in, in milliseconds. */
  readonly staleIfErrorMs: number;
  /** What becomes of a network failure where the stored answer forbids being used stale. */
  readonly onForbiddenStale: "504" | "throw";
  /** Answers out of the store. */
  readonly served: Serving;
  /** Stores what comes. */
  readonly stored: Storing;
}

/** Asks the origin where the store does not do. */
export interface Asking {
  /** Passes the request on, and stores what comes. */
  forward(call: Call, fwd: ForwardReason): Promise<Response>;
  /** Asks the origin about a stored response (RFC 9111 section 4.3). */
  validate(call: Call, candidate: Candidate): Promise<Response>;
  /** What to answer when the network failed under a validation (RFC 9111 sections 4.2.4 and 5.2.2.2). */
  serveStale(call: Call, candidate: Candidate, error: unknown): Promise<Response>;
  /** Fetches a newer response behind the caller's back, once at a time for each (RFC 5861 section 3). */
  refresh(call: Call, candidate: Candidate): Promise<void>;
  /** Completes a stored beginning (RFC 9111 section 3.3), or fetches the whole where the rest does not fit. */
  complete(call: Call, candidate: Candidate): Promise<Response>;
}

/** Makes the part of `httpCache` that asks the origin. */
export function asking(
  { store, mode, staleIfErrorMs, onForbiddenStale, name, clock, fingerprinted, served, stored }: AskingOptions,
): Asking {
  const { policy, count, fromStore } = served;
  const { keep, join, start } = stored;
  const refreshing = new Set<string>();

  function forward(call: Call, fwd: ForwardReason): Promise<Response> {
    count(call, "miss");
    const started = start();
    return call.next(call.ask, call.context).then((response) => keep(call, response, fwd, started));
  }

  async function validate(call: Call, candidate: Candidate): Promise<Response> {
    const { ask, next, context } = call;
    const { entry } = candidate;
    const isConditional = ask.method === "GET" && !entry.head.span && hasValidator(entry.head);
    const question = isConditional ? ask.withHeaders(conditionalFields(ask.headers, entry.head)) : ask;
    const started = start();
    let response: Response;
    try {
      response = await next(question, context);
    } catch (error) {
      return await serveStale(call, candidate, error);
    }
    if (response.status === 304 && isConditional) {
      if (confirms(response.headers, entry.head)) {
        await response.body?.cancel();
        const vary = response.headers.get("vary");
        const head = freshened(entry.head, response.headers, {
          ...started,
          responseMs: clock.date(),
          mode,
          ...(vary !== null && { vary: selectingFields(vary, ask.headers, fingerprinted) }),
        });
        const updated = { ...entry, head };
        const meaning = policy(updated).directives;
        const isOver = (meaning.noStore && !meaning.mustUnderstand) || (mode.shared && meaning.private);
        if (!isOver) await store.update(entry, head);
        const answer = await fromStore(call, { entry: updated, policy: policy(updated) }, "revalidated", {
          fwd: "stale",
          fwdStatus: 304,
        });
        // the answer is this caller's, but no longer the cache's
        if (isOver) await store.drop([entry]);
        return answer ?? await forward(call, "miss");
      }
      // it speaks of the copy the caller named, or of none that exists
      if (ask.headers.has("if-none-match")) return response;
      await response.body?.cancel();
      return await forward(call, "stale");
    }
    if (statusIs("absent", response.status) && isUsableOnError(call, candidate)) {
      const status = { fwd: "stale", fwdStatus: response.status, detail: `status_${response.status}` } as const;
      const answer = await fromStore(call, candidate, "stale", status);
      if (answer) {
        await response.body?.cancel();
        return answer;
      }
    }
    count(call, "miss");
    try {
      return await keep(call, response, "stale", started);
    } catch (error) {
      // a short body is read at once, and broke off
      return await serveStale(call, candidate, error);
    }
  }

  function isUsableOnError({ asked }: Call, { entry, policy }: Candidate): boolean {
    const staleForMs = ageMs(entry.head, policy, clock.date()) - policy.lifetimeMs;
    return mayServeOnError(policy, staleForMs, asked, staleIfErrorMs);
  }

  async function serveStale(call: Call, candidate: Candidate, error: unknown): Promise<Response> {
    const isFailure = error instanceof NetworkError || error instanceof TypeError;
    if (!isFailure || call.ask.signal?.aborted) throw error;
    const detail = error instanceof NetworkError ? error.code : "network_error";
    if (isUsableOnError(call, candidate)) {
      const answer = await fromStore(call, candidate, "stale", { fwd: "stale", detail });
      if (answer) return answer;
    }
    if (candidate.policy.forbidsStale && onForbiddenStale === "504") {
      return timeoutAnswer(call.key.url, name, { fwd: "stale", detail });
    }
    throw error;
  }

  async function refresh(call: Call, candidate: Candidate): Promise<void> {
    const { url, partition } = call.key;
    const id = `${partition} ${url}`;
    if (refreshing.has(id)) return;
    refreshing.add(id);
    try {
      const headers = call.ask.headers.without(["if-none-match", "if-modified-since", "range", "if-range"]);
      // not the caller's own: its signal may abort when the caller has what it wanted
      const ask = Ask.get({ url, headers });
      const response = await validate({ ...call, ask, isBehind: true }, candidate);
      await response.body?.pipeTo(new WritableStream());
    } catch {
      // the stale answer stays; the next caller tries again
    } finally {
      refreshing.delete(id);
    }
  }

  async function complete(call: Call, { entry }: Candidate): Promise<Response> {
    const { ask, next, context } = call;
    const { end: from, total } = storedPlace(entry.head, entry.bodyBytes);
    const tag = strongTag(field(entry.head.headers, "etag"));
    const started = start();
    const rest = ask.withHeaders({
      range: formatRange({ start: from }),
      ...(tag !== undefined && { "if-range": tag }),
    });
    const response = await next(rest, context);
    if (response.status === 206) {
      const place = placeOf(response.headers.get("content-range"));
      const isRest = tag !== undefined && tag === strongTag(response.headers.get("etag")) &&
        place?.start === from && place.end === total && place.total === total;
      const pieces = isRest ? await store.body(entry) : undefined;
      if (pieces) {
        count(call, "miss");
        return join(call, response, { entry, pieces }, started);
      }
    }
    if (response.status !== 206 && response.status !== 416) {
      count(call, "miss");
      return await keep(call, response, "partial", started);
    }
    await response.body?.cancel();
    return await forward(call, "miss");
  }

  return { forward, validate, serveStale, refresh, complete };
}
