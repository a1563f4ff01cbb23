import type { Job, JobReason } from "../queue/mod.ts";
import { isKeyWanted, isOfTheDisk } from "../worker/judge.ts";
import type { Failure } from "./news.ts";

/** What of a `WatchEvent` is looked at: who tells of files knows nothing of rules. */
export type RuleEvent =
  | {
    readonly type: "failed";
    readonly rule: { readonly id: string; readonly name: string; readonly target: string };
    readonly round: { readonly why: JobReason | null; readonly atMs: number };
  }
  | { readonly type: "round"; readonly rule: { readonly id: string } }
  | { readonly type: "found" | "queued" | "busy" };

/** Tells of what goes wrong with jobs and rules, each thing once. */
export interface WorkTeller {
  /** A job was begun, or let go of. */
  onJob(job: Job): void;
  /** Something happened to a rule. */
  onWatch(event: RuleEvent): void;
}

/**
 * Turns what happens to jobs and rules into what programs are told of failures. A job that has failed is told each time;
 * that work stands for the sake of the key or of the disk, once until a job is done; that a rule fails, once until a
 * round of it went well or it fails for another reason.
 *
 * @param tell Hears of each failure.
 * @example
 * ```ts
 * import { sqliteQueue, workTeller } from "@civikit/civikit/hub";
 *
 * const { onJob } = workTeller(({ event, reference, why }) => console.log(event, reference, why.code));
 * await using queue = sqliteQueue(":memory:");
 * await queue.add([{ reference: "2002" }]);
 * const [job] = await queue.lease("me", 1, 30_000);
 * const left = await queue.finish("me", job!.id, { state: "failed", code: "not_found" });
 * onJob(left!); // job_failed 2002 not_found
 * ```
 */
export function workTeller(tell: (failure: Failure) => void): WorkTeller {
  const blocked = new Set<string>();
  const failing = new Map<string, string>();

  return {
    onJob({ id, name, reference, state, code, why, changedMs }) {
      const about = { id, name, reference, atMs: changedMs };
      if (state === "done") blocked.clear();
      else if (state === "failed") tell({ event: "job_failed", ...about, why: why ?? { code: code! } });
      else if (
        state === "waiting" && why !== null && (isKeyWanted(why) || isOfTheDisk(why)) && !blocked.has(why.code)
      ) {
        blocked.add(why.code);
        tell({ event: "work_blocked", ...about, why });
      }
    },
    onWatch(event) {
      if (event.type === "round") failing.delete(event.rule.id);
      if (event.type !== "failed") return;
      const { rule: { id, name, target }, round: { why, atMs } } = event;
      if (why === null || failing.get(id) === why.code) return;
      failing.set(id, why.code);
      tell({ event: "rule_failed", id, name, reference: target, why, atMs });
    },
  };
}
