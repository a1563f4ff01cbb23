/**
 * The transport: one small interface, three implementations, middleware around them, sinks and the downloader.
 *
 * @module
 */
export * from "./transport.ts";
export { type Clock, systemClock } from "./clock.ts";
export * from "./compose.ts";
export * from "./errors.ts";
export * from "./hints.ts";
export * from "./observe.ts";
export * from "./range_transport.ts";
export { redactText, redactUrl } from "./redact.ts";
export { type ResumeOptions, resumeTransport } from "./resume_transport.ts";
export { save } from "./save.ts";
export * from "./to_fetch.ts";
export * from "./download/download.ts";
export * from "./download/download_all.ts";
export * from "./download/throttle.ts";
export * from "./download/spans.ts";
export * from "./download/speed.ts";
export * from "./download/safe_name.ts";
export * from "./download/disk.ts";
export * from "./download/digest.ts";
export * from "./fetch_transport.ts";
export type { ConnectionOptions, HttpVersion, PoolOptions } from "./http_clients.ts";
export * from "./loopback.ts";
export { wrapBodyError } from "./network_error.ts";
export type { ProxySettings } from "./proxy.ts";
export * from "./version.ts";
export type { Reach } from "./reach.ts";
export * from "./http_status.ts";
export * from "./middleware/mod.ts";
export * from "./http_date.ts";
export * from "./retry_after.ts";
