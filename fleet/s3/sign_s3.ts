import { AwsV4Signer } from "aws4fetch";
import { type Ask, middlewareOf, parseHttpDate, rememberSecret, systemClock } from "../../transport/internal.ts";
import type { Clock, Middleware } from "../../transport/mod.ts";

/** What signs requests to S3. */
export interface S3Credentials {
  /** Names the user; no secret. */
  readonly accessKeyId: string;
  /** Signs; is sent nowhere. */
  readonly secretAccessKey: string;
  /** Goes with credentials that hold for some hours only. */
  readonly sessionToken?: string | undefined;
}

/** Options of {@linkcode signS3}. */
export interface SignS3Options {
  /** The server: only requests to its scheme, host and port are signed. */
  endpoint: string;
  /** The region signed for. Default `us-east-1`; Cloudflare R2 wants `auto`. */
  region?: string;
  /**
   * Who signs, or what tells it before each request, and again when its answer was refused: then it is given what was.
   * Undefined: requests pass as they are, as public buckets take them.
   */
  credentials:
    | S3Credentials
    | undefined
    | ((refused?: S3Credentials) => S3Credentials | undefined | Promise<S3Credentials | undefined>);
  /** Where time comes from. Default: the machine. */
  clock?: Clock;
}

function isSame(one: S3Credentials, other: S3Credentials): boolean {
  return one.accessKeyId === other.accessKeyId && one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken;
}

/** What S3 answers to credentials that have ended or that it does not know. */
const refusals: ReadonlySet<number> = new Set([400, 401, 403]);

/** S3 refuses signatures older than a quarter of an hour; a clock that is off by less than this is right enough. */
const patienceMs = 5 * 60_000;

/**
 * Signs requests to an S3 server (AWS Signature Version 4, header form). Belongs around the socket, below `retry`: each
 * attempt is signed anew, with its own time. What is signed are the host and all `x-amz-` fields; the hash of the body is
 * what `x-amz-content-sha256` says, `UNSIGNED-PAYLOAD` without one.
 *
 * When the server refuses and its clock differs from ours by more than five minutes, its clock holds from then on; when
 * `credentials` is a function and has others by now, those do. A request without a body is then sent again at once; whoever
 * has a body sends it again.
 *
 * Source: {@link https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html}.
 *
 * @param options See {@linkcode SignS3Options}.
 * @throws {TypeError} When `endpoint` is no URL.
 * @example
 * ```ts
 * import { signS3 } from "@civikit/civikit/fleet";
 * import { compose } from "@civikit/civikit/transport";
 * import { embeddedS3 } from "@civikit/civikit/testing";
 *
 * const s3 = embeddedS3();
 * const signed = compose(s3, signS3({ endpoint: s3.url, credentials: s3.user }));
 * const request = new Request(`${s3.url}/models/a`);
 * console.log((await s3.fetch(request)).status, (await signed.fetch(request)).status); // 403 404
 * ```
 */
export function signS3(
  { endpoint, region = "us-east-1", credentials, clock = systemClock }: SignS3Options,
): Middleware {
  const { origin, hostname } = new URL(endpoint);
  const keys = new Map<string, ArrayBuffer>();
  let aheadMs = 0;

  /** The endpoint itself, and the hosts below it that have the bucket in their name. */
  function isTheirs(url: string): boolean {
    if (url.startsWith(`${origin}/`)) return true;
    const other = new URL(url);
    return other.hostname.endsWith(`.${hostname}`) && other.origin === origin.replace(hostname, other.hostname);
  }

  async function signed(ask: Ask, { accessKeyId, secretAccessKey, sessionToken }: S3Credentials): Promise<Ask> {
    rememberSecret(secretAccessKey);
    if (sessionToken !== undefined) rememberSecret(sessionToken);
    const amazon = Object.entries(ask.headers.record).filter(([name]) => name.startsWith("x-amz-"));
    const signer = new AwsV4Signer({
      method: ask.method,
      url: ask.url,
      headers: Object.fromEntries(amazon),
      ...{ accessKeyId, secretAccessKey, region, service: "s3", cache: keys },
      ...(sessionToken !== undefined && { sessionToken }),
      datetime: new Date(clock.date() + aheadMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    });
    const { headers } = await signer.sign();
    return ask.withHeaders(Object.fromEntries(headers));
  }

  /** How far the server's clock is ahead; undefined where ours agrees, or it says nothing. */
  function differenceMs({ headers }: Response): number | undefined {
    const date = parseHttpDate(headers.get("date"), clock.date());
    if (date === undefined) return undefined;
    const foundMs = date - clock.date();
    return Math.abs(foundMs - aheadMs) > patienceMs ? foundMs : undefined;
  }

  return middlewareOf(async function signS3(ask, next, context) {
    if (!isTheirs(ask.url)) return await next(ask, context);
    const found = typeof credentials === "function" ? await credentials() : credentials;
    if (found === undefined) return await next(ask, context);
    const response = await next(await signed(ask, found), context);
    if (!refusals.has(response.status)) return response;
    const other = response.status === 403 ? differenceMs(response) : undefined;
    aheadMs = other ?? aheadMs;
    const now = typeof credentials === "function" ? await credentials(found) ?? found : found;
    if (ask.hasBody || (other === undefined && isSame(now, found))) return response;
    await response.body?.cancel();
    return await next(await signed(ask, now), context);
  });
}
