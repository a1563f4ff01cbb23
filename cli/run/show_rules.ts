import { isKeyless } from "../../hub/watch/mod.ts";
import type { WatchFind, WatchRound, WatchRule, WatchStore, WatchThing } from "../../hub/watch/mod.ts";
import { whyHint } from "../../hub/run/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Locale } from "../../transport/mod.ts";
import { watchText } from "../texts/watch.ts";
import type { Output } from "../terminal/output.ts";
import { localTime, printable } from "../terminal/text.ts";

/** How it is shown. */
interface Shown {
  readonly locale: Locale;
  /** The schedule of rules that have none. */
  readonly schedule: string;
}

/** What was found in one line: model, version, base model. */
export function thingName({ name, version, base }: WatchThing): string {
  return [name, version, ...(base === null ? [] : [base])].filter((word) => word !== "").join(" · ");
}

/** What was found, as lines of JSON have it: `id` names the find, `modelId` the model. */
export function thingFields({ id, file, ...thing }: WatchThing): object {
  return { ...thing, modelId: thing.versionId === null ? null : id, fileId: file };
}

/** How it stands with a rule, in a word. */
function stateOf(rule: WatchRule, locale: Locale): string {
  const { isPaused, failures, isReady, cursor, lastMs } = rule;
  const { states } = watchText[locale];
  if (isPaused) return states.paused;
  if (failures > 0) return isKeyless(rule) ? states.keyless : states.failing;
  if (lastMs === null) return states.first;
  return !isReady || cursor !== null ? states.behind : states.active;
}

const foundOf = (store: WatchStore, { id }: WatchRule): number => {
  const { known: _, ...others } = store.counts(id);
  return Object.values(others).reduce((sum, count) => sum + count, 0);
};

function nextOf({ isPaused, nextMs }: WatchRule, locale: Locale): string {
  if (isPaused) return "-";
  return nextMs <= Date.now() ? watchText[locale].due : localTime(nextMs);
}

/** What the last round of a rule failed of, what to do, when it was and when it is tried again; nothing where it did not. */
function failureRows(rule: WatchRule, locale: Locale): readonly (readonly [string, string])[] {
  const { why, lastMs, failures, isPaused } = rule;
  if (why === null) return [];
  const { facts, states, failed } = watchText[locale];
  const { title, action } = whyHint(why, locale);
  return [
    [facts.why, `${title} (${why.code})${why.message === undefined ? "" : `: ${why.message}`}`],
    [facts.advice, action],
    [facts.last, failed(lastMs === null ? "-" : localTime(lastMs), failures)],
    [facts.next, isPaused ? states.paused : nextOf(rule, locale)],
  ];
}

/** A rule as a line of JSON. */
function ruleEvent(store: WatchStore, rule: WatchRule, locale: Locale): object {
  const hint = rule.why === null ? null : whyHint(rule.why, locale).action;
  return { event: "rule", ...rule, hint, found: store.counts(rule.id) };
}

/** Every rule. */
export function showRules(store: WatchStore, { locale }: Pick<Shown, "locale">, out: Output): void {
  const words = watchText[locale];
  const rules = store.list();
  for (const rule of rules) if (out.isJson) out.emit(ruleEvent(store, rule, locale));
  if (out.isJson) return;
  if (rules.length === 0) return out.note(words.empty);
  out.table([
    words.heads(),
    ...rules.map((rule) => {
      const name = rule.name === rule.target ? rule.target : `${rule.target} (${rule.name})`;
      return [rule.id, printable(name), stateOf(rule, locale), nextOf(rule, locale), String(foundOf(store, rule))];
    }),
  ], { isWhole: true });
  for (const rule of rules.filter(({ why }) => why !== null)) {
    out.print(`\n${rule.id}  ${printable(rule.target)}\n`);
    out.facts(failureRows(rule, locale));
  }
}

/** What a rule is limited to, or where its files go: `base models SDXL 1.0; level r`. */
function namedWords(values: object, names: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => {
    const word = value === true ? "" : Array.isArray(value) ? value.join(", ") : String(value);
    return `${names[name] ?? name} ${word}`.trimEnd();
  });
}

function filterWords({ filters }: WatchRule, locale: Locale): string {
  const { minBytes, maxBytes, ...words } = filters;
  return [
    ...namedWords(words, watchText[locale].filters),
    ...(minBytes === undefined ? [] : [`≥ ${formatBytes(minBytes)}`]),
    ...(maxBytes === undefined ? [] : [`≤ ${formatBytes(maxBytes)}`]),
  ].join("; ");
}

/** One rule with its last rounds and finds. */
export function showRule(store: WatchStore, rule: WatchRule, context: Shown, out: Output): void {
  const { locale, schedule: usual } = context;
  const words = watchText[locale];
  const which = { rule: rule.id, limit: 10 };
  if (out.isJson) {
    out.emit(ruleEvent(store, rule, locale));
  } else {
    const { facts } = words;
    const schedule = rule.schedule ?? words.usually(usual);
    const places = namedWords(rule.options, words.places).join("; ");
    const rows: readonly (readonly [string, string])[] = [
      [facts.target, rule.target],
      [facts.name, rule.name],
      [facts.action, words.actions[rule.action]],
      [facts.filters, filterWords(rule, locale)],
      [facts.options, places],
      [facts.schedule, [schedule, ...(rule.timeZone === null ? [] : [rule.timeZone])].join(", ")],
      [facts.since, localTime(rule.sinceMs)],
      ...rule.why !== null ? failureRows(rule, locale) : [
        [facts.last, rule.lastMs === null ? words.never : localTime(rule.lastMs)],
        [facts.next, rule.isPaused ? words.states.paused : nextOf(rule, locale)],
      ] as const,
    ];
    out.facts(rows.filter(([, value]) => value !== ""));
  }
  const rounds = store.rounds(which);
  const finds = store.finds(which);
  const gap = () => out.isJson || out.print("\n");
  if (rounds.length > 0) gap();
  showRounds(store, rounds, context, out);
  if (finds.length > 0) gap();
  showFinds(store, finds, context, out);
}

function nameOf(store: WatchStore, id: string): string {
  return printable(store.get(id)?.target ?? id);
}

/** What was found. */
export function showFinds(
  store: WatchStore,
  finds: readonly WatchFind[],
  { locale }: Pick<Shown, "locale">,
  out: Output,
): void {
  const words = watchText[locale];
  for (const { thing, ...find } of finds) if (out.isJson) out.emit({ event: "found", ...find, ...thingFields(thing) });
  if (out.isJson) return;
  if (finds.length === 0) return out.note(words.noFinds);
  out.table([
    words.findHeads(),
    ...finds.map(({ id, atMs, state, thing, rule }) => [
      id,
      localTime(atMs),
      words.finds[state],
      printable(thingName(thing)),
      nameOf(store, rule),
    ]),
  ]);
}

/** Rounds. */
export function showRounds(
  store: WatchStore,
  rounds: readonly WatchRound[],
  { locale }: Pick<Shown, "locale">,
  out: Output,
): void {
  const words = watchText[locale];
  for (const round of rounds) out.emit({ event: "round", ...round });
  if (out.isJson || rounds.length === 0) return;
  out.table([
    words.roundHeads(),
    ...rounds.map(({ id, atMs, rule, found, why, isMore }) => [
      id,
      localTime(atMs),
      nameOf(store, rule),
      `${found}${isMore ? "+" : ""}`,
      why === null ? "" : whyHint(why, locale).title,
    ]),
  ]);
}
