import { isAbsolute, resolve } from "node:path";
import { parseReference } from "../api/mod.ts";
import { isInside, isLoopback, reachOf } from "../transport/internal.ts";
import { InputError } from "../transport/mod.ts";
import type { Parts } from "./parts.ts";
import type { JobOptions } from "./queue/job.ts";
import type { AddedJob } from "./queue/job_queue.ts";

/**
 * Checks what someone asks the service to fetch: of other addresses than the site's only https ones that anybody can
 * reach, so that nobody makes the service look around in its own network. What a name stands for, the stack looks at.
 *
 * @throws {InputError} Naming the reference and what is wrong with it.
 */
export function checkReference(text: string, { api }: Pick<Parts, "api">): void {
  const reference = parseReference(text, api);
  if (reference.kind !== "url") return;
  if (reachOf(reference.url) === "world" || isLoopback(api.baseUrl)) return;
  const { hostname } = new URL(reference.url);
  throw new InputError(`adding "${hostname}": only addresses of the open internet are taken`, {
    ...{ code: "insecure_url", reason: "near_address", input: hostname },
  });
}

/**
 * Checks that a job stays below the configured folders.
 *
 * @throws {InputError} Naming the folder.
 */
export function checkFolders({ dir, root }: JobOptions, roots: readonly string[]): void {
  for (const folder of [dir, root]) {
    if (folder === undefined) continue;
    if (isAbsolute(folder) && roots.some((top) => isInside(resolve(top), resolve(folder)))) continue;
    throw new InputError(`saving in ${JSON.stringify(folder)}: not one of the configured folders or below`, {
      ...{ code: "invalid_path", reason: "root_outside", input: folder },
    });
  }
}

/**
 * Puts references into the queue, all of them or none.
 *
 * @param wish Names all of them together, see `JobQueue.add()`. Default: each is told by reference and options.
 * @throws {InputError} Naming the first that cannot be taken, and why.
 */
export function addJobs(
  parts: Pick<Parts, "api" | "queue" | "roots">,
  references: readonly string[],
  options: JobOptions = {},
  wish?: string,
): Promise<AddedJob[]> {
  checkFolders(options, parts.roots());
  for (const reference of references) checkReference(reference, parts);
  return parts.queue.add(references.map((reference) => ({ reference, options })), wish);
}
