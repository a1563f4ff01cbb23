import type { ErrorCode, ErrorReason } from "./codes.ts";

/** Facts that go with an error; URLs in it are redacted. */
export interface CivikitErrorOptions extends ErrorOptions {
  /** Stable name of the failure. */
  code: ErrorCode;
  /** What the code leaves open, where it is known. */
  reason?: ErrorReason | undefined;
}

/**
 * The root of everything civikit throws (a caller's own abort aside). Match on `code`, never on the message.
 *
 * @example
 * ```ts
 * import { CivikitError } from "@civikit/civikit/transport";
 *
 * const error = new CivikitError(`opening "x.part": no space left`, { code: "no_space" });
 * console.log(error.code); // "no_space"
 * ```
 */
export class CivikitError extends Error {
  /** `CivikitError`. */
  override name = "CivikitError";
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** What the code leaves open; undefined where it is not known. */
  declare readonly reason?: ErrorReason;

  /** Takes a message of the form: action, quoted value, colon, state. */
  constructor(message: string, { code, reason, ...options }: CivikitErrorOptions) {
    super(message, options);
    this.code = code;
    if (reason !== undefined) this.reason = reason;
  }
}

/** Facts of an {@linkcode HttpError}. */
export interface HttpErrorOptions extends CivikitErrorOptions {
  /** The status the server answered with. */
  status: number;
  /** What was asked for, redacted. */
  url: string;
  /** The start of the answer's text, at most a few KiB, secrets cut. */
  body?: string;
  /** What Retry-After asked for, in milliseconds from the answer's arrival. */
  retryAfterMs?: number | undefined;
  /** What a 416 says is the size of the file, in bytes. */
  totalBytes?: number | undefined;
}

/** The server answered, and the answer was no: any status outside 2xx (RFC 9110 section 15). */
export class HttpError extends CivikitError {
  /** `HttpError`. */
  override name = "HttpError";
  /** The status the server answered with. */
  readonly status: number;
  /** What was asked for, redacted. */
  readonly url: string;
  /** The start of the answer's text, at most a few KiB, secrets cut. */
  readonly body: string;
  /** What Retry-After asked for, in milliseconds; undefined when it did not. */
  readonly retryAfterMs: number | undefined;
  /** What a 416 says is the size of the file, in bytes; undefined when it does not. */
  readonly totalBytes: number | undefined;

  /** Takes the facts of the answer. */
  constructor(message: string, { status, url, body = "", retryAfterMs, totalBytes, ...options }: HttpErrorOptions) {
    super(message, options);
    this.status = status;
    this.url = url;
    this.body = body;
    this.retryAfterMs = retryAfterMs;
    this.totalBytes = totalBytes;
  }
}

/** Facts of a {@linkcode NetworkError}. */
export interface NetworkErrorOptions extends CivikitErrorOptions {
  /** What was asked for, redacted. */
  url: string;
}

/** No usable answer came: DNS, connect, TLS, reset, a timer of ours, an open circuit, or a redirect we refuse. */
export class NetworkError extends CivikitError {
  /** `NetworkError`. */
  override name = "NetworkError";
  /** What was asked for, redacted. */
  readonly url: string;

  /** Takes the facts of the failure. */
  constructor(message: string, { url, ...options }: NetworkErrorOptions) {
    super(message, options);
    this.url = url;
  }
}

/** An answer came, but its bytes cannot be what was asked for: HTML for a file, a lying Content-Range, a changed file. */
export class ContentError extends CivikitError {
  /** `ContentError`. */
  override name = "ContentError";
  /** What was asked for, redacted. */
  readonly url: string;

  /** Takes the facts of the failure. */
  constructor(message: string, { url, ...options }: NetworkErrorOptions) {
    super(message, options);
    this.url = url;
  }
}

/** Facts of a {@linkcode VerificationError}. */
export interface VerificationErrorOptions extends CivikitErrorOptions {
  /** What was checked: a hash name such as `SHA256`, or `size`. */
  algorithm: string;
  /** What was wanted. */
  expected: string;
  /** What the bytes gave. */
  actual: string;
  /** Where the rejected bytes are kept, if they are. */
  path: string;
}

/** The file is complete and is not the file that was promised. */
export class VerificationError extends CivikitError {
  /** `VerificationError`. */
  override name = "VerificationError";
  /** What was checked: a hash name such as `SHA256`, or `size`. */
  readonly algorithm: string;
  /** What was wanted. */
  readonly expected: string;
  /** What the bytes gave. */
  readonly actual: string;
  /** Where the rejected bytes are kept, if they are. */
  readonly path: string;

  /** Takes the facts of the mismatch. */
  constructor(message: string, { algorithm, expected, actual, path, ...options }: VerificationErrorOptions) {
    super(message, options);
    this.algorithm = algorithm;
    this.expected = expected;
    this.actual = actual;
    this.path = path;
  }
}

/** Facts of a {@linkcode DiskError}. */
export interface DiskErrorOptions extends CivikitErrorOptions {
  /** The file or folder in question. */
  path: string;
}

/** The disk said no: space, rights, a missing folder, a lock, a failed rename, an I/O error. */
export class DiskError extends CivikitError {
  /** `DiskError`. */
  override name = "DiskError";
  /** The file or folder in question. */
  readonly path: string;

  /** Takes the facts of the failure. */
  constructor(message: string, { path, ...options }: DiskErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Facts of an {@linkcode InputError}. */
export interface InputErrorOptions extends CivikitErrorOptions {
  /** What was given, secrets cut. */
  input: string;
}

/** What the caller asked for cannot be meant: a malformed URL or AIR, an unknown file, a bad setting. */
export class InputError extends CivikitError {
  /** `InputError`. */
  override name = "InputError";
  /** What was given, secrets cut. */
  readonly input: string;

  /** Takes the facts of the failure. */
  constructor(message: string, { input, ...options }: InputErrorOptions) {
    super(message, options);
    this.input = input;
  }
}

/** Tells whether `error` is one of civikit's own with this `code`. */
export function isCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof CivikitError && error.code === code;
}
