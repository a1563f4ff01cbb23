import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Who may do what: `write` may read, too. */
export interface S3User {
  /** Its secret access key. */
  readonly secretAccessKey: string;
  /** What it may. Default `write`. */
  readonly may?: "read" | "write" | "nothing" | undefined;
}

/** What a signature is checked against. */
export interface SignatureRules {
  /** Users by access key id. */
  readonly users: ReadonlyMap<string, S3User>;
  /** The region it has to name. */
  readonly region: string;
  /** The server's time, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Why a request is refused, as S3 says it. */
export interface S3Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Further elements of the answer. */
  readonly facts?: Readonly<Record<string, string>>;
}

const quarterMs = 15 * 60_000;
const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const refuse = (status: number, code: string, message: string, facts: Record<string, string> = {}): S3Refusal => ({
  ...{ status, code, message, facts },
});

function parsed(authorization: string) {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/
      .exec(authorization);
  if (found === null) return undefined;
  const [, keyId, day, region, names, signature] = found as unknown as string[];
  return { keyId: keyId!, day: day!, region: region!, names: names!.split(";"), signature: signature! };
}

/** `20261126T120000Z` in milliseconds since the epoch; NaN when it is no such date. */
function dateOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function canonicalRequest({ method, url, headers }: Request, names: readonly string[]): string {
  const { pathname, searchParams, host } = new URL(url);
  const path = pathname.split("/").map((segment) => encode(decodeURIComponent(segment))).join("/");
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join("&");
  const fields = names.map((name) => {
    const value = name === "host" ? headers.get("host") ?? host : headers.get(name) ?? "";
    return `${name}:${value.trim().replace(/ +/g, " ")}\n`;
  });
  const payload = headers.get("x-amz-content-sha256") ?? "";
  return [method, path, query, fields.join(""), names.join(";"), payload].join("\n");
}

/**
 * Checks a request's signature as S3 does: Signature Version 4 in the Authorization header, with host and every
 * `x-amz-` header signed and a date within 15 minutes of the server's.
 *
 * @returns The user; or why the request is refused.
 */
export function checkSignature(request: Request, { users, region, nowMs }: SignatureRules): S3User | S3Refusal {
  const { headers } = request;
  const authorization = headers.get("authorization");
  if (authorization === null) return refuse(403, "AccessDenied", "Access Denied");
  const claim = parsed(authorization);
  if (claim === undefined) return refuse(400, "AuthorizationHeaderMalformed", "The authorization header is malformed");
  const user = users.get(claim.keyId);
  if (user === undefined) {
    return refuse(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records.", {
      AWSAccessKeyId: claim.keyId,
    });
  }
  if (claim.region !== region) {
    const message =
      `The authorization header is malformed; the region '${claim.region}' is wrong; expecting '${region}'`;
    return refuse(400, "AuthorizationHeaderMalformed", message, { Region: region });
  }
  const date = headers.get("x-amz-date") ?? "";
  const signedMs = dateOf(date);
  if (Number.isNaN(signedMs) || !date.startsWith(claim.day)) {
    return refuse(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
  }
  if (Math.abs(signedMs - nowMs) > quarterMs) {
    const message = "The difference between the request time and the current time is too large.";
    const [RequestTime, ServerTime] = [date, new Date(nowMs).toISOString()];
    return refuse(403, "RequestTimeTooSkewed", message, {
      RequestTime,
      ServerTime,
      MaxAllowedSkewMilliseconds: "900000",
    });
  }
  const due = ["host", ...[...headers.keys()].filter((name) => name.startsWith("x-amz-"))];
  const missing = due.find((name) => !claim.names.includes(name));
  if (missing !== undefined || !headers.has("x-amz-content-sha256")) {
    return refuse(403, "AccessDenied", "There were headers present in the request which were not signed", {
      HeadersNotSigned: missing ?? "x-amz-content-sha256",
    });
  }
  const scope = `${claim.day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonicalRequest(request, claim.names))].join("\n");
  const key = ["s3", "aws4_request"].reduce(
    (before: Uint8Array, word) => hmac(before, word),
    hmac(hmac(`AWS4${user.secretAccessKey}`, claim.day), region) as Uint8Array,
  );
  const right = hmac(key, text);
  if (timingSafeEqual(right, Uint8Array.fromHex(claim.signature))) return user;
  const message = "The request signature we calculated does not match the signature you provided. Check your key.";
  return refuse(403, "SignatureDoesNotMatch", message, { AWSAccessKeyId: claim.keyId });
}
