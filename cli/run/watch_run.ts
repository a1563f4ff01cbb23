import { civitai } from "../../api/mod.ts";
import {
  askAnew,
  isKeyless,
  runWatch,
  wakeRules,
  type WatchEvent,
  watchPreview,
  type WatchRule,
  type WatchStore,
} from "../../hub/watch/mod.ts";
import { CivikitError, compose, isCode } from "../../transport/mod.ts";
import type { CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { siteFlags } from "../options/shared_flags.ts";
import type { Output } from "../terminal/output.ts";
import { localTime, printable } from "../terminal/text.ts";
import { onNewKey } from "./on_new_key.ts";
import { type Keys, loadKeys } from "../settings/keys.ts";
import { thingFields, thingName } from "./show_rules.ts";
import { watchText } from "../texts/watch.ts";
import { commandTeller } from "./command_teller.ts";
import { openQueue } from "./queue_file.ts";
import { openSession, type Session } from "./session.ts";
import { watchSettings } from "./watch_file.ts";

/** How rules are run. */
export interface WatchRunOptions {
  /** These, whenever they are due. Default: those that are due. */
  readonly ids?: readonly string[] | undefined;
  /** Whether it is only looked what would be found. */
  readonly isDry: boolean;
  /** Whether it is waited for what is due later. Default: no. */
  readonly isWatching?: boolean;
}

/** Says of each rule what a round would find; nothing is kept. */
async function preview(
  store: WatchStore,
  rules: readonly WatchRule[],
  { api, signal }: Pick<Session, "api" | "signal">,
  { locale }: CommandContext,
  out: Output,
): Promise<number> {
  const words = watchText[locale];
  let found = 0;
  for (const rule of rules) {
    if (signal.aborted) break;
    try {
      const { finds, skipped, isMore } = await watchPreview(store, api, rule, { signal });
      for (const { key, thing, isHeld, dueMs } of finds) {
        found++;
        const event = { event: "would_find", rule: rule.id, key, ...thingFields(thing), isHeld, dueMs };
        out.emit(event, words.would(printable(thingName(thing)), thing.url));
      }
      if (finds.length === 0 && !rule.isReady) {
        out.emit({ event: "first", rule: rule.id, target: rule.target }, words.wouldFirst(printable(rule.target)));
      }
      if (skipped > 0) out.emit({ event: "skipped", rule: rule.id, count: skipped }, words.skipped(skipped));
      if (isMore) out.emit({ event: "more", rule: rule.id, target: rule.target }, words.more(printable(rule.target)));
    } catch (error) {
      if (signal.aborted || !(error instanceof CivikitError)) throw error;
      out.fail(error, printable(rule.target), { event: "failed", rule: rule.id, target: rule.target });
    }
  }
  return out.finish({ found, dryRun: true }, `${words.wouldDone(found)}\n`);
}

/** Runs rules with the settings of this run, and says what was found. Returns the exit code. */
export async function watchRun(
  store: WatchStore,
  { ids, isDry, isWatching = false }: WatchRunOptions,
  args: Pick<Args<typeof siteFlags>, "flags">,
  context: CommandContext,
  out: Output,
): Promise<number> {
  const { locale, settings } = context;
  const words = watchText[locale];
  // whoever waits takes the key that is there when it asks
  const keys: Keys | undefined = isWatching && !args.flags.askKey
    ? { find: (host) => loadKeys(context.io.env).find(host) }
    : undefined;
  using session = await openSession(args, context, { ...(keys && { keys }), note: out.note, close: out.close });
  const { signal, api: { baseUrl, trustedHosts } } = session;
  const api = civitai(compose(session.transport, askAnew), { baseUrl, trustedHosts });
  if (isDry) {
    const due = store.list().filter(({ id, isPaused, nextMs }) =>
      ids === undefined ? !isPaused && nextMs <= Date.now() : ids.includes(id)
    );
    return await preview(store, due, { api, signal }, context, out);
  }

  function tell(event: WatchEvent): void {
    switch (event.type) {
      case "found": {
        const { thing, ...find } = event.find;
        const text = words.found(words.finds[find.state], printable(thingName(thing)), thing.url);
        return out.emit({ event: "found", ...find, ...thingFields(thing) }, find.state === "known" ? undefined : text);
      }
      case "queued": {
        const { thing, ...find } = event.find;
        return out.emit({ event: "queued", ...find, ...thingFields(thing), isNew: event.isNew });
      }
      case "round": {
        const { rule, round } = event;
        const { isReady } = rule;
        const isBehind = round.isMore || !isReady;
        return out.emit(
          { event: "round", target: rule.target, nextMs: rule.nextMs, ...round },
          isBehind && round.isMore ? words.more(printable(rule.target)) : undefined,
        );
      }
      case "failed": {
        const { rule, error } = event;
        const target = printable(rule.target);
        const { id, failures, nextMs } = rule;
        out.fail(error, target, { event: "failed", rule: id, target: rule.target, failures, nextMs });
        const text = isCode(error, "not_found")
          ? words.gone(target)
          : isKeyless(rule)
          ? words.keyless(target)
          : words.again(target, localTime(nextMs));
        return out.isJson ? undefined : out.note(text);
      }
      case "busy":
        return out.emit({ event: "busy", rule: event.id }, words.busy(event.id));
    }
  }

  const refused = new Set<string>();
  const wrong = (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    if (!refused.has(text)) out.note(`warning: ${printable(text)}`);
    refused.add(text);
  };
  await using queue = await openQueue(context, settings.value("baseUrl"), out.note);
  await using teller = await commandTeller(context, out.note);
  if (isWatching && !out.isJson) out.note(words.waiting);
  using _waking = keys && onNewKey(() => keys.find(new URL(baseUrl).host)?.key, () => {
    try {
      wakeRules(store);
    } catch (error) {
      wrong(error);
    }
  });
  const work = await runWatch({
    ...{ store, api, queue, signal, ids, isWatching },
    onEvent(event) {
      tell(event);
      teller.onWatch(event);
    },
    // whoever types the command wants it done, whatever the service may do
    settings: () => ({ ...watchSettings(settings, wrong), isEnabled: true }),
  });
  const { rounds, found, queued, failed } = work;
  const code = out.finish(work, `${words.done(rounds, found, queued, failed)}\n`);
  return signal.aborted && !isWatching ? ExitCode.interrupted : code;
}
