import type { ListVersion, Model } from "../../api/mod.ts";
import { earlyAccess } from "../search/early_access.ts";
import { fits } from "./fits.ts";
import type { WatchOrder, WatchPage } from "./look_at.ts";
import type { WatchRule, WatchThing } from "./rule.ts";

/** Something new on a page. */
export interface NewFind {
  /** What it is, the same for every rule. */
  readonly key: string;
  /** Whether it is found once it is public. */
  readonly isHeld: boolean;
  /** When that is; null where nobody says. */
  readonly dueMs: number | null;
  /** What the site says of it. */
  readonly thing: WatchThing;
}

/** What a page comes to. */
export interface JudgedPage {
  /** Keys that are known from now on. */
  readonly seen: readonly string[];
  /** What is new. */
  readonly finds: readonly NewFind[];
  /** Keys of what was held and is public now. */
  readonly released: readonly string[];
  /** What is new and does not fit. */
  readonly skipped: number;
  /** Whether there is more, for the next page. */
  readonly isMore: boolean;
  /** How the rule stands then. */
  readonly rule: Pick<WatchRule, "name" | "cursor" | "floorMs" | "nextFloorMs" | "isReady" | "count">;
}

/** What is known when a page is judged. */
export interface JudgeContext {
  /** The order of the list. */
  readonly order: WatchOrder;
  /** Whether the rule has seen what has this key. */
  readonly isSeen: (key: string) => boolean;
  /** Whether it holds what has this key, until it is public. */
  readonly isHeld: (key: string) => boolean;
  /** The site's address. */
  readonly baseUrl: string;
  /** Now, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** What was published becomes visible once it was scanned and rated: so long it may take, in milliseconds. */
const lateMs: number = 6 * 3_600_000;

interface Candidate {
  readonly key: string;
  readonly model: Model;
  readonly version: ListVersion;
  readonly publishedMs: number | null;
}

function publishedOf({ publishedAt }: ListVersion): number | null {
  const ms = Date.parse(publishedAt ?? "");
  return Number.isNaN(ms) ? null : ms;
}

const newestOf = (model: Model): number => Math.max(...model.modelVersions.map((one) => publishedOf(one) ?? -Infinity));

function thingOf({ model, version, publishedMs }: Candidate, file: number | null, baseUrl: string): WatchThing {
  return {
    ...{ versionId: version.id, id: model.id, name: model.name, version: version.name ?? "", type: model.type },
    ...{ base: version.baseModel ?? null, creator: model.creator?.username?.toString() ?? null, publishedMs, file },
    url: `${baseUrl}/models/${model.id}?modelVersionId=${version.id}`,
  };
}

/** The keys of the newest that fit, of those that count as new though they were there. */
function backlogOf(candidates: readonly Candidate[], { backlog, filters }: WatchRule): ReadonlySet<string> {
  if (backlog === 0) return new Set();
  const meant = candidates.filter(({ model, version }) => fits(model, version, filters) !== undefined);
  const newestFirst = meant.toSorted((a, b) => (b.publishedMs ?? 0) - (a.publishedMs ?? 0));
  return new Set(newestFirst.slice(0, backlog).map(({ key }) => key));
}

/** Where the next page of the rule begins, and what is known of the list once this walk is over. */
function walked(rule: WatchRule, page: WatchPage, { order, nowMs }: JudgeContext): JudgedPage["rule"] {
  const { models, next, name = rule.name } = page;
  const dates = models.map(newestOf).filter(Number.isFinite);
  const newest = order === "newest" && dates.length > 0 ? Math.min(nowMs, Math.max(...dates)) : nowMs;
  const nextFloorMs = rule.cursor === null ? newest : rule.nextFloorMs ?? newest;
  const boundMs = rule.isReady ? rule.floorMs ?? rule.sinceMs : rule.sinceMs - lateMs;
  const isDown = order === "newest" && dates.length > 0 && dates.at(-1)! <= boundMs;
  if (next !== null && !isDown) {
    return { name, cursor: next, nextFloorMs, floorMs: rule.floorMs, isReady: rule.isReady, count: null };
  }
  const floorMs = Math.max(rule.floorMs ?? -Infinity, nextFloorMs);
  return { name, cursor: null, nextFloorMs: null, floorMs, isReady: true, count: null };
}

function grown(rule: WatchRule, { name = rule.name, count }: WatchPage, { baseUrl, nowMs }: JudgeContext): JudgedPage {
  const { count: before, floorMs } = rule;
  const id = Number(rule.target.slice(rule.target.indexOf(":") + 1));
  const more = count !== undefined && before !== null ? count - before : 0;
  const thing: WatchThing = {
    ...{ versionId: null, id, name, version: `+${more}`, type: "Collection", base: null, creator: null },
    ...{ publishedMs: null, file: null, url: `${baseUrl}/collections/${id}` },
  };
  const isNews = more > 0 && rule.isReady;
  return {
    ...{ seen: [], released: [], skipped: 0, isMore: false },
    finds: isNews ? [{ key: `collection:${id}:${nowMs}`, isHeld: false, dueMs: null, thing }] : [],
    rule: {
      ...{ name, cursor: null, nextFloorMs: null, floorMs: count === undefined ? floorMs : nowMs },
      isReady: rule.isReady || count !== undefined,
      count: count ?? before,
    },
  };
}

/** Judges a page: what on it is new, what fits, and where the rule goes on. It asks nobody. */
export function judgePage(rule: WatchRule, page: WatchPage, context: JudgeContext): JudgedPage {
  if (rule.target.startsWith("collection:")) return grown(rule, page, context);
  const { order, isSeen, isHeld, baseUrl, nowMs } = context;
  const { isReady, sinceMs, filters, cursor } = rule;
  const candidates = page.models.flatMap((model) =>
    model.modelVersions.filter(({ files }) => !!files?.length).map((version): Candidate => ({
      ...{ key: `version:${version.id}`, model, version, publishedMs: publishedOf(version) },
    }))
  );
  const backlog = isReady || cursor !== null ? new Set() : backlogOf(candidates, rule);
  const hasDates = !rule.target.startsWith("favorites");

  function isNews({ key, publishedMs }: Candidate): boolean {
    if (!isReady) return backlog.has(key) || (hasDates && publishedMs !== null && publishedMs > sinceMs);
    return order === "whole" || !hasDates || publishedMs === null || publishedMs > sinceMs - lateMs;
  }

  const seen: string[] = [];
  const finds: NewFind[] = [];
  const released: string[] = [];
  let skipped = 0;
  for (const candidate of candidates) {
    const { key, model, version } = candidate;
    const { isEarlyAccess, earlyAccessUntil } = earlyAccess(version, nowMs);
    if (isSeen(key)) {
      if (!isEarlyAccess && isHeld(key)) released.push(key);
      continue;
    }
    seen.push(key);
    if (!isNews(candidate)) continue;
    const fit = fits(model, version, filters);
    if (fit === undefined || (isEarlyAccess && filters.early === "skip")) skipped++;
    else {
      const isLater = isEarlyAccess && filters.early === "wait";
      const dueMs = isLater && earlyAccessUntil !== null ? Date.parse(earlyAccessUntil) : null;
      finds.push({ key, isHeld: isLater, dueMs, thing: thingOf(candidate, fit.file, baseUrl) });
    }
  }
  const next = walked(rule, page, context);
  return { seen, finds, released, skipped, isMore: next.cursor !== null, rule: next };
}
