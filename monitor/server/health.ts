import { freeBytes, redactText } from "../../transport/internal.ts";
import { CivikitError, version } from "../../transport/mod.ts";
import type { CacheNumbers } from "./options.ts";

/** How one part fares, from best to worst. */
export type HealthLevel = "ok" | "warning" | "error";

/** One part's health. */
export interface HealthCheck {
  /** How it fares. */
  readonly level: HealthLevel;
  /** What was measured; undefined when it could not be. */
  readonly observed: number | undefined;
  /** Unit of what was measured. */
  readonly unit: "percent" | "bytes" | "entries" | "rules";
  /** What lies behind it, in English; empty when all is well. */
  readonly note: string;
}

/** The parts that are looked at; `watch` where something is watched. */
export type HealthPart = "http_client" | "cache" | "disk_space" | "memory" | "watch";

/** The health of everything. */
export interface Health {
  /** The worst of the parts. */
  readonly level: HealthLevel;
  /** Each part. */
  readonly checks: Readonly<Partial<Record<HealthPart, HealthCheck>>>;
}

/** What health is drawn from. */
export interface HealthFacts {
  /** Requests of the last minutes, aborted ones left out. */
  readonly recent: { readonly requests: number; readonly failed: number };
  /** The cache's numbers; undefined without a cache. */
  readonly cache: (() => CacheNumbers | Promise<CacheNumbers>) | undefined;
  /** Where downloads go; the worst of them counts. */
  readonly folders: readonly string[];
  /** Resident memory of each process that works, and what it should stay below; the worst of them counts. */
  readonly memory: readonly ProcessMemory[];
  /** How many rules that watch the site need somebody; undefined where nothing watches. */
  readonly stuckRules?: number | undefined;
}

/** The memory of one process, in bytes. */
export interface ProcessMemory {
  /** Which process. */
  readonly pid: number;
  /** Resident memory. */
  readonly rssBytes: number;
  /** What it should stay below. */
  readonly limitBytes: number;
}

const GB = 1e9;
const MB = 1e6;
const enoughRequests = 10;

function httpClient({ requests, failed }: HealthFacts["recent"]): HealthCheck {
  const share = requests === 0 ? 0 : failed / requests;
  const observed = Math.round(share * 10_000) / 100;
  const note = `${failed} of ${requests} requests failed`;
  if (requests < enoughRequests || share <= 0.2) return { level: "ok", observed, unit: "percent", note: "" };
  return { level: failed === requests ? "error" : "warning", observed, unit: "percent", note };
}

async function cacheHealth(numbers: HealthFacts["cache"]): Promise<HealthCheck> {
  if (numbers === undefined) return { level: "ok", observed: undefined, unit: "entries", note: "no cache in use" };
  try {
    const { entries, failures, failure } = await numbers();
    if (failures === 0) return { level: "ok", observed: entries, unit: "entries", note: "" };
    const note = redactText(`the store failed ${failures} times${failure ? `; last: ${failure}` : ""}`);
    return { level: "warning", observed: entries, unit: "entries", note };
  } catch (error) {
    // what the store said may hold paths; its code says enough
    const code = error instanceof CivikitError ? ` (${error.code})` : "";
    return { level: "warning", observed: undefined, unit: "entries", note: `the store does not answer${code}` };
  }
}

function freeFor(folder: string): number | undefined {
  try {
    return freeBytes(folder);
  } catch {
    return undefined;
  }
}

function diskSpace(folders: readonly string[]): HealthCheck {
  const known = [...new Set(folders)].map((folder) => ({ folder, free: freeFor(folder) }))
    .filter((one): one is { folder: string; free: number } => one.free !== undefined)
    .sort((a, b) => a.free - b.free);
  const [worst] = known;
  if (worst === undefined) {
    return { level: "warning", observed: undefined, unit: "bytes", note: "free space is not known" };
  }
  const { folder, free } = worst;
  if (free >= 5 * GB) return { level: "ok", observed: free, unit: "bytes", note: "" };
  const note = redactText(`${(free / GB).toFixed(1)} GB free${known.length > 1 ? ` in ${folder}` : ""}`);
  return { level: free < 100 * MB ? "error" : "warning", observed: free, unit: "bytes", note };
}

function memoryHealth(memory: HealthFacts["memory"]): HealthCheck {
  const worst = memory.toSorted((a, b) => b.rssBytes / b.limitBytes - a.rssBytes / a.limitBytes)[0]!;
  const { pid, rssBytes, limitBytes: limit } = worst;
  if (rssBytes <= limit) return { level: "ok", observed: rssBytes, unit: "bytes", note: "" };
  const whose = pid === Deno.pid ? "" : `process ${pid}: `;
  const note = `${whose}${Math.round(rssBytes / MB)} MB used, ${Math.round(limit / MB)} MB allowed`;
  return { level: rssBytes > limit * 2 ? "error" : "warning", observed: rssBytes, unit: "bytes", note };
}

function watchHealth(stuck: number): HealthCheck {
  if (stuck === 0) return { level: "ok", observed: stuck, unit: "rules", note: "" };
  const note = `${stuck} ${stuck === 1 ? "rule keeps" : "rules keep"} failing, or the site refuses the key`;
  return { level: "warning", observed: stuck, unit: "rules", note };
}

/**
 * Looks at the HTTP client (more than 20% of at least 10 requests failed: a warning; all of them: an error), the cache (its
 * store fails: a warning), the disk (below 5 GB: a warning; below 100 MB: an error) and memory (above the limit: a
 * warning; above twice the limit: an error), and at rules that watch the site (some keep failing: a warning).
 */
export async function checkHealth(facts: HealthFacts): Promise<Health> {
  const checks = {
    http_client: httpClient(facts.recent),
    cache: await cacheHealth(facts.cache),
    disk_space: diskSpace(facts.folders),
    memory: memoryHealth(facts.memory),
    ...(facts.stuckRules !== undefined && { watch: watchHealth(facts.stuckRules) }),
  };
  const levels = Object.values(checks).map(({ level }) => level);
  return { level: levels.includes("error") ? "error" : levels.includes("warning") ? "warning" : "ok", checks };
}

const draftStatus: Readonly<Record<HealthLevel, string>> = { ok: "pass", warning: "warn", error: "fail" };

/** The health as `application/health+json` (draft-inadarei-api-health-check-06), with our own levels beside its words. */
export function healthJson({ level, checks }: Health, atMs: number): Record<string, unknown> {
  const time = new Date(atMs).toISOString();
  return {
    status: draftStatus[level],
    level,
    version: version.split(".")[0],
    releaseId: version,
    serviceId: "civikit",
    checks: Object.fromEntries(
      Object.entries(checks).map(([part, { level, observed, unit, note }]) => [part, [{
        status: draftStatus[level],
        level,
        componentType: part === "http_client" || part === "watch"
          ? "component"
          : part === "cache"
          ? "datastore"
          : "system",
        ...(observed === undefined ? {} : { observedValue: observed, observedUnit: unit }),
        time,
        ...(note === "" ? {} : { output: note }),
      }]]),
    ),
  };
}
