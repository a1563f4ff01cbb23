import { systemClock, within } from "../../transport/internal.ts";
import type { Clock, Transport } from "../../transport/mod.ts";
import type { PublishedFile } from "../run/mod.ts";
import type { Failure, News } from "./news.ts";
import type { Outbox } from "./outbox.ts";
import type { Target } from "./target.ts";
import { type TargetLine, targetLine, type TargetState } from "./target_line.ts";

/** Options of {@linkcode tellTargets}. */
export interface TellTargetsOptions {
  /** Who is to be told; asked anew for all that happens. */
  readonly targets: () => readonly Target[];
  /** What asks. It need not retry. */
  readonly transport: Transport;
  /** Hears when one was told, or could not be. Default: nobody does. */
  readonly onTold?: ((state: TargetState) => void) | undefined;
  /** Opens where it is kept what was not told yet, once there is something. Default: in memory, and lost with the process. */
  readonly outbox?: (() => Outbox) | undefined;
  /** Hears that the outbox cannot be opened, read or written; what is in memory is told all the same. Default: nobody does. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  /** How long it must be quiet before they are told, in milliseconds. Default 2000. */
  readonly quietMs?: number | undefined;
  /** How long the first of many files waits at most, in milliseconds. Default 15000. */
  readonly mostMs?: number | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** A number in [0, 1). */
  readonly random?: (() => number) | undefined;
}

/** Tells programs of new files, and of failures. */
export interface TargetTeller {
  /** A file is there. Never throws, never waits. */
  published(file: PublishedFile): void;
  /** Something went wrong. Never throws, never waits. */
  failed(failure: Failure): void;
  /** Tells what processes that have ended could not. Without it that is told with the next news. */
  resume(): void;
  /** How it stands with each program that is to be told. */
  list(): TargetState[];
  /**
   * Tells what is not told yet, once, and ends.
   *
   * @param lastMs How long that may take, in milliseconds. Default 2000.
   */
  close(lastMs?: number): Promise<void>;
}

const startOver = new Error("the work is ending");

/** An outbox that holds up nothing: where it fails, what is to be told is in memory alone. */
function forgiving(open: (() => Outbox) | undefined, onTrouble: (error: unknown) => void): Outbox {
  let opened: Outbox | undefined;
  function tried<T>(work: (outbox: Outbox) => T, otherwise: T): T {
    try {
      return open === undefined ? otherwise : work(opened ??= open());
    } catch (error) {
      onTrouble(error);
      return otherwise;
    }
  }
  return {
    keep: (target, news) => tried((outbox) => outbox.keep(target, news), undefined),
    take: (target) => tried((outbox) => outbox.take(target), []),
    drop: (target, news) => tried((outbox) => outbox.drop(target, news), undefined),
    [Symbol.dispose]: () => opened?.[Symbol.dispose](),
  };
}

/**
 * Tells programs of files as they come, and webhooks of failures, too: many that end together are told together, each
 * program on its own, what fails again after pauses that grow up to ten minutes. Nothing it does holds up whoever
 * publishes. With an outbox everything is told at least once, also when the process is killed before.
 *
 * @param options See {@linkcode TellTargetsOptions}.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { tellTargets } from "@civikit/civikit/hub";
 *
 * const asked: string[] = [];
 * const transport = { fetch: ({ url }: Request) => Promise.resolve(new Response(asked.push(url) ? null : "")) };
 * const targets = () => [{ kind: "forge", url: "http://127.0.0.1:7860" } as const];
 * const teller = tellTargets({ targets, transport });
 * teller.published({ path: "/models/Lora/lantern.safetensors", role: "lora" });
 * await teller.close();
 * console.log(asked); // [ "http://127.0.0.1:7860/sdapi/v1/refresh-loras" ]
 * ```
 */
export function tellTargets({
  targets,
  transport,
  onTold = () => {},
  outbox: open,
  onTrouble = () => {},
  quietMs = 2000,
  mostMs = 15_000,
  clock = systemClock,
  random = Math.random,
}: TellTargetsOptions): TargetTeller {
  within("quietMs", quietMs, 0, 600_000);
  within("mostMs", mostMs, 0, 600_000);
  const lines = new Map<string, TargetLine>();
  const last = new AbortController();
  let isClosing = false;
  const outbox = forgiving(open, onTrouble);
  const options = {
    ...{ transport, onTold, quietMs, mostMs, clock, random },
    ...{ outbox, isClosing: () => isClosing, signal: last.signal },
  };

  function lineOf(target: Target): TargetLine {
    const key = `${target.kind} ${target.url}`;
    const isWanted = () => targets().some(({ kind, url }) => kind === target.kind && url === target.url);
    const known = lines.get(key) ?? targetLine(target, { ...options, isWanted });
    lines.set(key, known);
    return known;
  }

  function add(news: News): void {
    if (isClosing) return;
    for (const target of targets()) lineOf(target).add(news);
  }

  return {
    published: add,
    failed: add,
    resume() {
      for (const target of targets()) lineOf(target).resume();
    },
    list: () => targets().map((target) => lineOf(target).state()),
    async close(lastMs = 2000) {
      isClosing = true;
      const cancel = clock.after(lastMs, () => last.abort(startOver));
      await Promise.all([...lines.values()].map((line) => line.end()));
      cancel();
      outbox[Symbol.dispose]();
    },
  };
}
