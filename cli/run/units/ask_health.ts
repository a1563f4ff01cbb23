import { fetchTransport } from "../../../transport/mod.ts";
import { messageOf } from "../../../transport/internal.ts";

/** How one part of the service fares. */
export type HealthWord = "ok" | "warning" | "error";

/** What a running service says of itself. */
export interface ServiceHealth {
  /** The worst of its parts. */
  readonly level: HealthWord;
  /** Its version. */
  readonly version: string;
  /** Each part. */
  readonly checks: Readonly<Record<string, { readonly level: HealthWord; readonly output?: string }>>;
}

/** Where a service is asked. */
export interface HealthPlace {
  /** Address it listens on. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** What opens it. */
  readonly token: string | undefined;
}

/** A service is on this machine: it answers soon or not at all. */
const patienceMs = 5000;

/** The URL of a service that listens on `host`. */
export function serviceUrl({ host, port }: Omit<HealthPlace, "token">): string {
  const near = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${near.includes(":") ? `[${near}]` : near}:${port}`;
}

interface HealthJson {
  readonly level?: HealthWord;
  readonly releaseId?: string;
  readonly serviceId?: string;
  readonly checks?: Readonly<Record<string, readonly { readonly level: HealthWord; readonly output?: string }[]>>;
}

/** Asks a service how it is; a text that says why it cannot be told. Takes the right to connect to it, and no other. */
export async function askHealth(place: HealthPlace): Promise<ServiceHealth | string> {
  const url = `${serviceUrl(place)}/healthz`;
  using transport = fetchTransport({ proxy: false });
  try {
    const headers = new Headers({ accept: "application/json" });
    if (place.token !== undefined) headers.set("authorization", `Bearer ${place.token}`);
    const request = new Request(url, { headers, redirect: "manual", signal: AbortSignal.timeout(patienceMs) });
    const response = await transport.fetch(request);
    if (response.status !== 200 && response.status !== 503) {
      await response.body?.cancel();
      return response.status === 401
        ? "HTTP 401: it wants the token, in CIVIKIT_SERVE_TOKEN"
        : `HTTP ${response.status}`;
    }
    const { level, releaseId, serviceId, checks = {} } = await response.json() as HealthJson;
    if (serviceId !== "civikit" || level === undefined) return "not a civikit";
    const parts = Object.entries(checks).flatMap(([name, [part]]) => part === undefined ? [] : [[name, part] as const]);
    return { level, version: releaseId ?? "", checks: Object.fromEntries(parts) };
  } catch (error) {
    return messageOf(error).replace(/^fetching "[^"]*": /, "");
  }
}
