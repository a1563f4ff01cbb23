/**
 * The transport: one small interface, three implementations, middleware around them, sinks and the downloader.
 *
 * @module
 */
export { save } from "./body/save.ts";
export { type RangeOptions, rangeTransport } from "./body/range_transport.ts";
export { type ResumeOptions, resumeTransport } from "./body/resume_transport.ts";
export type { Clock } from "./clock.ts";
export { compose } from "./compose.ts";
export { hashNames } from "./download/digest.ts";
export { digestFile, type DigestFileOptions } from "./download/digest_file.ts";
export type { Digests, HashName } from "./download/digest_engine.ts";
export {
  download,
  type DownloadOptions,
  type DownloadProgress,
  type DownloadResult,
  type Promised,
} from "./download/download.ts";
export {
  downloadAll,
  type DownloadAllOptions,
  type DownloadBatch,
  type DownloadJob,
  type DownloadOutcome,
} from "./download/download_all.ts";
export { safeFileName, type SafeFileNameOptions } from "./download/safe_name.ts";
export { type Throttle, throttle } from "./download/throttle.ts";
export type { ErrorCode, ErrorReason } from "./errors/codes.ts";
export {
  CivikitError,
  type CivikitErrorOptions,
  ContentError,
  DiskError,
  type DiskErrorOptions,
  HttpError,
  type HttpErrorOptions,
  InputError,
  type InputErrorOptions,
  isCode,
  NetworkError,
  type NetworkErrorOptions,
  VerificationError,
  type VerificationErrorOptions,
} from "./errors/errors.ts";
export { errorCodes, errorReasons, type Hint, hint, type Locale } from "./errors/hints.ts";
export type { Classify } from "./http/http_status.ts";
export type { Reach } from "./http/reach.ts";
export { auth, type AuthOptions } from "./middleware/auth.ts";
export { breaker, type BreakerOptions, type Circuit } from "./middleware/breaker.ts";
export { connections } from "./middleware/connections.ts";
export { dedupe, type DedupeOptions } from "./middleware/dedupe.ts";
export { type HostHeaders, hostHeaders } from "./middleware/host_headers.ts";
export { type HostLimit, rateLimit, type RateLimitOptions, type Waiter } from "./middleware/rate_limit.ts";
export { retry, type RetryOptions, type RetryOutcome } from "./middleware/retry.ts";
export { type RetryBudget, retryBudget, type RetryBudgetOptions } from "./middleware/retry_budget.ts";
export { status, type StatusOptions } from "./middleware/status.ts";
export { timeout, type TimeoutOptions } from "./middleware/timeout.ts";
export { observe } from "./observe.ts";
export { defaultUserAgent, type FetchOptions, type FetchTransport, fetchTransport } from "./socket/fetch_transport.ts";
export type { ConnectionOptions, HttpVersion, PoolOptions } from "./socket/http_clients.ts";
export type { ProxySettings } from "./socket/proxy.ts";
export { toFetch } from "./to_fetch.ts";
export type { Context, DownloadPhase, Middleware, Next, Sink, Transport, TransportEvent } from "./transport.ts";
export { version } from "./http/version.ts";
