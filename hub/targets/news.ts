import type { JobReason } from "../queue/mod.ts";
import type { PublishedFile } from "../run/mod.ts";

/** What can go wrong: a job has given up, a job stands until somebody does something, a rule's round has failed. */
export type FailureEvent = "job_failed" | "work_blocked" | "rule_failed";

/** All of them, in the order they are told. */
export const failureEvents: readonly FailureEvent[] = ["job_failed", "work_blocked", "rule_failed"];

/** Something that went wrong. */
export interface Failure {
  /** What. */
  readonly event: FailureEvent;
  /** The job's id, or the rule's. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** What was asked for, without secrets; of a rule, what it watches. */
  readonly reference: string;
  /** Why. */
  readonly why: JobReason;
  /** When it happened, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** What a program is told: a file that is there, or a failure. */
export type News = PublishedFile | Failure;

/** Whether it is a failure. */
export function isFailure(news: News): news is Failure {
  return "event" in news;
}

/** Names what it is about: newer news of the same takes its place until it is told. */
export function keyOf(news: News): string {
  return isFailure(news) ? `${news.event} ${news.id}` : news.path;
}
