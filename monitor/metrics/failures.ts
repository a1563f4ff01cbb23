import type { ErrorCode } from "../../transport/mod.ts";

/** A failure worth looking at. */
export interface FailureRecord {
  /** When, in milliseconds since the epoch. */
  readonly atMs: number;
  /** What failed. */
  readonly kind: "request" | "download";
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** Host, where it is known; else empty. */
  readonly host: string;
  /** Status of the answer; 0 when there was none. */
  readonly status: number;
  /** What was asked for, redacted; for a download its path. */
  readonly target: string;
  /** From start to failure in milliseconds. */
  readonly durationMs: number;
}

/** The last failures. */
export interface FailureList {
  /** Failures ever seen. */
  readonly count: number;
  /** Takes one. */
  add(failure: FailureRecord): void;
  /** Those that are kept, oldest first. */
  list(): FailureRecord[];
  /** Forgets those that are kept. */
  clear(): void;
}

/** Keeps the last `keep` failures. */
export function failureList(keep: number): FailureList {
  let failures: FailureRecord[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(failure) {
      count++;
      failures.push(failure);
      // dropped in halves: cheaper than one by one
      if (failures.length >= keep * 2) failures = failures.slice(-keep);
    },
    list: () => failures.slice(-keep),
    clear() {
      failures = [];
    },
  };
}
