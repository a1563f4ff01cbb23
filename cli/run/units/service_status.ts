import { existsSync } from "node:fs";
import { sqliteQueue } from "../../../hub/queue/mod.ts";
import { version } from "../../../transport/mod.ts";
import { lookAtSqlite, messageOf } from "../../../transport/internal.ts";
import { monitorPaths, queuePath } from "../../settings/places.ts";
import { isGranted, keeping } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import { askHealth, type HealthPlace, type ServiceHealth, serviceUrl } from "./ask_health.ts";
import type { UnitKind } from "./originals.ts";
import { originOf } from "./seal.ts";
import { lookAtUnit, type UnitState } from "./unit_file.ts";

/** How a service is, all of it text and numbers. */
export interface ServiceStatus {
  /** `ok`, `warning`, or that nothing runs. */
  readonly level: "ok" | "warning" | "stopped";
  /** The unit: where it is or belongs, how it stands, the civikit that wrote it. */
  readonly unit: {
    readonly kind: UnitKind;
    readonly path: string;
    readonly state: UnitState;
    readonly version: string | null;
  } | null;
  /** The process that works the queue off, and since when. */
  readonly process: { readonly pid: number; readonly startedMs: number } | null;
  /** Where the service is asked, and what it answered. */
  readonly url: string;
  /** What it says of itself; null where it does not answer. */
  readonly health: ServiceHealth | null;
  /** Why it does not answer; null where it does. */
  readonly silence: string | null;
  /** Jobs by their state; null where the queue cannot be looked at. */
  readonly queue: Readonly<Record<string, number>> | null;
  /** What failed last; null where nothing did, or it cannot be told. */
  readonly lastError: { readonly atMs: number; readonly code: string; readonly target: string } | null;
  /** Versions: of this command, of the running service, of who wrote the unit. */
  readonly versions: { readonly command: string; readonly service: string | null; readonly unit: string | null };
}

/** What is looked at. */
export interface StatusOptions {
  /** Where civikit keeps its things. */
  readonly env: Io["env"];
  /** The kind of unit, and where it belongs; undefined where there is none for this system. */
  readonly unit: { readonly kind: UnitKind; readonly path: string } | undefined;
  /** Where the service listens. */
  readonly place: HealthPlace;
}

/** The service that works on the queue at `path`; undefined where none does. @throws {DiskError} When it cannot be looked at. */
export async function runningService(path: string): Promise<NonNullable<ServiceStatus["process"]> | undefined> {
  if (!existsSync(path)) return undefined;
  lookAtSqlite(path); // a damaged one is left for the next command to set aside
  await using queue = sqliteQueue(path);
  const worker = (await queue.workers()).find(({ id, isAlive }) => isAlive && id.startsWith("serve-"));
  return worker && { pid: worker.pid, startedMs: worker.startedMs };
}

async function lookAtQueue(env: Io["env"]): Promise<Pick<ServiceStatus, "queue" | "process">> {
  const path = queuePath(env);
  if (path === undefined || !isGranted(keeping(path))) return { queue: null, process: null };
  if (!existsSync(path)) return { queue: {}, process: null };
  try {
    const process = await runningService(path) ?? null;
    await using queue = sqliteQueue(path);
    return { queue: { ...await queue.counts() }, process };
  } catch {
    return { queue: null, process: null };
  }
}

async function lastErrorIn(env: Io["env"]): Promise<ServiceStatus["lastError"]> {
  const path = monitorPaths(env)?.store;
  if (path === undefined || !isGranted(keeping(path)) || !existsSync(path)) return null;
  try {
    lookAtSqlite(path);
    const { statsStore } = await import("../../../monitor/mod.ts");
    using store = statsStore(path);
    const [last] = store.failures(1);
    return last === undefined ? null : { atMs: last.atMs, code: last.code, target: last.target };
  } catch {
    return null;
  }
}

/** Looks at a service; starts and changes nothing. */
export async function serviceStatus({ env, unit, place }: StatusOptions): Promise<ServiceStatus> {
  const file = unit === undefined ? undefined : lookAtUnit(unit.kind, unit.path);
  const unitVersion = file?.text === undefined ? null : originOf(file.text)?.version ?? null;
  const [answer, { queue, process }, lastError] = await Promise.all([
    askHealth(place),
    lookAtQueue(env),
    lastErrorIn(env),
  ]);
  const health = typeof answer === "string" ? null : answer;
  const isDoubtful = health !== null && (health.level !== "ok" || health.version !== version) ||
    file !== undefined && ["foreign", "edited", "outdated"].includes(file.state);
  return {
    level: health === null ? "stopped" : isDoubtful ? "warning" : "ok",
    unit: unit === undefined || file === undefined ? null : { ...unit, state: file.state, version: unitVersion },
    process,
    url: serviceUrl(place),
    health,
    silence: typeof answer === "string" ? messageOf(answer) : null,
    queue,
    lastError,
    versions: { command: version, service: health?.version ?? null, unit: unitVersion },
  };
}
