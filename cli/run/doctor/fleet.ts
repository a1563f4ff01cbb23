import { newContext, parseHttpDate } from "../../../transport/internal.ts";
import { CivikitError, type ErrorCode, type Transport } from "../../../transport/mod.ts";
import { ExitCode, exitCode } from "../../exit_code.ts";
import type { Settings } from "../../settings/read_settings.ts";
import { isGranted } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import { loadFleet } from "../open_fleet.ts";
import { openFileStore } from "../open_file_store.ts";
import { adviceOn, type Finding, type Say, stateOf } from "./finding.ts";

/** What the lines about a fleet go by. */
export interface FleetPatient {
  readonly io: Pick<Io, "env" | "now" | "every">;
  readonly settings: Settings;
  /** Certificates of authorities to trust besides the usual ones, in PEM. */
  readonly caCerts: readonly string[];
  /** Whether the right to write into the bucket is tried, too. */
  readonly isWriting: boolean;
  readonly signal: AbortSignal;
}

const patienceMs = 10_000;
/** From here on it is slow: each job and each request asks Redis. */
const slowMs = 100;
/** From here on signatures are near to being refused. */
const skewMs = 5 * 60_000;

const ways: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["connect_failed", "dns_failed", "tls_failed"]);

/** A failure as a finding; `away` is what to do where nobody answers. */
function failed(check: "redis" | "bucket", error: unknown, away: Say): Finding {
  const state = stateOf(error);
  const isAway = error instanceof CivikitError && ways.has(error.code) && error.code !== "tls_failed";
  const isRefused = error instanceof CivikitError && error.reason === "redis_credentials";
  const exit = isRefused ? ExitCode.auth : exitCode(error);
  return { check, level: "error", detail: () => state, next: isAway ? away : adviceOn(error), exit };
}

/** The servers that an address of Redis names: one, nodes of a cluster, or Sentinels. */
function serversOf(url: string): { readonly hostname: string; readonly port: string }[] {
  const [, sentinel, hosts = ""] = /^rediss?(\+sentinel)?:\/\/(?:[^/]*@)?([^/?#]+)/i.exec(url) ?? [];
  return hosts.split(",").flatMap((host) => {
    const { hostname = "", port } = URL.parse(`redis://${host}`) ?? {};
    return hostname === "" ? [] : [{ hostname, port: port || (sentinel ? "26379" : "6379") }];
  });
}

/** Whether the Redis of the fleet is there, and fit for it. */
export async function redisFindings({ settings, caCerts }: FleetPatient): Promise<Finding[]> {
  const check = "redis";
  const url = settings.value("fleet.redis");
  if (url === undefined) return [{ check, level: "ok", detail: (text) => text.redisNone }];
  const servers = serversOf(url);
  const names = servers.map(({ hostname }) => hostname).join(", ");
  // asked before, because Deno would stop and ask the user
  const denied = servers.find(({ hostname, port }) => !isGranted([{ name: "net", host: `${hostname}:${port}` }]));
  if (denied !== undefined) {
    return [{
      check,
      level: "warning",
      detail: (text) => text.fleetDenied(denied.hostname),
      next: (text) => text.fleetDeniedNext,
    }];
  }
  try {
    const { lookAtRedis } = await loadFleet();
    const prefix = `{${settings.value("fleet.prefix")}}`;
    const { version, forgets, pingMs } = await lookAtRedis(url, prefix, { connectMs: patienceMs, caCerts });
    const found: Finding[] = [{ check, level: "ok", detail: (text) => text.redisThere(names, version, pingMs) }];
    if (forgets !== null) {
      const next: Say = (text) => text.redisForgetsNext[forgets];
      found.push({ check, level: "warning", detail: (text) => text.redisForgets[forgets], next });
    }
    if (pingMs > slowMs) {
      const next: Say = (text) => text.redisSlowNext;
      found.push({ check, level: "warning", detail: (text) => text.redisSlow(pingMs), next });
    }
    return found;
  } catch (error) {
    return [failed(check, error, (text) => text.redisAwayNext)];
  }
}

async function bucketFinding(place: string, { io, settings, isWriting, signal }: FleetPatient): Promise<Finding[]> {
  const check = "bucket";
  const until = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const away: Say = (text) => text.bucketAwayNext;
  try {
    using store = await openFileStore(place, { io, settings }, () => {});
    const { host } = new URL(store.urlOf("0".repeat(64)));
    if (!isGranted([{ name: "net", host }])) {
      return [{
        check,
        level: "warning",
        detail: (text) => text.fleetDenied(host),
        next: (text) => text.fleetDeniedNext,
      }];
    }
    const startedMs = performance.now();
    await store.check(isWriting, until);
    const ms = performance.now() - startedMs;
    const found: Finding[] = [{
      check,
      level: "ok",
      detail: (text) => text.bucketThere(store.place, host, ms, isWriting),
    }];
    const offMs = await clockOff(store.transport, store.urlOf("0".repeat(64)), until);
    if (offMs !== undefined && Math.abs(offMs) > skewMs) {
      const next: Say = (text) => text.clockWrongNext;
      found.push({ check, level: "warning", detail: (text) => text.clockWrong(offMs, host), next });
    }
    return found;
  } catch (error) {
    signal.throwIfAborted();
    if (!until.aborted) return [failed(check, error, away)];
    const detail: Say = (text) => text.bucketSilent(place, patienceMs);
    return [{ check, level: "error", detail, next: away, exit: ExitCode.network }];
  }
}

/** How far this machine is ahead of the store, in milliseconds; undefined where it does not tell the time. */
async function clockOff(
  transport: Transport,
  url: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const context = { ...newContext(), refusals: "return" } as const;
  const response = await transport.fetch(new Request(url, { method: "HEAD", signal }), context).catch(() => undefined);
  await response?.body?.cancel();
  const date = parseHttpDate(response?.headers.get("date") ?? null, Date.now());
  return date === undefined ? undefined : Date.now() - date;
}

/** Whether the buckets of the settings can be used: the fleet's, and the mirror's. */
export async function bucketFindings(patient: FleetPatient): Promise<Finding[]> {
  const { value } = patient.settings;
  const places = [...new Set([value("fleet.store"), value("install.mirror")])].filter((place) => place !== undefined);
  if (places.length === 0) return [{ check: "bucket", level: "ok", detail: (text) => text.bucketNone }];
  return (await Promise.all(places.map((place) => bucketFinding(place, patient)))).flat();
}
