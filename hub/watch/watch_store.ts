import type { Site } from "../../api/client/site.ts";
import { openSqlite, systemClock, wholeWithin, within } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import { workerMarks } from "../queue/worker_marks.ts";
import { checkedRule } from "./check_rule.ts";
import { keepFind } from "./keep_find.ts";
import type { NewFind } from "./judge_page.ts";
import type { FindState, WatchFind, WatchRound, WatchRule } from "./rule.ts";
import type { ListWatched, WatchStore } from "./store.ts";
import {
  applicationId,
  findOf,
  intentOf,
  migrations,
  roundOf,
  type Row,
  ruleOf,
  savedRule,
  statements,
} from "./watch_rows.ts";
import { readWatchTarget, targetWord } from "./watch_target.ts";

/** Options of {@linkcode watchStore}. */
export interface WatchStoreOptions {
  /** Whose addresses are understood. Default: Civitai's. */
  readonly site?: Partial<Site> | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** Told where a damaged file was put; there are no rules in its place then. */
  readonly onSetAside?: ((path: string) => void) | undefined;
}

/** How long rounds are remembered, in milliseconds. */
const keepRoundsMs = 90 * 24 * 3_600_000;
const mostBefore = Number.MAX_SAFE_INTEGER;

/**
 * The rules in an SQLite file, for several processes at once: each call is one transaction, and a process that is killed
 * takes nothing with it. What a worker had is free again when its lease runs out, or at once where it is seen to be dead.
 * A damaged file is renamed `NAME.corrupt-TIME` and replaced; one of a newer civikit is refused, and left as it is.
 *
 * @param path Where the file is or shall be, `:memory:` for none; it gets rights 0600.
 * @param options `site`, `clock` and `onSetAside`, see {@linkcode WatchStoreOptions}.
 * @throws {DiskError} `newer_format`, `invalid_file`: not ours to change; `permission_denied`, `no_space`, `invalid_path`.
 * @example
 * ```ts
 * import { watchStore } from "@civikit/civikit/hub";
 *
 * using rules = watchStore(":memory:");
 * const { rule } = rules.add({ target: "creator:lamplighter", filters: { types: ["LORA"] }, schedule: "every 6h" });
 * console.log(rule.id, rule.target, rule.isReady); // 1 creator:lamplighter false
 * ```
 */
