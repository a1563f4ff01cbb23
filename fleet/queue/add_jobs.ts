import type { Site } from "../../api/mod.ts";
import type { AddedJob, Job, NewJob } from "../../hub/queue/mod.ts";
import { anew, beginsAnew, type CheckedJob, checkedJob, checkedWish, keyReused } from "../../hub/queue/engine.ts";
import { type Entry, jobVersion, type Write } from "./book.ts";
import { changing, mostTries, type SharedJobs } from "./shared_jobs.ts";

/** A job that is not in the book yet. */
function newEntry({ key, reference, options, subject }: CheckedJob, number: number, nowMs: number): Entry {
  const nothing = { code: null, why: null, verdict: null, path: null, worker: null, notBeforeMs: null };
  const job: Job = {
    ...{ id: String(number), key, reference, options, position: number, state: "waiting", name: reference },
    ...{ bytes: 0, totalBytes: null, bytesPerSecond: 0, attempts: 0, createdMs: nowMs, changedMs: nowMs, ...nothing },
  };
  return { job, subject, version: jobVersion, stalls: 0, stalledBytes: 0, was: "" };
}

/** Adds jobs, all or none; see `JobQueue.add()`. */
export async function addJobs(
  { book, handOut, now }: SharedJobs,
  jobs: readonly NewJob[],
  { wish, site }: { readonly wish: string | undefined; readonly site: Partial<Site> },
): Promise<AddedJob[]> {
  const checked = jobs.map((job) => checkedJob(job, site));
  const named = wish === undefined ? undefined : checkedWish(wish, checked);
  const wanted = named?.jobs ?? checked;
  for (let time = 0; time < mostTries; time++) {
    const said = named && await book.wished(named);
    if (said !== undefined && said !== named!.digest) throw keyReused(wish!);
    const known = await book.byKeys(wanted.map(({ key }) => key));
    let number = await book.numbers(wanted.length);
    const writes = new Map<string, Write>();
    const added = wanted.map((job, index): AddedJob => {
      const before = writes.get(job.key);
      if (before?.job !== undefined) return { job: before.job, isNew: false };
      const entry = known[index];
      if (entry !== undefined && !beginsAnew(entry.job, job.isNamed)) return { job: entry.job, isNew: false };
      const position = number++;
      const write = entry === undefined
        ? changing(newEntry(job, position, now()), {}, now())
        : changing(entry, { ...anew, position }, now());
      writes.set(job.key, { ...write, stalls: 0 });
      return { job: write.job, isNew: true };
    });
    if (!await book.write([...writes.values()], named)) continue;
    await handOut.put(added.filter(({ isNew }) => isNew).map(({ job }) => job));
    return added;
  }
  throw new Error("adding jobs: others add the same all the time");
}
