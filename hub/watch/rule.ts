import type { ErrorCode } from "../../transport/mod.ts";
import type { JobOptions } from "../queue/mod.ts";
import type { JobReason } from "../queue/job.ts";
import type { Level } from "../search/levels.ts";

/** What is watched, as data. */
export type WatchTarget =
  /** What a creator publishes. */
  | { readonly kind: "creator"; readonly name: string }
  /** New versions of one model. */
  | { readonly kind: "model"; readonly id: number }
  /** What is published with a tag. */
  | { readonly kind: "tag"; readonly name: string }
  /** What fits words; all that is published where they are empty. */
  | { readonly kind: "search"; readonly words: string }
  /** Whether a public collection grows: the site tells of how much is in it, not of what. */
  | { readonly kind: "collection"; readonly id: number }
  /** What the key's owner marks as a favourite. */
  | { readonly kind: "favorites" }
  /** What those publish whom the key's owner follows. */
  | { readonly kind: "followed" };

/** What becomes of versions that only buyers get for now: taken (the queue waits), found once they are public, or left. */
export const earlyAccessWords = ["take", "wait", "skip"] as const;

/** Which of what is new is meant; what is left out does not matter. */
export interface WatchFilters {
  /** Only for these base models. */
  readonly bases?: readonly string[] | undefined;
  /** Only these kinds of models. */
  readonly types?: readonly string[] | undefined;
  /** Only with a file in one of these formats, and that file is taken. */
  readonly formats?: readonly string[] | undefined;
  /** Only with a file of at least this size, in bytes. */
  readonly minBytes?: number | undefined;
  /** Only with a file of at most this size, in bytes. */
  readonly maxBytes?: number | undefined;
  /** Up to this level. Default: everything. */
  readonly level?: Level | undefined;
  /** What becomes of versions in early access. Default `take`. */
  readonly early?: typeof earlyAccessWords[number] | undefined;
}

/** What is done with what is new. */
export type WatchAction = "queue" | "tell";

/** Where files of a rule go and what lies beside them: a part of what a job knows. */
export type WatchOptions = Pick<JobOptions, "allFiles" | "dir" | "root" | "layout" | "sidecars">;

/** A rule to be. */
export interface NewWatchRule {
  /** What is watched, as `readWatchTarget()` takes it: `creator:NAME`, `model:ID`, the address of a page of the site. */
  readonly target: string;
  /** Which of what is new. Default: everything. */
  readonly filters?: WatchFilters | undefined;
  /** What is done with it. Default `queue`. */
  readonly action?: WatchAction | undefined;
  /** Where files go. Default: as the settings say. */
  readonly options?: WatchOptions | undefined;
  /** When, as `watchSchedule()` takes it. Default: that of whoever runs the rules. */
  readonly schedule?: string | undefined;
  /** The zone of the schedule's clock, such as `Asia/Taipei`. Default: that of the machine. */
  readonly timeZone?: string | undefined;
  /** What was published after this counts as new, in milliseconds since the epoch. Default: now. */
  readonly sinceMs?: number | undefined;
  /** So many of the newest that are there count as new as well, 0 to 100. Default 0. */
  readonly backlog?: number | undefined;
}

/** What may be changed of a rule; null takes a value back to its default. */
export interface WatchChange {
  /** Which of what is new, all of it anew. */
  readonly filters?: WatchFilters | undefined;
  /** What is done with it. */
  readonly action?: WatchAction | undefined;
  /** Where files go, all of it anew. */
  readonly options?: WatchOptions | undefined;
  /** When. */
  readonly schedule?: string | null | undefined;
  /** The zone of its clock. */
  readonly timeZone?: string | null | undefined;
}

