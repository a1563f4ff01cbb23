import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMarkHeld } from "../../monitor/stats/process_mark.ts";

/**
 * The workers of the queue at `path` that certainly live, by the locks they hold beside it: also of one that this version
 * cannot read, which is not opened. Where the file system knows no locks there are none.
 *
 * @param path Where the queue is.
 * @returns What they call themselves.
 * @example
 * ```ts
 * import { livingWorkers } from "./living_workers.ts";
 *
 * console.log(livingWorkers("/no/such/folder/queue.sqlite")); // []
 * ```
 */
export function livingWorkers(path: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(join(dirname(path), "running"));
  } catch {
    return [];
  }
  return names.filter((name) => isMarkHeld(path, name) === true);
}
