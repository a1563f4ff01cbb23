import { errorIs, newContext, readTextAtMost, sleep } from "../../transport/internal.ts";
import { CivikitError, type Clock, HttpError, isCode, NetworkError, type Transport } from "../../transport/mod.ts";
import { s3NameOf, s3Refusal } from "./s3_refusal.ts";

/** What is sent along with bytes. */
export interface S3Body {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Their SHA-256, hex, lower case. */
  readonly sha256: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What requests to a bucket go by. */
export interface S3SenderOptions {
  readonly transport: Transport;
  /** Where the bucket is, without a slash at the end. */
  readonly base: string;
  readonly clock: Clock;
  readonly random: () => number;
}

const attempts = 5;
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** After this the breaker lets a request through again. */
const trialMs = 30_000;
const mostTextBytes = 4 * 1024 * 1024;
/** Refusals that pass, whatever their status says: credentials are asked for anew; the last ones: what came was not what was sent. */
const passingNames: ReadonlySet<string> = new Set([
  ...[
    "ExpiredToken",
    "TokenRefreshRequired",
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "RequestTimeout",
    "OperationAborted",
  ],
  ...["RequestTimeTooSkewed", "XAmzContentSHA256Mismatch", "BadDigest", "InvalidDigest"],
]);

/** What is sent along with a request. */
export interface S3RequestOptions {
  /** With its question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly signal?: AbortSignal | undefined;
}

/** Errors of requests that were not sent at all, because those before went wrong. */
const unsent = new WeakSet<object>();
const isUnsent = (error: unknown) => typeof error === "object" && error !== null && unsent.has(error);

function isPassing(error: unknown): boolean {
  if (passingNames.has(s3NameOf(error)) || isUnsent(error) || isCode(error, "circuit_open")) return true;
  return error instanceof CivikitError && errorIs("passing", error);
}

/** Why a request is not sent: what the store said last, and not that we ask it no more. */
function notSent(action: string, last: HttpError | NetworkError, cause: unknown): CivikitError {
  const { code, reason, url } = last;
  const facts = { code, url, cause, ...(reason !== undefined && { reason }) };
  const message = `${action}: not sent, because before that ${last.message}`;
  const error = last instanceof HttpError
    ? new HttpError(message, { ...facts, status: last.status, body: last.body })
    : new NetworkError(message, facts);
  unsent.add(error);
  return error;
}

/** Sends requests to one bucket. */
export interface S3Sender {
  /** Where an object is. */
  urlOf(key: string): string;
  /** One call, and its refusal as an error; what has a body is sent again by `again` alone. Without a key: the bucket. */
  ask(method: string, key: string, action: string, options: S3RequestOptions): Promise<Response>;
  /** Again where a failure may pass; these are writes, which the stack below sends once. */
  again<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
}

/** Text of an answer; empty where it is far too long. */
export async function s3Text(response: Response): Promise<string> {
  return await readTextAtMost(response, mostTextBytes) ?? "";
}

/** What goes with bytes: their hash is part of the signature. */
export function signedBody({ bytes, sha256, headers = {} }: S3Body): S3RequestOptions {
  return {
    body: bytes,
    headers: { "content-type": "application/octet-stream", "x-amz-content-sha256": sha256, ...headers },
  };
}

/** What sends requests to one bucket. */
export function s3Sender({ transport, base, clock, random }: S3SenderOptions): S3Sender {
  /** What opened the circuit, if one is open. */
  let last: HttpError | NetworkError | undefined;
  const urlOf = (key: string) => `${base}/${key.split("/").map(encodeURIComponent).join("/")}`;

  async function ask(method: string, key: string, action: string, options: S3RequestOptions): Promise<Response> {
    const { query = "", headers = {}, body, signal } = options;
    const url = `${key === "" ? base : urlOf(key)}${query}`;
    const request = new Request(url, {
      method,
      headers: { ...headers, ...(body === undefined && { "x-amz-content-sha256": emptySha256 }) },
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    });
    try {
      const response = await transport.fetch(request, { ...newContext(), refusals: "return" });
      if (response.ok) return response;
      throw await s3Refusal(action, url, response);
    } catch (error) {
      if (isCode(error, "circuit_open")) throw last === undefined ? error : notSent(action, last, error);
      if (error instanceof NetworkError || error instanceof HttpError && error.status >= 500) last = error;
      throw error;
    }
  }

  async function again<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    let delayMs = firstDelayMs;
    for (let attempt = 1;; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (signal?.aborted || attempt === attempts || !isPassing(error)) throw error;
        const isWithheld = isUnsent(error) || isCode(error, "circuit_open");
        const asked = isWithheld ? trialMs : error instanceof HttpError ? error.retryAfterMs ?? 0 : 0;
        // a clock was set right, and there is nothing to wait for
        if (s3NameOf(error) === "RequestTimeTooSkewed") continue;
        await sleep(clock, Math.max(asked, delayMs * (0.5 + random() / 2)), signal);
        delayMs = Math.min(2 * delayMs, longestDelayMs);
      }
    }
  }

  return { urlOf, ask, again };
}

/** SHA-256 of nothing. */
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