/** A rule as it stands. */
export interface WatchRule {
  /** Names it; never used twice. */
  readonly id: string;
  /** What is watched, in one word: `creator:NAME`. */
  readonly target: string;
  /** What it is called; the target, until the site has told a name. */
  readonly name: string;
  /** Which of what is new. */
  readonly filters: WatchFilters;
  /** What is done with it. */
  readonly action: WatchAction;
  /** Where files go. */
  readonly options: WatchOptions;
  /** When; null: as whoever runs the rules says. */
  readonly schedule: string | null;
  /** The zone of its clock; null: that of the machine. */
  readonly timeZone: string | null;
  /** Whether it rests. */
  readonly isPaused: boolean;
  /** When it was made, in milliseconds since the epoch. */
  readonly createdMs: number;
  /** What was published before is old, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** How many of the newest count as new in the first round. */
  readonly backlog: number;
  /** When its next round is due, in milliseconds since the epoch. */
  readonly nextMs: number;
  /** When its last round ended; null before the first. */
  readonly lastMs: number | null;
  /** Whether it is known what was there at the start. */
  readonly isReady: boolean;
  /** Where the next round goes on; null: at the start of the list. */
  readonly cursor: string | null;
  /** Everything published before is known to have been seen; null before the first round. */
  readonly floorMs: number | null;
  /** The floor once the walk that goes on at `cursor` has come to its end; null while none is under way. */
  readonly nextFloorMs: number | null;
  /** What the site counted last; of a collection alone. */
  readonly count: number | null;
  /** Rounds in a row that failed. */
  readonly failures: number;
  /** Why the last one failed; null where it did not. */
  readonly why: (JobReason & { readonly code: ErrorCode }) | null;
  /** The process that has its hands on it; null where none has. */
  readonly worker: string | null;
}

/** What became of something that was found. */
export type FindState =
  /** It goes to the queue now. */
  | "queueing"
  /** It went to the queue, or was in it. */
  | "queued"
  /** It was told of. */
  | "told"
  /** It is found once it is public. */
  | "held"
  /** Another rule had it before, or the model folders. */
  | "known";

/** Something new that a rule has found. */
export interface WatchFind {
  /** Names it; never used twice. */
  readonly id: string;
  /** The rule's id. */
  readonly rule: string;
  /** What was found, the same for every rule: `version:2001`, `collection:5`. */
  readonly key: string;
  /** What became of it. */
  readonly state: FindState;
  /** When it was found, in milliseconds since the epoch. */
  readonly atMs: number;
  /** When it is public; null where it is, or nobody says when. */
  readonly dueMs: number | null;
  /** The job in the queue; null where it went into none. */
  readonly job: string | null;
  /** What it is. */
  readonly thing: WatchThing;
}

/** What the site says of something that was found. */
export interface WatchThing {
  /** The version; null for a collection. */
  readonly versionId: number | null;
  /** The model, or the collection. */
  readonly id: number;
  /** The model's name, or the collection's. */
  readonly name: string;
  /** The version's name; of a collection, how many more there are in it. */
  readonly version: string;
  /** What it is. */
  readonly type: string;
  /** What it was made for; null where the site does not say. */
  readonly base: string | null;
  /** Who made it; null where the site does not say. */
  readonly creator: string | null;
  /** When it was published, in milliseconds since the epoch; null where the site does not say. */
  readonly publishedMs: number | null;
  /** The file that is meant, where it is not the primary one; else null. */
  readonly file: number | null;
  /** Its page on the site. */
  readonly url: string;
}

/** A round of a rule, as it went. */
export interface WatchRound {
  /** Names it. */
  readonly id: string;
  /** The rule's id. */
  readonly rule: string;
  /** When it ended, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Pages that were asked for. */
  readonly pages: number;
  /** What was found. */
  readonly found: number;
  /** What of that is for the queue. */
  readonly queued: number;
  /** What did not fit the filters. */
  readonly skipped: number;
  /** Whether there is more, which the next round fetches. */
  readonly isMore: boolean;
  /** Whether it only looked at what is there. */
  readonly isFirst: boolean;
  /** Why it failed; null where it did not. */
  readonly why: (JobReason & { readonly code: ErrorCode }) | null;
}
