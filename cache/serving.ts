import { type Ask, askedSpan, type Fields, isHeard, redactUrl, type Send } from "../transport/internal.ts";
import type { Clock, Context } from "../transport/mod.ts";
import { type AnswerFacts, notModifiedAnswer, partialAnswer, wholeAnswer } from "./answer.ts";
import type { Directives } from "./cache_control.ts";
import type { CacheStatus } from "./cache_status.ts";
import { ageMs, type CacheMode, type Policy, policyOf } from "./freshness.ts";
import { storedPlace } from "./partial.ts";
import type { CacheEntry, CacheKey, CacheOutcome, CacheStore } from "./store.ts";
import { isNotModified } from "./validation.ts";
import { matchesVary } from "./vary.ts";

/** A stored response that answers the request, and what it says about itself. */
export interface Candidate {
  /** The response. */
  readonly entry: CacheEntry;
  /** What its fields say. */
  readonly policy: Policy;
}

/** One request on its way through the cache. */
export interface Call {
  /** As the caller made it. */
  readonly ask: Ask;
  /** Leads to the origin. */
  readonly next: Send;
  /** Hears what the cache did. */
  readonly context: Context;
  /** What an answer is filed under. */
  readonly key: CacheKey;
  /** Its Cache-Control. */
  readonly asked: Directives;
  /** Stored responses that a new one takes the place of. */
  readonly replaces: readonly CacheEntry[];
  /** Nobody waits for it: a refresh that is not counted. */
  readonly isBehind?: boolean;
}

/** What serving depends on; see the options of `httpCache`. */
export interface ServingOptions {
  /** Where responses are. */
  readonly store: CacheStore;
  /** How they are read. */
  readonly mode: CacheMode;
  /** The cache's name. */
  readonly name: string;
  /** Where time comes from. */
  readonly clock: Clock;
  /** Hides the value of a request field that may hold a credential. */
  readonly fingerprinted: (value: string) => string;
}

/** Answers out of the store. */
export interface Serving {
  /** What the fields of a stored response say. */
  policy(entry: CacheEntry): Policy;
  /** The stored responses for these request fields, the one its origin made last in front (RFC 9111 section 4). */
  candidates(found: readonly CacheEntry[], headers: Fields): Candidate[];
  /** Counts and reports what became of a request. */
  count(call: Call, outcome: CacheOutcome | "bypass", bytes?: number): void;
  /** The answer out of the store, or undefined when its body turns out to be gone or damaged. */
  fromStore(
    call: Call,
    candidate: Candidate,
    outcome: CacheOutcome,
    status: CacheStatus,
  ): Promise<Response | undefined>;
}

/** Makes the part of `httpCache` that answers from stored responses. */
export function serving({ store, mode, name, clock, fingerprinted }: ServingOptions): Serving {
  const policies = new WeakMap<CacheEntry["head"], Policy>();

  function policy(entry: CacheEntry): Policy {
    let known = policies.get(entry.head);
    if (known === undefined) policies.set(entry.head, known = policyOf(entry.head, mode));
    return known;
  }

  function candidates(found: readonly CacheEntry[], headers: Fields): Candidate[] {
    if (found.length === 0) return [];
    const matching: Candidate[] = [];
    for (const entry of found) {
      if (matchesVary(entry.head, headers, fingerprinted)) matching.push({ entry, policy: policy(entry) });
    }
    if (matching.length > 1) {
      matching.sort((a, b) =>
        b.policy.dateMs - a.policy.dateMs || b.entry.head.responseMs - a.entry.head.responseMs ||
        b.entry.id - a.entry.id
      );
    }
    return matching;
  }

  function facts({ key: { url } }: Call, { entry, policy }: Candidate, status: CacheStatus): AnswerFacts {
    const age = ageMs(entry.head, policy, clock.date());
    return { url, ageMs: age, name, status: { ...status, ttl: Math.ceil((policy.lifetimeMs - age) / 1000) } };
  }

  function count({ ask, context, isBehind }: Call, outcome: CacheOutcome | "bypass", bytes = 0): void {
    if (isBehind) return;
    if (outcome !== "bypass") store.record(outcome, bytes);
    if (isHeard(context)) context.report({ type: "cache", url: redactUrl(ask.url), result: outcome });
  }

  async function fromStore(
    call: Call,
    candidate: Candidate,
    outcome: CacheOutcome,
    status: CacheStatus,
  ): Promise<Response | undefined> {
    const { entry } = candidate;
    const { ask } = call;
    const answered = facts(call, candidate, status);
    if (isNotModified(entry.head, ask.headers, clock.date())) {
      count(call, outcome, entry.bodyBytes);
      return notModifiedAnswer(entry, answered);
    }
    if (ask.method === "HEAD") {
      count(call, outcome);
      return wholeAnswer(entry, null, answered);
    }
    const found = store.body(entry);
    const pieces = found instanceof Promise ? await found : found;
    if (pieces === undefined) {
      await store.drop([entry]);
      return undefined;
    }
    const range = ask.headers.get("range");
    if (range === null) {
      count(call, outcome, entry.bodyBytes);
      return wholeAnswer(entry, pieces, answered);
    }
    const place = storedPlace(entry.head, entry.bodyBytes);
    const wanted = askedSpan(range, place.total)!;
    count(call, outcome, wanted.end - wanted.start);
    return partialAnswer(entry, pieces, wanted, place, answered);
  }

  return { policy, candidates, count, fromStore };
}
