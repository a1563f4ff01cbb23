import type { JobQueue } from "../../hub/queue/mod.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { CommandContext } from "../command.ts";
import { queuePath } from "../settings/places.ts";
import { printable } from "../terminal/text.ts";
import { openQueue } from "./queue_file.ts";

/** What the names of workers begin with that are services. */
export const workerPrefix = "serve-";

/**
 * The queue of this user, which one service at a time works on.
 *
 * @throws {CivikitError} When another one does, or it cannot be opened.
 */
export async function openServiceQueue(context: CommandContext, note: (text: string) => void): Promise<JobQueue> {
  const queue = await openQueue(context, context.settings.value("baseUrl"), note);
  const other = (await queue.workers()).find(({ id, isAlive }) => isAlive && id.startsWith(workerPrefix));
  if (other === undefined) return queue;
  await queue.close();
  throw new CivikitError(
    `opening the queue "${printable(queuePath(context.io.env)!)}": civikit serve, process ${other.pid}, works on it`,
    { code: "target_locked", reason: "service_running" },
  );
}
