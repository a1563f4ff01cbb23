import { join } from "node:path";
import { readPlainText, rememberSecret } from "../../transport/internal.ts";
import type { Io } from "../terminal/io.ts";
import { homeFolder } from "./places.ts";
import { isGranted } from "./rights.ts";
import { invalid } from "./setting_words.ts";

/** What signs for S3. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The lines of one profile, as `name = value`; undefined where there is no such profile. */
function profileIn(text: string, wanted: string): Map<string, string> | undefined {
  let found: Map<string, string> | undefined;
  let isWanted = false;
  for (const line of text.split(/\r?\n/)) {
    const [, profile] = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line) ?? [];
    if (profile !== undefined) {
      isWanted = profile === wanted;
      if (isWanted) found ??= new Map();
      continue;
    }
    const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (isWanted && name !== undefined) found!.set(name.toLowerCase(), value!);
  }
  return found;
}

/** Credentials that can be sent; the secrets in them are known from here on. @throws {InputError} `invalid_config`. */
export function checkedCredentials(credentials: Credentials, source: string): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  for (const secret of [secretAccessKey, sessionToken ?? ""]) rememberSecret(secret);
  if (/^[\x21-\x7e]+$/.test(accessKeyId) && /^[\x21-\x7e]+$/.test(secretAccessKey)) return credentials;
  throw invalid(
    `reading the S3 credentials from ${source}: key id and secret are each one word of plain characters`,
    source,
  );
}

/** Amazon's file of credentials; undefined where it may not be read, which is as if it were absent. */
export function s3CredentialsFile(env: Io["env"]): string | undefined {
  const home = homeFolder(env);
  const path = env("AWS_SHARED_CREDENTIALS_FILE") || (home && join(home, ".aws", "credentials"));
  // asked before, because Deno would stop and ask the user
  return path && isGranted([{ name: "read", path }]) ? path : undefined;
}

function fromFile(env: Io["env"]): Credentials | undefined {
  const path = s3CredentialsFile(env);
  const wanted = env("AWS_PROFILE") || "default";
  if (path === undefined) return undefined;
  const source = JSON.stringify(path);
  let text: string;
  try {
    text = readPlainText(path);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw invalid(`reading the S3 credentials from ${source}: the file cannot be read`, path);
  }
  const profile = profileIn(text, wanted);
  if (profile === undefined) {
    if (!env("AWS_PROFILE")) return undefined;
    throw invalid(`reading the S3 credentials from ${source}: there is no profile ${JSON.stringify(wanted)}`, path);
  }
  const [accessKeyId, secretAccessKey] = ["aws_access_key_id", "aws_secret_access_key"].map((name) =>
    profile.get(name)
  );
  if (!accessKeyId || !secretAccessKey) {
    throw invalid(`reading the S3 credentials from ${source}: profile ${JSON.stringify(wanted)} has no key`, path);
  }
  return checkedCredentials({ accessKeyId, secretAccessKey, sessionToken: profile.get("aws_session_token") }, source);
}

/**
 * What signs for S3, as Amazon's own programs find it: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN),
 * else the profile AWS_PROFILE (`default`) in AWS_SHARED_CREDENTIALS_FILE (`~/.aws/credentials`); undefined where there is
 * neither.
 *
 * @throws {InputError} `invalid_config` when they cannot be used; nothing of them is shown.
 */
export function s3Credentials(env: Io["env"]): Credentials | undefined {
  const [accessKeyId, secretAccessKey] = [env("AWS_ACCESS_KEY_ID")?.trim(), env("AWS_SECRET_ACCESS_KEY")?.trim()];
  if (!accessKeyId && !secretAccessKey) return fromFile(env);
  if (!accessKeyId || !secretAccessKey) {
    const [missing, there] = accessKeyId ? ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"] : [
      ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    ];
    throw invalid(`reading the S3 credentials: ${there} is set and ${missing} is not`, missing!);
  }
  const sessionToken = env("AWS_SESSION_TOKEN")?.trim() || undefined;
  return checkedCredentials(
    { accessKeyId, secretAccessKey, sessionToken },
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  );
}
