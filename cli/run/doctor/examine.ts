import type { Keys } from "../../settings/keys.ts";
import type { Settings } from "../../settings/read_settings.ts";
import type { Io } from "../../terminal/io.ts";
import { databaseFindings, databasesOf } from "./databases.ts";
import type { Finding } from "./finding.ts";
import { bucketFindings, redisFindings } from "./fleet.ts";
import { diskFindings, folderFindings, placesOf } from "./folders.ts";
import { keyFinding } from "./key.ts";
import { denoFinding, memoryFinding } from "./machine.ts";
import { badProxy, clockFinding, networkFinding, proxyFindings, wayFindings } from "./network.ts";
import { probe } from "./probe.ts";
import { serviceFindings } from "./service.ts";
import { firewallHosts, type Proxies, type Target, targetsOf } from "./targets.ts";

/** What is examined, and by which rules. */
export interface Patient {
  /** Environment, clock and timer. */
  readonly io: Pick<Io, "env" | "now" | "every">;
  /** Where the API is. */
  readonly baseUrl: string;
  /** The keys of this user. */
  readonly keys: Keys;
  /** The proxies the user named. */
  readonly proxies: Proxies;
  /** Certificates of authorities to trust besides the usual ones, in PEM. */
  readonly caCerts: readonly string[];
  /** The settings: where the service listens. */
  readonly settings: Settings;
  /** Whether the right to write into the bucket is tried, too. */
  readonly isWriting: boolean;
  /** Where downloads go. */
  readonly downloads: string;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** A proxy nobody understands is a finding of its own; the way is then looked at without it. */
function usable({ settings, isSetting }: Proxies): Proxies {
  const { http, https, all, no } = settings;
  const [usableHttp, usableHttps, usableAll] = [http, https, all].map((proxy) => badProxy(proxy) ? undefined : proxy);
  return { settings: { http: usableHttp, https: usableHttps, all: usableAll, no }, isSetting };
}

/** The hosts that will be asked. */
export function hostsOf({ baseUrl, proxies }: Pick<Patient, "baseUrl" | "proxies">): readonly Target[] {
  return targetsOf(baseUrl, usable(proxies));
}

/**
 * Looks at everything: the hosts side by side, each for 10 seconds at most. Nothing is changed and nobody is asked for a
 * right; what cannot be looked at is a finding.
 *
 * @throws The signal's reason when it aborts.
 */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const { io, baseUrl, keys, proxies, settings, downloads } = patient;
  const [probes, redis, buckets] = await Promise.all([
    Promise.all(hostsOf(patient).map((target) => probe(target, patient))),
    redisFindings(patient),
    bucketFindings(patient),
  ]);
  const places = placesOf(io, downloads);
  return [
    networkFinding(probes, firewallHosts(baseUrl)),
    denoFinding(),
    await keyFinding(keys, probes[0]!, patient),
    ...folderFindings(places),
    ...diskFindings(places),
    ...databaseFindings(databasesOf(io)),
    clockFinding(probes),
    ...proxyFindings(proxies.settings, probes),
    memoryFinding(),
    ...await serviceFindings(io, settings),
    ...redis,
    ...buckets,
    ...wayFindings(probes),
  ];
}