export function watchStore(
  path: string,
  { site = {}, clock = systemClock, onSetAside }: WatchStoreOptions = {},
): WatchStore {
  const file = openSqlite(path, {
    ...{ applicationId, migrations, statements, patienceMs: 5000, onSetAside },
    pragmas: "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256",
  });
  const marks = workerMarks(path === ":memory:" ? undefined : path);
  let own = 0;

  function change<T>(action: string, work: () => T): T {
    own++;
    return file.transaction(action, work);
  }
  const read = <T>(work: () => T): T => file.use("reading the rules", work);
  const found = (id: string): WatchRule | undefined => {
    const row = /^\d{1,15}$/.test(id) ? file.run.get.get(Number(id)) : undefined;
    return row === undefined ? undefined : ruleOf(row as Row);
  };
  function save(rule: WatchRule): WatchRule {
    file.run.save.run(savedRule(rule));
    return rule;
  }
  /** Changes what there is of a rule. */
  const alter = (id: string, work: (rule: WatchRule) => WatchRule) =>
    change("changing a rule", () => {
      const rule = found(id);
      return rule && save(work(rule));
    });

  function isFree(row: Row, worker: string): boolean {
    const other = row["worker"];
    if (other === null || other === worker) return true;
    if (Number(row["lease_until_ms"]) <= clock.date()) return true;
    if (marks.isAlive(String(other)) !== false) return false;
    marks.forget(String(other));
    return true;
  }

  function isOwn(worker: string, id: string): WatchRule | undefined {
    const rule = found(id);
    return rule?.worker === worker ? rule : undefined;
  }

  function round(rule: WatchRule, entry: Omit<WatchRound, "id" | "rule" | "atMs">): WatchRound {
    const { why, isMore, isFirst, ...rest } = entry;
    file.run.oldRounds.run(clock.date() - keepRoundsMs);
    return roundOf(file.run.round.get({
      ...{ rule: Number(rule.id), at_ms: clock.date(), ...rest },
      ...{ is_more: Number(isMore), is_first: Number(isFirst), why: why === null ? null : JSON.stringify(why) },
    }) as Row);
  }

  /** Keeps a find in the state its action and earlier finds of the same thing leave it. */
  const keepAs = (rule: WatchRule, find: NewFind, isThere: (key: string) => boolean): WatchFind =>
    keepFind(file.run, rule, find, clock.date(), isThere);

  function release(row: Row): WatchFind {
    const { action } = intentOf(row);
    const had = (action === "queue" ? file.run.hadByQueue : file.run.had).get(String(row["key"])) !== undefined;
    const state: FindState = had ? "known" : action === "queue" ? "queueing" : "told";
    return findOf(file.run.setFind.get(state, null, clock.date(), row["id"]!, "held") as Row);
  }

  function listed(all: "finds" | "rounds", { rule, before, limit = 100 }: ListWatched): Row[] {
    wholeWithin("limit", limit, 1, 1000);
    const from = before !== undefined && /^\d{1,15}$/.test(before) ? Number(before) : mostBefore;
    const rows = rule === undefined
      ? file.run[all].all({ before: from, limit })
      : file.run[all === "finds" ? "findsOf" : "roundsOf"].all({ rule: Number(rule), before: from, limit });
    return rows as Row[];
  }

  const minOf = (row: unknown): number | null => (row as { ms: number | null } | undefined)?.ms ?? null;

  function close(): void {
    marks.close();
    file.close();
  }

  return {
    add(wanted) {
      const target = targetWord(readWatchTarget(wanted.target, site));
      const { filters, action, options } = checkedRule(wanted, site);
      const texts = { filters: JSON.stringify(filters), options: JSON.stringify(options) };
      return change("adding a rule", () => {
        const known = file.run.same.get(target, texts.filters, action, texts.options);
        if (known !== undefined) return { rule: ruleOf(known as Row), isNew: false };
        const row = file.run.insert.get({
          ...{ target, action, ...texts, backlog: wanted.backlog ?? 0, created_ms: clock.date() },
          ...{ schedule: wanted.schedule ?? null, time_zone: wanted.timeZone ?? null },
          since_ms: Math.floor(wanted.sinceMs ?? clock.date()),
        });
        return { rule: ruleOf(row as Row), isNew: true };
      });
    },
    get: (id) => read(() => found(id)),
    list: () => read(() => (file.run.list.all() as Row[]).map(ruleOf)),
    edit(id, wanted) {
      return alter(id, (rule) => {
        const { filters, action, options } = checkedRule({
          ...{ filters: wanted.filters ?? rule.filters, action: wanted.action ?? rule.action },
          options: wanted.options ?? rule.options,
          schedule: wanted.schedule === undefined ? rule.schedule : wanted.schedule,
          timeZone: wanted.timeZone === undefined ? rule.timeZone : wanted.timeZone,
        }, site);
        // a round under way goes by what the rule was: what it finds is found again
        file.run.claim.run({ worker: null, until: null, id: Number(id) });
        const isOther = JSON.stringify(filters) !== JSON.stringify(rule.filters);
        return {
          ...{ ...rule, filters, action, options },
          ...(wanted.schedule !== undefined && { schedule: wanted.schedule, nextMs: clock.date() }),
          ...(wanted.timeZone !== undefined && { timeZone: wanted.timeZone }),
          // a walk under way begins anew and comes down to where the last whole one began: what is seen is skipped
          ...(isOther &&
            { cursor: null, nextFloorMs: null, sinceMs: rule.floorMs ?? rule.sinceMs, nextMs: clock.date() }),
        };
      });
    },
    pause: (id, isPaused) => alter(id, (rule) => ({ ...rule, isPaused })),
    hurry: (id) => alter(id, (rule) => ({ ...rule, nextMs: clock.date() })),
    remove: (id) =>
      change("removing a rule", () => {
        const rule = found(id);
        if (rule === undefined) return undefined;
        for (const step of ["remove", "forgetSeen", "forgetHeld"] as const) file.run[step].run(Number(id));
        return rule;
      }),
    claim(worker, leaseMs, most, ids) {
      within("leaseMs", leaseMs, 1);
      return change("claiming rules", () => {
        marks.show(worker);
        const rows = ids === undefined
          ? file.run.due.all(clock.date()) as Row[]
          : ids.flatMap((id) => /^\d{1,15}$/.test(id) ? file.run.get.all(Number(id)) as Row[] : []);
        const until = clock.date() + leaseMs;
        return rows.filter((row) => isFree(row, worker)).slice(0, most).map((row) => {
          file.run.claim.run({ worker, until, id: row["id"]! });
          return { ...ruleOf(row), worker };
        });
      });
    },
    renew: (worker, leaseMs) => void change("renewing", () => file.run.renew.run(clock.date() + leaseMs, worker)),
    release: (worker, id) => void change("releasing", () => file.run.release.run(Number(id), worker)),
    keep: (worker, id, { judged, nextMs, isThere = () => false, goesOn = false }) =>
      change("keeping a round", () => {
        const rule = isOwn(worker, id);
        if (rule === undefined) return undefined;
        for (const key of judged.seen) file.run.see.run(Number(id), key);
        const finds = judged.finds.map((find) => keepAs(rule, find, isThere));
        for (const key of judged.released) {
          for (const row of file.run.held.all(Number(id), key) as Row[]) finds.push(release(row));
        }
        const kept = { ...rule, ...judged.rule, nextMs, lastMs: clock.date(), failures: 0, why: null };
        save(kept);
        if (!goesOn) file.run.release.run(Number(id), worker);
        const entry = round(rule, {
          ...{ pages: 1, found: finds.length, skipped: judged.skipped, isMore: judged.isMore, isFirst: !rule.isReady },
          ...{ queued: finds.filter(({ state }) => state === "queueing").length, why: null },
        });
        return { rule: { ...kept, worker: goesOn ? worker : null }, finds, round: entry };
      }),
    fail: (worker, id, why, nextMs, restart = false) =>
      change("keeping a failure", () => {
        const rule = isOwn(worker, id);
        if (rule === undefined) return undefined;
        const kept = {
          ...{ ...rule, why, nextMs, lastMs: clock.date(), failures: rule.failures + 1 },
          ...(restart && { cursor: null, nextFloorMs: null }),
        };
        save(kept);
        file.run.release.run(Number(id), worker);
        const nothing = { pages: 1, found: 0, queued: 0, skipped: 0, isFirst: false };
        const entry = round(rule, { ...nothing, isMore: kept.cursor !== null, why });
        return { rule: { ...kept, worker: null }, finds: [], round: entry };
      }),
    isSeen: (rule, key) => read(() => file.run.isSeen.get(Number(rule), key) !== undefined),
    isHeld: (rule, key) => read(() => file.run.held.get(Number(rule), key) !== undefined),
    queueing: (most = 100) =>
      read(() =>
        (file.run.queueing.all(most) as Row[]).map((row) => ({ find: findOf(row), options: intentOf(row).options }))
      ),
    queued: (find, job, state = "queued") =>
      change("noting a job", () => {
        const row = file.run.setFind.get(state, job, clock.date(), Number(find), "queueing");
        return row === undefined ? undefined : findOf(row as Row);
      }),
    releaseHeld() {
      if (read(() => file.run.heldUntil.get(clock.date())) === undefined) return [];
      return change("releasing", () => (file.run.heldUntil.all(clock.date()) as Row[]).map(release));
    },
    finds: (which = {}) => read(() => listed("finds", which).map(findOf)),
    rounds: (which = {}) => read(() => listed("rounds", which).map(roundOf)),
    lastRound: (rule) =>
      read(() => {
        const row = file.run.lastRound.get(Number(rule));
        return row === undefined ? undefined : roundOf(row as Row);
      }),
    counts: (rule) =>
      read(() =>
        Object.fromEntries((file.run.counts.all(Number(rule)) as Row[]).map((row) => [row["state"], row["finds"]]))
      ),
    nextMs: () =>
      read(() => {
        const all = [minOf(file.run.next.get()), minOf(file.run.nextHeld.get())].filter((ms) => ms !== null);
        return all.length === 0 ? null : Math.min(...all);
      }),
    version: () => `${read(() => file.run.version.get())!["data_version"]} ${own}`,
    close,
    [Symbol.dispose]: close,
  };
}
