import { type Civitai, parseReference } from "../../api/mod.ts";
import type { JobState } from "../queue/job.ts";
import type { JobQueue } from "../queue/job_queue.ts";

/** What the queue still has to do. */
export interface Queued {
  /** Versions that are asked for. */
  readonly versions: ReadonlySet<number>;
  /** Addresses of files elsewhere. */
  readonly urls: ReadonlySet<string>;
  /** Models whose newest version is asked for. */
  readonly models: ReadonlySet<number>;
}

const open: readonly JobState[] = ["waiting", "resolving", "downloading", "paused", "verifying"];

/** Reads which models and versions are in the queue and not over yet. */
export async function queuedIn(queue: JobQueue, api: Pick<Civitai, "baseUrl" | "trustedHosts">): Promise<Queued> {
  const versions = new Set<number>();
  const models = new Set<number>();
  const urls = new Set<string>();
  let after: string | undefined;
  do {
    const { jobs, next } = await queue.list({ states: open, after, limit: 1000 });
    for (const { reference: text } of jobs) {
      const reference = parseReference(text, api);
      if (reference.kind === "version") versions.add(reference.versionId);
      else if (reference.kind === "model") models.add(reference.modelId);
      else urls.add(text);
    }
    after = next ?? undefined;
  } while (after !== undefined);
  return { versions, models, urls };
}
