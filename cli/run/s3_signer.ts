import { statSync } from "node:fs";
import type { S3Credentials } from "../../fleet/mirror/mod.ts";
import { isLoopback, readPlainText, readTextAtMost, rememberSecret } from "../../transport/internal.ts";
import { CivikitError, fetchTransport } from "../../transport/mod.ts";
import { checkedCredentials, s3Credentials, s3CredentialsFile } from "../settings/s3_credentials.ts";
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

/** What opens the container's service; undefined where it is open to all in the container. */
function tokenIn(env: Io["env"]): string | undefined {
  const path = env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  try {
    const token = path ? readPlainText(path).trim() : env("AWS_CONTAINER_AUTHORIZATION_TOKEN") || undefined;
    if (token) rememberSecret(token);
    return token;
  } catch {
    throw invalid(`reading the S3 credentials: the token file ${JSON.stringify(path)} cannot be read`, path!);
  }
}

/** What the container's own service gives: for some hours, then others. */
function containerSigner(env: Io["env"]): S3Signer | undefined {
  const url = containerUrl(env);
  if (url === undefined) return undefined;
  const service = `the container's service at "${url.host}"`;
  let known: (S3Credentials & { readonly untilMs: number }) | undefined;
  let asking: Promise<S3Credentials> | undefined;

  async function answer(authorization: string | undefined): Promise<{ ok: boolean; status: number; text: string }> {
    try {
      using transport = fetchTransport({ allowHttp: true, headersMs: patienceMs });
      const headers: HeadersInit = authorization ? { authorization } : {};
      const signal = AbortSignal.timeout(2 * patienceMs);
      const response = await transport.fetch(new Request(url!, { headers, redirect: "error", signal }));
      const { ok, status } = response;
      return { ok, status, text: await readTextAtMost(response, mostBytes) ?? "" };
    } catch (error) {
      if (error instanceof CivikitError) throw error;
      // the platform shows a header that it refuses, and that is the token
      throw invalid(`reading the S3 credentials: ${service} could not be asked, or not to the end`, url!.host);
    }
  }

  async function ask(): Promise<S3Credentials> {
    const { ok, status, text } = await answer(tokenIn(env));
    const said = (ok ? readJson(text) : {}) as Record<string, unknown>;
    const word = (name: string) => typeof said[name] === "string" ? said[name] : "";
    const [accessKeyId, secretAccessKey] = [word("AccessKeyId"), word("SecretAccessKey")];
    if (!accessKeyId || !secretAccessKey) {
      const what = ok ? "no credentials" : `status ${status}`;
      throw invalid(`reading the S3 credentials: ${service} gives ${what}`, url!.host);
    }
    const sessionToken = word("Token") || undefined;
    const untilMs = Date.parse(word("Expiration"));
    known = {
      ...checkedCredentials({ accessKeyId, secretAccessKey, sessionToken }, service),
      untilMs: Number.isNaN(untilMs) ? Infinity : untilMs,
    };
    return known;
  }

  return (refused) => {
    const leftMs = known !== undefined && known !== refused ? known.untilMs - Date.now() : 0;
    if (leftMs > aheadMs) return known;
    const found = asking ??= ask().finally(() => asking = undefined);
    // a service that is away for a moment ends nothing as long as these hold
    return leftMs > 0 ? found.catch(() => known) : found;
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
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return [ino, size, mtimeNs].join();
  } catch {
    return "";
  }
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
        known = s3Credentials(env) ?? known;
        version = found;
      } catch {
        // half written, as one that is empty: what was known goes on until it can be read
      }
    }
    return known ?? container?.(refused);
  };
}
