/**
 * The transport: one small interface, three implementations, middleware around them, sinks and the downloader.
 *
 * @module
 */
export * from "./transport.ts";
export { type Clock, systemClock } from "./clock.ts";
export * from "./compose.ts";
export * from "./errors/errors.ts";
export * from "./errors/hints.ts";
export * from "./observe.ts";
export * from "./body/range_transport.ts";
export { redactText, redactUrl } from "./http/redact.ts";
export { type ResumeOptions, resumeTransport } from "./body/resume_transport.ts";
export { save } from "./body/save.ts";
export * from "./to_fetch.ts";
export * from "./download/download.ts";
export * from "./download/download_all.ts";
export * from "./download/throttle.ts";
export * from "./body/spans.ts";
export * from "./download/speed.ts";
export * from "./download/safe_name.ts";
export * from "./download/disk.ts";
export * from "./download/digest.ts";
export * from "./socket/fetch_transport.ts";
export type { ConnectionOptions, HttpVersion, PoolOptions } from "./socket/http_clients.ts";
export * from "./http/loopback.ts";
export { wrapBodyError } from "./socket/network_error.ts";
export type { ProxySettings } from "./socket/proxy.ts";
export * from "./version.ts";
export type { Reach } from "./http/reach.ts";
export * from "./http/http_status.ts";
export * from "./middleware/mod.ts";
export * from "./http/http_date.ts";
export * from "./http/retry_after.ts";
