import type { Civitai } from "../../api/mod.ts";
import { systemClock, wholeWithin } from "../../transport/internal.ts";
import { type Clock, HttpError, InputError } from "../../transport/mod.ts";
import type { JobQueue } from "../queue/mod.ts";
import { reasonOf } from "../worker/judge.ts";
import { judgePage } from "./judge_page.ts";
import { lookAt, orderOf } from "./look_at.ts";
import { afterFailure, nextRound } from "./next_round.ts";
import type { WatchFind, WatchRound, WatchRule } from "./rule.ts";
import { toQueue } from "./to_queue.ts";
import { type WatchSchedule, watchSchedule } from "./watch_schedule.ts";
import type { KeptRound, WatchStore } from "./store.ts";
import { readWatchTarget } from "./watch_target.ts";

/** What happened, for whoever tells people. */
export type WatchEvent =
  /** Something new: it goes to the queue, is only told of, is held until it is public, or was known. */
  | { readonly type: "found"; readonly find: WatchFind; readonly rule: WatchRule | undefined }
  /** It went to the queue. */
  | { readonly type: "queued"; readonly find: WatchFind; readonly isNew: boolean }
  /** A round ended. */
  | { readonly type: "round"; readonly rule: WatchRule; readonly round: WatchRound }
  /** A round failed; the rule is tried again at its `nextMs`. */
  | { readonly type: "failed"; readonly rule: WatchRule; readonly round: WatchRound; readonly error: unknown }
  /** Another process has its hands on this rule. */
  | { readonly type: "busy"; readonly id: string };

/** What may change while it runs. */
export interface WatchSettings {
  /** Whether rules are run. */
  readonly isEnabled: boolean;
  /** The schedule of rules that have none. */
  readonly schedule: string;
  /** How much later than due a round may begin, in milliseconds. */
  readonly jitterMs: number;
  /** Pages a rule may ask for in one round, 1 to 20. */
  readonly pages: number;
}

