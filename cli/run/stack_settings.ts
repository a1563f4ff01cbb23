import type { StackOptions } from "../../hub/run/mod.ts";
import { caCertificates } from "../settings/ca_certificates.ts";
import { headerValues } from "../settings/header_values.ts";
import type { Settings } from "../settings/read_settings.ts";
import type { Io } from "../terminal/io.ts";

/** Waits between attempts double up to this, or to the first of them where it is longer. */
const longestDelayMs = 30_000;
const mebibyte = 1024 * 1024;

/** How hard to try, for requests and for downloads. */
export function retrySettings(
  { value }: Pick<Settings, "value">,
): { readonly maxAttempts: number; readonly delayMs: number } {
  return { maxAttempts: value("download.retries"), delayMs: value("retry.delay") * 1000 };
}

function transportOptions(
  { value, source }: Settings,
  io: Pick<Io, "env">,
  note: (text: string) => void,
): NonNullable<StackOptions["transport"]> {
  const delayMs = value("retry.delay") * 1000;
  const http = value("network.httpVersion");
  const proxy = value("network.proxy");
  const caCerts = caCertificates(value("network.caFiles"));
  return {
    headersMs: value("timeouts.api") * 1000,
    apiMs: value("timeouts.api") * 1000,
    imageMs: value("timeouts.image") * 1000,
    idleMs: value("timeouts.download") * 1000,
    maxConnections: value("pool.maxConnections"),
    headers: headerValues(value("headers"), io, note),
    retry: { max: value("retry.max"), delayMs, maxDelayMs: Math.max(longestDelayMs, delayMs) },
    resume: retrySettings({ value }),
    rateLimit: {
      concurrency: value("limits.concurrentRequests"),
      requestDelayMs: value("limits.requestDelay") * 1000,
      adapt: value("limits.smartRetry"),
    },
    socket: {
      // a pool of one's own costs a little; the platform's does what the default says
      ...(source("pool.idlePerHost") !== "default" && { pool: { idlePerHost: value("pool.idlePerHost") } }),
      ...(http !== "auto" && { http }),
      ...(proxy !== undefined && { proxy }),
      ...(caCerts.length > 0 && { caCerts }),
    },
  };
}

/** What the settings make of the stack. @throws {InputError} `invalid_config` for a certificate or a header that cannot be read. */
export function stackSettings(
  settings: Settings,
  io: Pick<Io, "env">,
  note: (text: string) => void,
): Pick<StackOptions, "baseUrl" | "hosts" | "parallel" | "pieceBytes" | "guard" | "transport"> {
  const { value } = settings;
  return {
    baseUrl: value("baseUrl"),
    hosts: value("trustedHosts"),
    parallel: value("download.parallel"),
    pieceBytes: value("download.pieceBytes"),
    guard: value("memory.enabled") && {
      limitBytes: value("memory.limitMb") * mebibyte,
      everyMs: value("memory.checkInterval") * 1000,
    },
    transport: transportOptions(settings, io, note),
  };
}
