import type { SqliteFile } from "../../transport/internal.ts";
import type { Job } from "./job.ts";
import type { JobMove } from "./job_queue.ts";
import type { statements } from "./sqlite_rows.ts";

type Run = Pick<SqliteFile<keyof typeof statements>, "run">;

function positionIn(row: unknown): number | undefined {
  const { position = null } = (row ?? {}) as { position?: number | null };
  return position ?? undefined;
}

/** The place behind all others. */
export function lastPlace({ run }: Run): number {
  return (positionIn(run.last.get()) ?? 0) + 1;
}

/**
 * A place for the job `moved` right beside `other`: halfway to the next one. Undefined when no number is left between
 * the two; the places are to be spread then.
 */
export function placeBeside({ run }: Run, moved: string, { id, position }: Job, where: JobMove): number | undefined {
  const isBefore = "before" in where;
  const around = { position, id: Number(id), moved: Number(moved) };
  const next = positionIn(isBefore ? run.before.get(around) : run.after.get(around));
  if (next === undefined) return isBefore ? position - 1 : position + 1;
  const middle = (position + next) / 2;
  const isBetween = Math.min(position, next) < middle && middle < Math.max(position, next);
  return isBetween ? middle : undefined;
}
