import type { ErrorCode } from "../../transport/mod.ts";
import type { JobReason } from "../queue/job.ts";
import type { JudgedPage } from "./judge_page.ts";
import type { FindState, NewWatchRule, WatchChange, WatchFind, WatchRound, WatchRule } from "./rule.ts";

/** What a look at one page came to, to be kept with the rule at once. */
export interface RoundResult {
  /** What the page came to. */
  readonly judged: JudgedPage;
  /** When the rule's next round is due, in milliseconds since the epoch. */
  readonly nextMs: number;
  /** What is there already, by its key, and need not be fetched. Default: nothing. */
  readonly isThere?: ((key: string) => boolean) | undefined;
  /** Whether the round goes on with another page; the rule stays with its worker. Default: false. */
  readonly goesOn?: boolean | undefined;
}

/** What was kept of a round. */
export interface KeptRound {
  /** The rule as it stands. */
  readonly rule: WatchRule;
  /** What was found, as it stands. */
  readonly finds: readonly WatchFind[];
  /** The round's entry. */
  readonly round: WatchRound;
}

/** Something that goes to the queue. */
export interface QueueIntent {
  /** What was found. */
  readonly find: WatchFind;
  /** Where its files go, as its rule had it then. */
  readonly options: WatchRule["options"];
}

/** Which finds or rounds are listed, the newest first. */
export interface ListWatched {
  /** Of this rule alone. Default: of all, removed ones too. */
  readonly rule?: string | undefined;
  /** Goes on behind this id. Default: from the newest. */
  readonly before?: string | undefined;
  /** So many at most, 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
}

/** The rules of a user, what they have seen, and what came of it. */
export interface WatchStore extends Disposable {
  /**
   * Adds a rule, whose first round is due at once.
   *
   * @returns The rule, and whether it is new: one that says the very same is answered as it stands.
   * @throws {InputError} Naming what is wrong with it.
   */
  add(rule: NewWatchRule): { readonly rule: WatchRule; readonly isNew: boolean };
  /** One rule. */
  get(id: string): WatchRule | undefined;
  /** Every rule, the oldest first. */
  list(): WatchRule[];
  /**
   * Changes a rule. What it has seen stays seen; where filters let more through, that counts from the last whole look at
   * the list.
   *
   * @returns The rule; undefined when there is none.
   * @throws {InputError} Naming what is wrong.
   */
  edit(id: string, change: WatchChange): WatchRule | undefined;
  /** Lets a rule rest, or go on; one that goes on is due at once if its time has passed. */
  pause(id: string, isPaused: boolean): WatchRule | undefined;
  /** Makes a rule's next round due now; one that rests still rests. */
  hurry(id: string): WatchRule | undefined;
  /** Forgets a rule; what it has found is remembered, so that no other rule fetches it again. */
  remove(id: string): WatchRule | undefined;
  /**
   * Takes rules whose round is due, or those with these ids whenever theirs is, for `leaseMs`; those that another living
   * process has are left to it.
   *
   * @param most So many at most.
   */
  claim(worker: string, leaseMs: number, most: number, ids?: readonly string[]): WatchRule[];
  /** Prolongs what the worker has. */
  renew(worker: string, leaseMs: number): void;
  /** Gives a rule back as it is. */
  release(worker: string, id: string): void;
  /** Keeps what a page came to, all of it or nothing. @returns Undefined when the rule is no longer the worker's. */
  keep(worker: string, id: string, result: RoundResult): KeptRound | undefined;
  /** Keeps that a round failed. `restart`: the list is walked from its start again. */
  fail(
    worker: string,
    id: string,
    why: JobReason & { readonly code: ErrorCode },
    nextMs: number,
    restart?: boolean,
  ): KeptRound | undefined;
  /** Whether a rule has seen what has this key. */
  isSeen(rule: string, key: string): boolean;
  /** Whether a rule holds what has this key until it is public. */
  isHeld(rule: string, key: string): boolean;
  /** What is to go to the queue, the oldest first. */
  queueing(most?: number): QueueIntent[];
  /** Notes that it went there. @returns Undefined when another process was quicker. */
  queued(find: string, job: string | null, state?: "queued" | "known"): WatchFind | undefined;
  /** Finds what was held and is public by now. */
  releaseHeld(): WatchFind[];
  /** What was found. */
  finds(which?: ListWatched): WatchFind[];
  /** The rounds. */
  rounds(which?: ListWatched): WatchRound[];
  /** The last round of a rule. */
  lastRound(rule: string): WatchRound | undefined;
  /** How much of what a rule has found stands where. */
  counts(rule: string): Readonly<Partial<Record<FindState, number>>>;
  /** When something is due next, in milliseconds since the epoch; null: never. */
  nextMs(): number | null;
  /** Changes whenever anything in the file does, whoever changes it. */
  version(): string;
  /** Lets go of the file. */
  close(): void;
}