/** Options of {@linkcode runWatch}. */
export interface RunWatchOptions {
  /** The rules. */
  readonly store: WatchStore;
  /** Whom to ask; its stack limits, retries and caches. */
  readonly api: Civitai;
  /** Where what is new goes. */
  readonly queue: Pick<JobQueue, "add" | "queued">;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** The settings, as they are at the time. */
  readonly settings: () => WatchSettings;
  /** Whether it waits for what is due later. Default: it ends when nothing is. */
  readonly isWatching?: boolean | undefined;
  /** Runs these rules once, whenever they are due, paused ones too, and ends. Default: those that are due. */
  readonly ids?: readonly string[] | undefined;
  /** Which of these versions lie in the model folders. Default: nobody knows of any. */
  readonly have?: ((versions: readonly number[]) => ReadonlySet<number>) | undefined;
  /** What it calls itself. Default: made of the process. */
  readonly worker?: string | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** Numbers in [0, 1). Default: chance. */
  readonly random?: (() => number) | undefined;
  /** Hears what happens. Default: nobody does. */
  readonly onEvent?: ((event: WatchEvent) => void) | undefined;
  /** Hears what went wrong beside the rules: a queue that cannot be written. Default: it is thrown. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

/** What a run came to. */
export interface WatchWork {
  /** Rounds that went well. */
  readonly rounds: number;
  /** What was new. */
  readonly found: number;
  /** What of that went to the queue. */
  readonly queued: number;
  /** Rounds that failed. */
  readonly failed: number;
}

/** When a rule is due; a schedule or a zone that this machine does not know, of a file from elsewhere, is a day. */
function scheduleOf({ schedule, timeZone }: WatchRule, usual: string): WatchSchedule {
  try {
    return watchSchedule(schedule ?? usual, timeZone ?? undefined);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return watchSchedule("daily");
  }
}

const leaseMs = 60_000;
const renewMs = 20_000;
/** How soon it is noticed that a rule was added or changed, or that the machine slept, in milliseconds. */
const noticeMs = 1000;

/**
 * Runs the rules whose round is due, one after the other, each for one page of the site. A round is kept whole or not at
 * all; what it found goes to the queue by names that say the same job again, so that nothing is lost and nothing fetched
 * twice, whenever the process is killed. A rule that fails is tried again later and holds up no other. Rounds that were
 * missed while nothing ran are run once. Several processes may run the rules of one file: each rule is one's at a time.
 *
 * @param options See {@linkcode RunWatchOptions}.
 * @returns What was done, once nothing is due, or `signal` aborts.
 * @throws {DiskError} When the rules cannot be read, or without `onTrouble` the queue cannot be written.
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 * import { runWatch, sqliteQueue, watchStore } from "@civikit/civikit/hub";
 * import { embeddedCivitai } from "@civikit/civikit/testing";
 *
 * using store = watchStore(":memory:");
 * await using queue = sqliteQueue(":memory:");
 * store.add({ target: "creator:lamplighter", backlog: 2 });
 * const settings = { isEnabled: true, schedule: "daily", jitterMs: 0, pages: 1 };
 * const done = await runWatch({
 *   store,
 *   queue,
 *   api: civitai(embeddedCivitai()),
 *   signal: new AbortController().signal,
 *   settings: () => settings,
 * });
 * console.log(done.rounds, done.queued); // 1 2
 * ```
 */
export async function runWatch(options: RunWatchOptions): Promise<WatchWork> {
  const { store, api, queue, signal, settings, isWatching = false, ids, have } = options;
  const { clock = systemClock, random = Math.random, onEvent = () => {}, onTrouble } = options;
  const { worker = `watch-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}` } = options;
  const work = { rounds: 0, found: 0, queued: 0, failed: 0 };

  function tell({ rule, finds, round }: KeptRound): void {
    for (const find of finds) onEvent({ type: "found", find, rule });
    onEvent({ type: "round", rule, round });
    work.found += finds.filter(({ state }) => state !== "known").length;
  }

  async function deliver(): Promise<void> {
    for (const find of store.releaseHeld()) {
      work.found++;
      onEvent({ type: "found", find, rule: store.get(find.rule) });
    }
    try {
      for await (const { find, isNew } of toQueue(store, queue)) {
        work.queued++;
        onEvent({ type: "queued", find, isNew });
      }
    } catch (error) {
      if (onTrouble === undefined) throw error;
      onTrouble(error);
    }
  }

  const timing = (rule: WatchRule) => {
    const { schedule, jitterMs } = settings();
    return {
      schedule: scheduleOf(rule, schedule),
      ...{ jitterMs, nowMs: clock.date(), random: random() },
    };
  };

  /** One page, kept. @returns Whether there is another one for this round. */
  async function page(rule: WatchRule, isLast: boolean): Promise<KeptRound | undefined> {
    const target = readWatchTarget(rule.target, api);
    const order = orderOf(target);
    const found = await lookAt(api, target, rule, signal);
    const judged = judgePage(rule, found, {
      ...{ order, baseUrl: api.baseUrl, nowMs: clock.date() },
      isSeen: (key) => store.isSeen(rule.id, key),
      isHeld: (key) => store.isHeld(rule.id, key),
    });
    const versions = judged.finds.map(({ thing }) => thing.versionId).filter((id) => id !== null);
    const there = have?.(versions);
    const isBehind = !judged.rule.isReady || (judged.isMore && order === "newest");
    return store.keep(worker, rule.id, {
      ...{ judged, nextMs: nextRound(timing(rule), isBehind), goesOn: judged.isMore && !isLast },
      isThere: (key) => there?.has(Number(key.slice(key.indexOf(":") + 1))) ?? false,
    });
  }

  async function round(claimed: WatchRule): Promise<void> {
    let rule = claimed;
    const stop = renewing();
    try {
      const { pages } = settings();
      wholeWithin("pages", pages, 1, 20);
      for (let number = 1; number <= pages; number++) {
        const kept = await page(rule, number === pages);
        if (kept === undefined) return; // another process has it by now: what it finds it keeps
        if (number === 1) work.rounds++;
        tell(kept);
        if (kept.rule.worker === null) return;
        rule = kept.rule;
      }
    } catch (error) {
      if (signal.aborted) return store.release(worker, rule.id);
      const restart = error instanceof HttpError && error.status === 400 && rule.cursor !== null;
      const kept = store.fail(
        worker,
        rule.id,
        reasonOf(error),
        afterFailure(error, rule.failures + 1, timing(rule)),
        restart,
      );
      if (kept === undefined) return;
      work.failed++;
      onEvent({ type: "failed", rule: kept.rule, round: kept.round, error });
    } finally {
      stop();
    }
  }

  function renewing(): () => void {
    let cancel = clock.after(renewMs, renew);
    function renew(): void {
      cancel = clock.after(renewMs, renew);
      try {
        store.renew(worker, leaseMs);
      } catch {
        // told where the round is kept
      }
    }
    return () => cancel();
  }

  async function pause(): Promise<void> {
    const version = store.version();
    const untilMs = store.nextMs() ?? Infinity;
    const isEnabled = settings().isEnabled;
    while (!signal.aborted && store.version() === version && settings().isEnabled === isEnabled) {
      if (isEnabled && clock.date() >= untilMs) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const cancel = clock.after(Math.max(1, Math.min(noticeMs, untilMs - clock.date())), done);
        signal.addEventListener("abort", done, { once: true });
      });
    }
  }

  if (ids !== undefined) {
    for (const id of ids) {
      if (signal.aborted) break;
      const [rule] = store.claim(worker, leaseMs, 1, [id]);
      if (rule === undefined) onEvent({ type: "busy", id });
      else await round(rule);
    }
    await deliver();
    return work;
  }
  while (!signal.aborted) {
    await deliver();
    const [rule] = settings().isEnabled ? store.claim(worker, leaseMs, 1) : [];
    if (rule !== undefined) await round(rule);
    else if (isWatching) await pause();
    else break;
  }
  return work;
}
