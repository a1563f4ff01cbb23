import { codeOfStatus, parseRetryAfter, readText, redactText, redactUrl } from "../../transport/internal.ts";
import { type CivikitError, type ErrorCode, type ErrorReason, HttpError } from "../../transport/mod.ts";
import { textOf } from "./s3_xml.ts";

/** What S3 itself calls a failure, such as `NoSuchBucket`; empty where it says nothing. */
const names = new WeakMap<object, string>();

/** The name S3 has for an error, by {@link https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html}. */
export function s3NameOf(error: unknown): string {
  return typeof error === "object" && error !== null ? names.get(error) ?? "" : "";
}

type Meaning = readonly [code: ErrorCode, reason: ErrorReason];

const meanings: Readonly<Record<string, Meaning>> = {
  AccessDenied: ["forbidden", "bucket_denied"],
  AllAccessDisabled: ["forbidden", "bucket_denied"],
  AccountProblem: ["forbidden", "bucket_denied"],
  InvalidAccessKeyId: ["unauthorized", "s3_credentials"],
  SignatureDoesNotMatch: ["unauthorized", "s3_credentials"],
  InvalidToken: ["unauthorized", "s3_credentials"],
  ExpiredToken: ["unauthorized", "s3_credentials"],
  TokenRefreshRequired: ["unauthorized", "s3_credentials"],
  Unauthorized: ["unauthorized", "s3_credentials"],
  RequestTimeTooSkewed: ["unauthorized", "clock_skew"],
  RequestExpired: ["unauthorized", "clock_skew"],
  NoSuchBucket: ["not_found", "bucket_missing"],
  PermanentRedirect: ["invalid_config", "bucket_region"],
  TemporaryRedirect: ["invalid_config", "bucket_region"],
  IllegalLocationConstraintException: ["invalid_config", "bucket_region"],
};

/** An error in the body of an answer, whatever its status; undefined where there is none. */
export function s3ErrorIn(text: string): string | undefined {
  return /<Error>/.test(text) ? textOf(text, "Code") ?? "" : undefined;
}

/**
 * The error an S3 server's refusal stands for: its own name decides before the status.
 *
 * @param action What was being done, for the message.
 * @param response The answer; its body is read, at most 8 KiB of it.
 */
export async function s3Refusal(action: string, url: string, response: Response): Promise<CivikitError> {
  const body = redactText(await readText(response));
  const { status, headers } = response;
  const shown = redactUrl(url);
  const region = headers.get("x-amz-bucket-region") ?? textOf(body, "Region");
  const own = textOf(body, "Code") ??
    (region !== undefined && status >= 300 && status < 400 ? "PermanentRedirect" : "");
  const isRegion = own === "AuthorizationHeaderMalformed" && region !== undefined;
  const [code, reason] = isRegion
    ? ["invalid_config", "bucket_region"] as const
    : meanings[own] ?? (own.startsWith("Authorization") ? meanings["SignatureDoesNotMatch"]! : []);
  const said = [own || `status ${status}`, textOf(body, "Message")].filter(Boolean).join(": ");
  const where = reason === "bucket_region" && region !== undefined ? ` (the bucket's region is ${region})` : "";
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), Date.now());
  const error = new HttpError(`${action}: ${said}${where}`, {
    code: code ?? codeOfStatus(status),
    ...(reason !== undefined && { reason }),
    ...{ status, url: shown, body, retryAfterMs },
  });
  names.set(error, own);
  return error;
}
