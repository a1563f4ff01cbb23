import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import type { Site } from "../../api/client/site.ts";
import { layout } from "../../api/layout/layout.ts";
import { parseReference, type Reference } from "../../api/references/reference.ts";
import { noOthers, redactUrl, shownInput } from "../../transport/internal.ts";
import { type ErrorCode, InputError, safeFileName } from "../../transport/mod.ts";
import type { JobOptions, NewJob } from "./job.ts";

/** A job that may be kept. */
export interface CheckedJob {
  /** Names the wish. */
  readonly key: string;
  /** Whether the key was given; else it was made of reference and options. */
  readonly isNamed: boolean;
  /** What is wanted; without a secret. */
  readonly reference: string;
  /** What exactly, nothing undefined in it. */
  readonly options: JobOptions;
  /** What it is about, whichever file of it: `version:ID`, `model:ID` or `url:URL`. */
  readonly subject: string;
}

/** Jobs that were asked for together. */
export interface CheckedWish {
  /** Names the wish. */
  readonly key: string;
  /** Stands for everything that was asked for. */
  readonly digest: string;
  /** The jobs, with keys of this wish. */
  readonly jobs: readonly CheckedJob[];
}

const longestKey = 512;
const longestPath = 4096;

type Kind = "text" | "switch" | "folder" | "digest";

const optionKinds: { readonly [Name in keyof Required<JobOptions>]: Kind } = {
  file: "text",
  allFiles: "switch",
  dir: "folder",
  root: "folder",
  layout: "text",
  output: "text",
  sidecars: "switch",
  sha256: "digest",
  blake3: "digest",
  force: "switch",
  verify: "switch",
};

function refuse(text: string, reason: string, code: ErrorCode = "invalid_argument"): InputError {
  const input = shownInput(text);
  return new InputError(`queueing ${JSON.stringify(input)}: ${reason}`, { code, input });
}

/** What is wrong with the value of an option; undefined when nothing is. */
function faultOf(kind: Kind, value: unknown): string | undefined {
  if (kind === "switch") return typeof value === "boolean" ? undefined : "true or false is due";
  if (typeof value !== "string" || value === "") return "a text is due";
  // deno-lint-ignore no-control-regex
  if (value.length > longestPath || /[\x00-\x1f\x7f]/.test(value)) return "too long, or with control characters";
  if (kind === "folder" && !isAbsolute(value)) return "an absolute path is due";
  return kind === "digest" && !/^[\da-f]{64}$/i.test(value) ? "64 hexadecimal digits are due" : undefined;
}

function checkedOptions(reference: string, given: JobOptions): JobOptions {
  try {
    noOthers<JobOptions>("add", given, optionKinds);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw refuse(reference, error.message);
  }
  const names = Object.keys(optionKinds).filter((name) => given[name as keyof JobOptions] !== undefined).sort();
  for (const name of names as (keyof JobOptions)[]) {
    const fault = faultOf(optionKinds[name], given[name]);
    if (fault !== undefined) throw refuse(reference, `option ${name}: ${fault}`);
  }
  const { allFiles, file, output, sha256, blake3, dir, layout: places, root } = given;
  const isHashed = sha256 !== undefined || blake3 !== undefined;
  if (allFiles && file !== undefined) throw refuse(reference, "option allFiles: contradicts file");
  if (allFiles && (output !== undefined || isHashed)) throw refuse(reference, "output and hashes belong to one file");
  if (dir !== undefined && (places !== undefined || root !== undefined)) {
    throw refuse(reference, "option dir: contradicts root and layout");
  }
  if (isHashed && given.verify === false) throw refuse(reference, "option verify: contradicts a given hash");
  if (output !== undefined && safeFileName(output) !== output) {
    throw refuse(
      reference,
      `option output: no name every system can hold, try "${safeFileName(output)}"`,
      "invalid_path",
    );
  }
  if (places !== undefined) layout(places);
  return Object.fromEntries(names.map((name) => [name, given[name as keyof JobOptions]]));
}

/** The same for whatever means the same. */
function canonical(reference: Reference): string {
  if (reference.kind === "url") return reference.url;
  const { kind, select, host = "" } = reference;
  const id = reference.kind === "model" ? reference.modelId : reference.versionId;
  const chosen = Object.entries(select).sort().map(([name, value]) => `${name}=${String(value).toLowerCase()}`);
  return [host, kind, id, ...chosen].join(":");
}

const subjectOf = (reference: Reference): string => {
  if (reference.kind === "url") return `url:${reference.url}`;
  return reference.kind === "model" ? `model:${reference.modelId}` : `version:${reference.versionId}`;
};

const digest = (...words: readonly unknown[]) => createHash("sha256").update(JSON.stringify(words)).digest("hex");

/** The same key for the same place of the same wish. @throws {InputError} `invalid_argument` when the key is none. */
export function checkedWish(key: string, jobs: readonly CheckedJob[]): CheckedWish {
  checkKey(key, key);
  const all = digest(jobs.map(({ reference, options }) => [reference, options]));
  return {
    key: digest(key),
    digest: all,
    jobs: jobs.map((job, index) => ({ ...job, key: `=${digest(key, all, index)}`, isNamed: true })),
  };
}

/** What is said of a wish's name that named other jobs. */
export function keyReused(key: string): InputError {
  return new InputError(`queueing with the key ${JSON.stringify(shownInput(key))}: it named other jobs before`, {
    ...{ code: "invalid_argument", reason: "key_reused", input: key },
  });
}

function checkKey(key: unknown, reference: string): void {
  if (typeof key === "string" && /^[\x20-\x7e]+$/.test(key) && key.length <= longestKey) return;
  throw refuse(reference, `key: 1 to ${longestKey} plain characters are due`);
}

/**
 * A job as any queue keeps it: its reference understood and without a secret, its options whole, its key known.
 *
 * @throws {InputError} Naming reference and reason: `invalid_url`, `invalid_air`, `insecure_url` when it is no reference;
 * `invalid_argument`, `invalid_path`, `invalid_config` for options and keys.
 */
export function checkedJob({ reference: written, key, options = {} }: NewJob, site: Partial<Site>): CheckedJob {
  if (typeof written !== "string") throw refuse(String(written), "a reference is due");
  const found = parseReference(written, site);
  if (found.kind === "url" && redactUrl(found.url) !== found.url) {
    throw refuse(
      written,
      "the URL holds a key or a signature, which a queue does not keep; download it with civikit download",
      "invalid_url",
    );
  }
  const reference = found.kind === "url" ? found.url : found.text;
  const checked = checkedOptions(reference, options);
  const job = { reference, options: checked, subject: subjectOf(found) };
  if (key === undefined) return { ...job, key: `${canonical(found)} ${JSON.stringify(checked)}`, isNamed: false };
  checkKey(key, reference);
  return { ...job, key: `=${key}`, isNamed: true };
}
