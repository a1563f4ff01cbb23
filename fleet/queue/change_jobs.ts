import { InputError } from "../../transport/mod.ts";
import type { JobAction, JobState } from "../../hub/queue/mod.ts";
import { isAllowed, wished } from "../../hub/queue/engine.ts";
import { type Entry, jobVersion, type Write } from "./book.ts";
import { batch, changing, mostTries, settle, type SharedJobs } from "./shared_jobs.ts";

/**
 * What an action makes of jobs, all at once.
 *
 * @param isStrict Whether one that cannot be changed so is refused; else it is left as it is.
 * @returns Those there are, as they stand.
 */
export async function changeJobs(
  shared: SharedJobs,
  ids: readonly string[],
  action: JobAction,
  isStrict: boolean,
): Promise<Entry[]> {
  const { book, handOut, now } = shared;
  for (let time = 0; time < mostTries; time++) {
    const found = (await book.read(ids)).filter((entry) => entry !== undefined);
    const entries = isStrict ? found : found.filter(({ job }) => isAllowed(action, job.state));
    const newer = entries.find(({ version }) => version > jobVersion);
    if (newer !== undefined) {
      if (!isStrict) return [];
      const { id, why } = newer.job;
      throw new InputError(`asking "${action}" for job "${id}": ${why?.message}`, {
        ...{ code: "invalid_argument", input: id },
      });
    }
    let place = action === "skip" ? await book.numbers(entries.length) : 0;
    const writes = entries.flatMap((entry): Write[] => {
      if (action === "remove") return [{ entry, job: undefined }];
      const changed = wished(entry.job, action, place++);
      return changed === undefined ? [] : [{ ...changing(entry, changed, now()), stalls: 0 }];
    });
    if (!await book.write(writes)) continue;
    const after = new Map(writes.map(({ entry, job }) => [entry.job.id, job]));
    const left = entries.map((entry) => ({ ...entry, job: after.get(entry.job.id) ?? entry.job }));
    const gone = writes.filter(({ entry, job }) => job === undefined && entry.job.worker === null);
    const moved = action === "skip" ? left : [];
    await handOut.take([...gone.map(({ entry }) => entry), ...moved].map(({ job }) => job.id));
    await settle(shared, left.filter(({ job }) => after.get(job.id) !== undefined));
    return left;
  }
  throw new Error(`asking "${action}": others change the same jobs all the time`);
}

/** Changes every job in these states; how many there were. */
export async function changeAllJobs(
  shared: SharedJobs,
  states: readonly JobState[],
  action: JobAction,
): Promise<number> {
  let changed = 0;
  for (const state of states.filter((state) => isAllowed(action, state))) {
    const ids = await shared.book.inState(state);
    for (let at = 0; at < ids.length; at += batch) {
      changed += (await changeJobs(shared, ids.slice(at, at + batch), action, false)).length;
    }
  }
  return changed;
}
