import type { Civitai } from "../../api/mod.ts";
import type { JobQueue } from "../../hub/queue/mod.ts";
import {
  isKeyless,
  runWatch,
  wakeRules,
  type WatchEvent,
  type WatchPort,
  type WatchSettings,
  type WatchStore,
} from "../../hub/watch/mod.ts";
import { sleep, systemClock } from "../../transport/internal.ts";

/** What the rules of a service are run with. */
export interface ServiceRulesOptions {
  /** The rules. */
  readonly store: WatchStore;
  /** Whom to ask. */
  readonly api: Civitai;
  /** Where what is found goes. */
  readonly queue: JobQueue;
  /** How rounds go, as the settings say now. */
  settings(): WatchSettings;
  /** Which of these versions are there already. */
  have(versions: readonly number[]): ReadonlySet<number>;
  /** Hears what happens to the rules. */
  onEvent(event: WatchEvent): void;
  /** Told that a rule changed, or what a round of it came to. */
  publish(rule: string, found: number, code: string | null): void;
  /** Told of a rule that the site refuses the key for, once when that begins. */
  keyless(target: string): void;
  /** Told what went wrong without a rule at fault. */
  tell(error: unknown): void;
}

/** The rules of a service. */
export interface ServiceRules {
  /** What its pages know of them. */
  readonly port: WatchPort;
  /** Runs them when they are due, until `signal` aborts or `stop()` is called. */
  start(signal: AbortSignal): void;
  /** Lets rules go on at once that wait for another key. */
  wake(): void;
  /** Ends every round; done once they have ended. */
  stop(): Promise<void>;
}

/** How long rules rest after their file could not be read, in milliseconds. */
const restMs = 60_000;

/** The rules of a service: run when they are due, and single ones when someone asks. */
export function serviceRules(
  { store, api, queue, settings, have, onEvent: hear, publish, keyless, tell }: ServiceRulesOptions,
): ServiceRules {
  const ending = new AbortController();
  const { signal } = ending;
  /** What has begun and is not over. */
  const runs = new Set<Promise<unknown>>();

  function onEvent(event: WatchEvent): void {
    hear(event);
    if (event.type !== "round" && event.type !== "failed") return;
    const { round: { rule, found, why } } = event;
    if (event.type === "failed" && event.rule.failures === 1 && isKeyless(event.rule)) keyless(event.rule.target);
    publish(rule, found, why?.code ?? null);
  }

  const run = (ids?: readonly string[]) =>
    runWatch({
      ...{ store, api, queue, ids, settings, have, onEvent, signal, isWatching: ids === undefined },
      worker: `watch-serve-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`,
      onTrouble: tell,
    });

  function keep(work: Promise<unknown>): void {
    const kept: Promise<unknown> = work.finally(() => runs.delete(kept));
    runs.add(kept);
  }

  /** What goes wrong with the file of the rules is told, and it is tried again later. */
  async function keepRunning(): Promise<void> {
    while (!signal.aborted) {
      try {
        await run();
      } catch (error) {
        tell(error);
        await sleep(systemClock, restMs, signal).catch(() => {});
      }
    }
  }

  return {
    port: {
      ...{ store, settings },
      changed: (rule) => publish(rule, 0, null),
      runNow: (id) => keep(run([id]).catch(tell)),
    },
    start(stopping) {
      stopping.addEventListener("abort", () => ending.abort(), { once: true });
      keep(keepRunning());
    },
    wake() {
      try {
        wakeRules(store);
      } catch (error) {
        tell(error);
      }
    },
    async stop() {
      ending.abort();
      await Promise.all(runs);
    },
  };
}
