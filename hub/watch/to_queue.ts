import type { JobQueue } from "../queue/mod.ts";
import type { WatchFind } from "./rule.ts";
import type { WatchStore } from "./store.ts";

/** Something that went to the queue. */
export interface Delivered {
  /** What was found. */
  readonly find: WatchFind;
  /** Whether the queue did not have it yet. */
  readonly isNew: boolean;
}

const atOnce = 100;

/**
 * Puts what is for the queue into it. A process that is killed between the queue and the note that it went there does the
 * same again: the job's key names the same job.
 */
export async function* toQueue(
  store: WatchStore,
  queue: Pick<JobQueue, "add" | "queued">,
): AsyncGenerator<Delivered, void, undefined> {
  for (;;) {
    const intents = store.queueing(atOnce);
    if (intents.length === 0) return;
    const versions = intents.map(({ find }) => find.thing.versionId).filter((id) => id !== null);
    // someone may have asked for it by hand
    const there = (await queue.queued({ versions })).versions;
    for (const { find, options } of intents) {
      const { versionId, file } = find.thing;
      const isThere = there.has(versionId!);
      const [added] = isThere ? [] : await queue.add([{
        ...{ reference: `version:${versionId}`, key: `watch:${find.key}` },
        options: { ...options, ...(file !== null && !options.allFiles && { file: String(file) }) },
      }]);
      const noted = store.queued(find.id, added?.job.id ?? null);
      if (noted !== undefined) yield { find: noted, isNew: added?.isNew ?? false };
    }
  }
}
