import type {
  NewWatchRule,
  WatchAction,
  WatchFilters,
  WatchOptions,
  WatchRule,
  WatchStore,
} from "../../hub/watch/mod.ts";
import { InputError } from "../../transport/mod.ts";
import type { CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import type { Args } from "../options/args.ts";
import type { siteFlags } from "../options/shared_flags.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { watchText } from "../texts/watch.ts";
import { watchRun } from "./watch_run.ts";

/** What rules are added and changed with. */
export interface RulesDesk {
  /** Where they are. */
  readonly store: WatchStore;
  /** Whether it is only said what would change. */
  readonly isDry: boolean;
  /** How the site is asked. */
  readonly args: Pick<Args<typeof siteFlags>, "flags">;
  /** Settings and language. */
  readonly context: CommandContext;
  /** What is said goes here. */
  readonly out: Output;
}

/** What of a rule was given; undefined where nothing was. */
export interface RuleGiven {
  /** What it lets through, as far as it was given. */
  readonly filters: WatchFilters;
  /** Where files go, as far as it was given. */
  readonly options: WatchOptions;
  /** What becomes of what is found. */
  readonly action: WatchAction | undefined;
  /** When its rounds are; empty: as the setting says. */
  readonly schedule: string | undefined;
  /** The zone of its clock; empty: that of this machine. */
  readonly timeZone: string | undefined;
}

/** A rule as it would be: in a store of its own that nobody sees. */
async function wouldAdd(wanted: NewWatchRule, { args, context, out }: RulesDesk): Promise<number> {
  const { watchStore } = await import("../../hub/watch/mod.ts");
  const { value } = context.settings;
  using store = watchStore(":memory:", { site: { baseUrl: value("baseUrl"), trustedHosts: value("trustedHosts") } });
  const { rule } = store.add(wanted);
  out.emit({ event: "would_add", ...rule }, watchText[context.locale].wouldAdd(printable(rule.target)));
  return await watchRun(store, { ids: [rule.id], isDry: true }, args, context, out);
}

/** Adds a rule for each target. Returns the exit code. */
export async function addRules(
  targets: readonly string[],
  shared: Omit<NewWatchRule, "target">,
  desk: RulesDesk,
): Promise<number> {
  const { store, isDry, context, out } = desk;
  const words = watchText[context.locale];
  let fresh = 0;
  let known = 0;
  for (const target of targets) {
    try {
      if (isDry) {
        const code = await wouldAdd({ target, ...shared }, desk);
        if (code !== ExitCode.ok) return code;
        continue;
      }
      const { rule, isNew } = store.add({ target, ...shared });
      if (isNew) fresh++;
      else known++;
      out.emit({ event: "added", isNew, ...rule }, words.added(rule.id, printable(rule.target), isNew));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      out.fail(error, printable(target));
    }
  }
  return isDry ? ExitCode.ok : out.finish({ added: fresh, known }, `${words.addedMany(fresh, known)}\n`);
}

function missing(id: string, { context }: RulesDesk): InputError {
  const message = watchText[context.locale].noRule(printable(id));
  return new InputError(message, { code: "invalid_argument", input: id });
}

/**
 * The rule with this id.
 *
 * @throws {InputError} `invalid_argument`: there is none.
 */
export function findRule(id: string, desk: RulesDesk): WatchRule {
  const rule = desk.store.get(id);
  if (rule === undefined) throw missing(id, desk);
  return rule;
}

/** Changes of a rule what was given. Returns the exit code. */
export function editRule(rule: WatchRule, given: RuleGiven, { store, isDry, context, out }: RulesDesk): number {
  const words = watchText[context.locale];
  const { filters, options, action, schedule, timeZone } = given;
  const { dir: _, root: __, layout: ___, ...kept } = rule.options;
  const before = "dir" in options || "root" in options || "layout" in options ? kept : rule.options;
  const change = {
    action,
    ...(Object.keys(filters).length > 0 && { filters: { ...rule.filters, ...filters } }),
    ...(Object.keys(options).length > 0 && { options: { ...before, ...options } }),
    ...(schedule !== undefined && { schedule: schedule || null }),
    ...(timeZone !== undefined && { timeZone: timeZone || null }),
  };
  if (isDry) {
    out.emit({ event: "would_edit", ...rule, ...change }, words.changed(1, "edit", true));
    return ExitCode.ok;
  }
  const edited = store.edit(rule.id, change)!;
  out.emit({ event: "edited", ...edited });
  return out.finish({ action: "edit", changed: 1 }, `${words.changed(1, "edit", false)}\n`);
}

/** Pauses, resumes or removes the rules with these ids, `all` for every one. Returns the exit code. */
export function changeRules(
  action: "pause" | "resume" | "remove",
  named: readonly string[],
  desk: RulesDesk,
): number {
  const { store, isDry, context, out } = desk;
  const words = watchText[context.locale];
  const ids = named.length === 1 && named[0] === "all" ? store.list().map(({ id }) => id) : named;
  let changed = 0;
  for (const id of ids) {
    const rule = isDry ? store.get(id) : action === "remove" ? store.remove(id) : store.pause(id, action === "pause");
    if (rule === undefined) out.fail(missing(id, desk), printable(id));
    else {
      changed++;
      out.emit({ event: isDry ? `would_${action}` : action, ...rule });
    }
  }
  return out.finish({ action, changed }, `${words.changed(changed, action, isDry)}\n`);
}
