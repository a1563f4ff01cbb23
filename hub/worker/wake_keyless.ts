import type { JobQueue } from "../queue/mod.ts";
import { isKeyWanted } from "./judge.ts";

/** Lets jobs go on that wait for a key of the site, for there is another one now. @returns How many. */
export async function wakeKeyless(queue: JobQueue): Promise<number> {
  let woken = 0;
  let after: string | undefined;
  do {
    const { jobs, next } = await queue.list({ states: ["waiting"], limit: 1000, after });
    for (const { id, why } of jobs) {
      if (why === null || !isKeyWanted(why)) continue;
      await queue.change(id, "retry");
      woken++;
    }
    after = next ?? undefined;
  } while (after !== undefined);
  return woken;
}
