import { resolve } from "node:path";
import { checkedJob, type JobOptions, type JobQueue, type NewJob, sqliteQueue } from "../../hub/queue/mod.ts";
import { CivikitError, InputError } from "../../transport/mod.ts";
import type { WrittenReference } from "../../hub/run/mod.ts";
import type { CommandContext } from "../command.ts";
import { queuePath } from "../settings/places.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { isInFleet, openFleet } from "./open_fleet.ts";
import { queueText } from "../texts/queue.ts";

/**
 * The queue of this user, the same for every command and for the service: all of them work on one file, or on the queue
 * of the fleet that the settings name.
 *
 * @throws {CivikitError} When there is no folder for it, or it cannot be opened.
 */
export async function openQueue(
  context: Pick<CommandContext, "io" | "locale" | "settings">,
  baseUrl: string,
  note: (text: string) => void,
): Promise<JobQueue> {
  const { io, locale } = context;
  if (isInFleet(context)) {
    const fleet = await openFleet(context, note);
    const close = async () => await fleet[Symbol.asyncDispose]();
    return { ...fleet.queue, close, [Symbol.asyncDispose]: close };
  }
  const path = queuePath(io.env);
  if (path === undefined) {
    const message = "opening the queue: there is no folder for it; set HOME or CIVIKIT_STATE_DIR";
    throw new CivikitError(message, { code: "folder_missing" });
  }
  const onSetAside = (aside: string) => note(queueText[locale].setAside(printable(aside)));
  return sqliteQueue(path, { site: { baseUrl }, onSetAside });
}

type Words = typeof queueText["en"];

/** Puts references into the queue; those that are none are told, with the line they stand in. Returns the exit code. */
export async function addReferences(
  queue: JobQueue,
  references: readonly WrittenReference[],
  options: JobOptions,
  { out, words, baseUrl }: { readonly out: Output; readonly words: Words; readonly baseUrl: string },
): Promise<number> {
  const good: NewJob[] = [];
  for (const { text, place, own = {} } of references) {
    const { output = options.output, file = options.file, hashes: { SHA256: sha256 = options.sha256 } = {} } = own;
    // a folder of its own goes before root and layout
    const folder = own.dir === undefined ? {} : { dir: resolve(own.dir), root: undefined, layout: undefined };
    const { dir = options.dir && resolve(options.dir) } = folder;
    const job = { reference: text, options: { ...options, ...folder, dir, output, file, sha256 } };
    try {
      checkedJob(job, { baseUrl });
      good.push(job);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      out.fail(error, place === undefined ? printable(error.input) : `${place}: ${printable(error.input)}`);
    }
  }
  const added = await queue.add(good);
  for (const { job, isNew } of added) out.emit({ event: "added", isNew, ...job });
  const fresh = added.filter(({ isNew }) => isNew).length;
  const known = added.length - fresh;
  return out.finish(
    { added: fresh, known, refused: references.length - good.length },
    `${words.added(fresh, known)}\n`,
  );
}

/** The same for whoever has no queue open. */
export async function queueReferences(
  references: readonly WrittenReference[],
  options: JobOptions,
  context: Pick<CommandContext, "io" | "locale" | "settings">,
  baseUrl: string,
  out: Output,
): Promise<number> {
  await using queue = await openQueue(context, baseUrl, out.note);
  return await addReferences(queue, references, options, { out, words: queueText[context.locale], baseUrl });
}
