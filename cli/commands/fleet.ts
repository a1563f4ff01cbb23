import { hostname } from "node:os";
import { jobStates } from "../../hub/queue/mod.ts";
import { formatBytes, formatSpeed, messageOf } from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { fetchFlags, hashFlags, outputFlags, siteFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { type Fleet, fleetLeaseMs, keepIn, openFleet, spoolOf, tidySpool } from "../run/open_fleet.ts";
import { queueRun } from "../run/queue_run.ts";
import { type Output, output } from "../terminal/output.ts";
import { formatDuration, printable } from "../terminal/text.ts";
import { fleetText } from "../texts/fleet.ts";
import { queueText } from "../texts/queue.ts";
import { bilingual } from "../texts/texts.ts";

const actions = ["worker", "status", "drain"] as const;

const flags = {
  once: {
    type: "switch",
    help: { en: "worker: end when the queue is empty", "zh-TW": "沒有事可做就結束，不繼續等" },
  },
  free: {
    type: "switch",
    help: {
      en: "worker: let go of files once the bucket has them",
      "zh-TW": "檔案放進儲存貯體之後，就不留在這台機器",
    },
  },
  jobs: fetchFlags.jobs,
  parallel: fetchFlags.parallel,
  limitRate: fetchFlags.limitRate,
  dryRun: fetchFlags.dryRun,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

interface Desk {
  readonly fleet: Fleet;
  readonly operands: readonly string[];
  readonly args: Args<typeof flags>;
  readonly context: CommandContext;
  readonly out: Output;
}

/** How often a worker looks whether it is to end, in milliseconds. */
const lookMs = 1000;
/** How long Redis is waited for at the end, in milliseconds. */
const partMs = 10_000;

async function work({ fleet, operands, args, context, out }: Desk): Promise<number> {
  if (operands.length > 0) throw new UsageError(`argument "${printable(operands[0]!)}": a worker takes none`);
  const words = fleetText[context.locale];
  const { queue, redis, prefix, store } = fleet;
  const { once, dryRun, free } = args.flags;
  if (free && store === undefined) throw new UsageError(bilingual(fleetText, ({ freeWhere }) => freeWhere));
  const spool = free ? spoolOf(context) : undefined;
  if (dryRun) {
    const { waiting } = await queue.counts();
    const would = { event: "would_join", redis, prefix, store: store?.place ?? null, waiting };
    out.show(would, `${words.wouldJoin(redis, prefix, waiting)}\n`);
    return ExitCode.ok;
  }
  await fleet.checkClock();
  // a bucket that cannot be written to is said before anything is downloaded
  await store?.check(true);
  if (spool !== undefined) await tidySpool(spool, queue);
  const worker = `${hostname()}-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  const joined = { event: "joined", worker, redis, prefix, store: store?.place ?? null };
  out.emit(joined, words.joined(worker, redis, prefix, store?.place));
  const { forgets } = await queue.engine();
  if (forgets !== null) out.note(words.forgetful(redis, words.forgets[forgets]));
  const ending = new AbortController();
  const timer = setInterval(async () => {
    if (!await queue.isDrained(worker).catch(() => false)) return;
    if (!ending.signal.aborted) out.note(words.drained);
    ending.abort();
  }, lookMs);
  try {
    return await queueRun(queue, { ...args, flags: { ...args.flags, watch: !once } }, context, out, {
      shared: fleet.stack,
      work: {
        ...{ worker, leaseMs: fleetLeaseMs },
        ...keepIn(store, {
          spool,
          tell(name, url, sentBytes) {
            out.emit({ event: "kept", name, url, sentBytes }, words.kept(name, url, formatBytes(sentBytes)));
          },
        }),
        onTrouble: (error) => out.note(words.trouble(printable(messageOf(error as Error)))),
      },
      end: ending.signal,
      onEnd: () => Deno.unrefTimer(setTimeout(fleet.cutOff, partMs)),
    });
  } finally {
    clearInterval(timer);
  }
}

async function status({ fleet, context, out }: Desk): Promise<number> {
  const words = fleetText[context.locale];
  const { states } = queueText[context.locale];
  const { queue, redis, prefix, store } = fleet;
  const [engine, workers, counts, { jobs }] = await Promise.all([
    queue.engine(),
    queue.workers(),
    queue.counts(),
    queue.list({ states: ["downloading"], limit: 1000 }),
  ]);
  const { version, usedBytes, maxBytes, forgets } = engine;
  const most = maxBytes === null ? undefined : formatBytes(maxBytes);
  out.show(
    { event: "engine", redis, prefix, store: store?.place ?? null, ...engine },
    `${
      words.engine(redis, version, formatBytes(usedBytes), most, forgets === null ? undefined : words.forgets[forgets])
    }\n`,
  );
  const nowMs = Date.now();
  for (const worker of workers) if (out.isJson) out.emit({ event: "worker", ...worker });
  if (workers.length === 0) out.note(words.noWorkers);
  else {
    out.table([
      words.head(),
      ...workers.map(({ id, machine, jobs, isAlive, isDraining, seenMs }) => [
        ...[printable(id), printable(machine)],
        isAlive ? isDraining ? words.draining : words.working : words.silent,
        ...[String(jobs), words.ago(formatDuration(Math.max(0, nowMs - seenMs)))],
      ]),
    ]);
  }
  const bytesPerSecond = jobs.reduce((sum, job) => sum + job.bytesPerSecond, 0);
  const shown = jobStates.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${states[state]}`);
  return out.finish(
    { counts, workers: workers.length, bytesPerSecond },
    `${words.counts(shown, formatSpeed(bytesPerSecond))}\n`,
  );
}

async function drain({ fleet: { queue }, operands, args, context, out }: Desk): Promise<number> {
  const words = fleetText[context.locale];
  if (operands.length === 0) throw new UsageError(words.whoDue);
  const workers = await queue.workers();
  const meant = new Set<string>();
  for (const who of operands) {
    const found = workers.filter(({ id, machine }) => who === "all" || who === id || who === machine);
    if (found.length === 0 && who !== "all") {
      const error = new InputError(words.noSuch(printable(who)), { code: "invalid_argument", input: who });
      out.fail(error, printable(who));
    }
    for (const { id } of found) meant.add(id);
  }
  const isDry = args.flags.dryRun;
  if (!isDry) await queue.drain([...meant]);
  for (const worker of meant) {
    const text = isDry ? words.wouldDrain(printable(worker)) : words.willDrain(printable(worker));
    out.emit({ event: isDry ? "would_drain" : "draining", worker }, text);
  }
  return out.finish({ workers: meant.size }, `${words.drains(meant.size)}\n`);
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const [word, ...operands] = args.operands;
  const action = readAction(word, actions);
  using out = output(context, args.flags);
  await using fleet = await openFleet(context, out.note);
  const desk: Desk = { fleet, operands, args, context, out };
  if (action === "worker") return await work(desk);
  return action === "status" ? await status(desk) : await drain(desk);
}

/** `civikit fleet`: several machines that work off one queue. */
export const fleetCommand: Command = {
  usage: "fleet [<action>] [<who>...] [options]",
  flags,
  actions,
  usualAction: "status",
  help: bilingual(fleetText, ({ help }) => help),
  run,
};
