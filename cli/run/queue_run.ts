import { resolve } from "node:path";
import type { Job, JobQueue, JobReason } from "../../hub/queue/mod.ts";
import type { StackOptions } from "../../hub/run/mod.ts";
import { runQueue, type RunQueueOptions } from "../../hub/worker/mod.ts";
import { CivikitError } from "../../transport/mod.ts";
import type { CommandContext } from "../command.ts";
import { downloadPlace } from "../options/download_place.ts";
import type { Args } from "../options/args.ts";
import type { hashFlags, siteFlags } from "../options/shared_flags.ts";
import { ExitCode } from "../exit_code.ts";
import type { Output } from "../terminal/output.ts";
import { formatDuration, printable } from "../terminal/text.ts";
import { whyOf } from "../terminal/why_of.ts";
import { queueText } from "../texts/queue.ts";
import { commandTeller } from "./command_teller.ts";
import { downloadSettings } from "./download_settings.ts";
import { openHashes } from "./hash_store.ts";
import { secondSource } from "./second_source.ts";
import { openSession } from "./session.ts";

/** The options it goes by. */
type RunArgs = Pick<Args<typeof siteFlags & typeof hashFlags>, "flags"> & {
  readonly flags: {
    readonly jobs: number;
    readonly watch: boolean;
  };
};

/** What a run shares with other machines. */
export interface SharedRun {
  /** What of the stack. */
  readonly shared?: Pick<StackOptions, "layers" | "share"> | undefined;
  /** How it works besides. */
  readonly work?: Partial<Pick<RunQueueOptions, "worker" | "leaseMs" | "keep" | "letGo" | "onTrouble">> | undefined;
  /** Ends it, as Ctrl-C does. */
  readonly end?: AbortSignal | undefined;
  /** Told when it is to end. */
  readonly onEnd?: (() => void) | undefined;
}

/** Works the queue off, with the settings of this run, and says what became of each job. Returns the exit code. */
export async function queueRun(
  queue: JobQueue,
  args: RunArgs,
  context: CommandContext,
  out: Output,
  { shared, work: more = {}, end, onEnd }: SharedRun = {},
): Promise<number> {
  const { flags } = args;
  const { locale, settings } = context;
  const words = queueText[locale];
  const { note } = out;
  using session = await openSession(args, context, { note, close: out.close, shared });
  const signal = end === undefined ? session.signal : AbortSignal.any([session.signal, end]);
  if (onEnd !== undefined) signal.addEventListener("abort", onEnd, { once: true });
  using cache = openHashes(args, context, note);
  await using teller = await commandTeller(context, note);
  const { dir, layout, folders } = downloadPlace(settings);
  const work = {
    root: resolve(dir),
    ...{ layout, folders },
    sidecars: settings.value("download.sidecars"),
    verify: settings.value("download.verify"),
    concurrent: flags.jobs,
    download: downloadSettings(settings),
    secondSource: secondSource(settings, session.transport),
  };

  function tell(job: Job): void {
    const { id, state, name, path, why } = job;
    const shown = printable(path ?? name);
    if (state === "failed") {
      const { code } = job;
      const error = new CivikitError(why?.message ?? shown, { code: code!, reason: why?.reason });
      return out.fail(error, `${id} ${printable(name)}`, { event: "failed", ...job });
    }
    const reason = whyOf(job, words, Date.now());
    // what happened, beside its name: the file, the bucket, the status
    const message = why?.message === undefined ? [] : [printable(why.message)];
    const said = [reason, ...message].filter(Boolean).map((part) => `  ${part}`).join("");
    out.emit({ event: state, ...job }, `${id}  ${words.states[state]}  ${shown}${said}`);
  }

  function tellRest(forMs: number, why: JobReason): void {
    const text = words.resting(formatDuration(forMs), printable(why.message ?? why.code));
    out.emit({ event: "resting", forMs, code: why.code, message: why.message ?? null }, text);
  }

  const { done, failed } = await runQueue({
    queue,
    transport: session.transport,
    site: session.api,
    settings: () => work,
    ...more,
    signal,
    track: session.track,
    published: teller.published,
    cache,
    isWatching: flags.watch,
    onJob(job) {
      tell(job);
      teller.onJob(job);
    },
    onRest: tellRest,
  });
  const { waiting, paused } = await queue.counts();
  const left = waiting + paused;
  const text = [words.ran(done, failed), ...(left > 0 ? [words.left(left)] : [])].join(", ");
  const code = out.finish({ done, failed, left }, `${text}\n`);
  return session.signal.aborted && !flags.watch ? ExitCode.interrupted : code;
}
