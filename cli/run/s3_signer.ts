import { statSync } from "node:fs";
import type { S3Credentials } from "../../fleet/mirror/mod.ts";
import { isLoopback, readPlainText, readTextAtMost, rememberSecret } from "../../transport/internal.ts";
import { fetchTransport } from "../../transport/mod.ts";
import { s3Credentials, s3CredentialsFile } from "../settings/s3_credentials.ts";
import { invalid } from "../settings/setting_words.ts";
import type { Io } from "../terminal/io.ts";

/** Tells who signs, before each request; given what was refused, it looks again. */
export type S3Signer = (refused?: S3Credentials) => S3Credentials | undefined | Promise<S3Credentials | undefined>;

/** Where Amazon's containers ask for credentials, besides this machine: ECS, EKS. */
const containerHosts: ReadonlySet<string> = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);
/** How long before their end others are asked for, in milliseconds. */
const aheadMs = 5 * 60_000;
const patienceMs = 5000;
const mostBytes = 64 * 1024;

function containerUrl(env: Io["env"]): URL | undefined {
  const relative = env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const full = env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative && !full) return undefined;
  const name = `AWS_CONTAINER_CREDENTIALS_${relative ? "RELATIVE" : "FULL"}_URI`;
  const url = URL.parse(relative ? `http://169.254.170.2${relative}` : full!);
  // a token goes there, and whoever answers says who signs
  if (url?.protocol === "https:" || (url && (isLoopback(url.href) || containerHosts.has(url.hostname)))) return url;
  throw invalid(
    `reading the S3 credentials: ${name} is neither https nor an address of this machine's container`,
    name,
  );
}

/** What the container's own service gives: for some hours, then others. */
function containerSigner(env: Io["env"]): S3Signer | undefined {
  const url = containerUrl(env);
  if (url === undefined) return undefined;
  let known: (S3Credentials & { readonly untilMs: number }) | undefined;
  let asking: Promise<S3Credentials> | undefined;

  async function ask(): Promise<S3Credentials> {
    const path = env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const authorization = path ? readPlainText(path).trim() : env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (authorization) rememberSecret(authorization);
    using transport = fetchTransport({ allowHttp: true, headersMs: patienceMs });
    const response = await transport.fetch(
      new Request(url!, { headers: authorization ? { authorization } : {}, redirect: "error" }),
    );
    const text = await readTextAtMost(response, mostBytes) ?? "";
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration: end } =
      (response.ok ? readJson(text) : {}) as Record<string, string | undefined>;
    if (!accessKeyId || !secretAccessKey) {
      const what = response.ok ? "no credentials" : `status ${response.status}`;
      throw invalid(`reading the S3 credentials: the container's service at "${url!.host}" gives ${what}`, url!.host);
    }
    for (const secret of [secretAccessKey, sessionToken ?? ""]) rememberSecret(secret);
    const untilMs = Date.parse(end ?? "");
    known = { accessKeyId, secretAccessKey, sessionToken, untilMs: Number.isNaN(untilMs) ? Infinity : untilMs };
    return known;
  }

  return (refused) => {
    const isGood = known !== undefined && known !== refused && known.untilMs - Date.now() > aheadMs;
    return isGood ? known : asking ??= ask().finally(() => asking = undefined);
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** What changes when a file does; empty where there is none. */
function versionOf(path: string | undefined): string {
  if (path === undefined) return "";
  const { ino, size, mtimeNs } = statSync(path, { bigint: true, throwIfNoEntry: false }) ?? {};
  return [ino, size, mtimeNs].join();
}

/**
 * Who signs for S3, as Amazon's own programs find it: the environment, which does not change; else the shared file, read
 * again once it has changed; else the service of the container, asked again before what it gave ends or when that is
 * refused. `credential_process` is not run: civikit starts no programs.
 *
 * @throws {InputError} `invalid_config` when they cannot be used; nothing of them is shown.
 */
export function s3Signer(env: Io["env"]): S3Signer {
  const path = s3CredentialsFile(env);
  let version = versionOf(path);
  let known = s3Credentials(env);
  const container = known === undefined ? containerSigner(env) : undefined;
  return (refused) => {
    const found = versionOf(path);
    if (found !== version) {
      try {
        known = s3Credentials(env);
        version = found;
      } catch {
        // half written: what was known goes on until it can be read
      }
    }
    return known ?? container?.(refused);
  };
}
