import { dirname, join } from "node:path";
import { parseReference, type ResolvedFile, resolveDownloads, type ResolveWarning } from "../api/mod.ts";
import { placer } from "../api/layout/placer.ts";
import { freeBytes, messageOf, nameInUrl, redactUrl } from "../transport/internal.ts";
import { checkReference } from "./add_jobs.ts";
import type { Parts } from "./parts.ts";
import type { JobOptions } from "./queue/job.ts";
import { type Problem, problemOf } from "./routes/problem.ts";

/** What is known of a reference before it is put into the queue. */
export interface PreviewLine {
  /** As it was written. */
  readonly reference: string;
  /** The file's name; undefined where nothing was looked up. */
  readonly name?: string;
  /** The model's name and the version's. */
  readonly title?: string;
  /** What the model is, such as `LORA`. */
  readonly type?: string;
  /** What it was made for. */
  readonly baseModel?: string | null;
  /** Its size in bytes. */
  readonly sizeBytes?: number | undefined;
  /** Where it would go. */
  readonly path?: string;
  /** Room there, in bytes. */
  readonly freeBytes?: number | undefined;
  /** Where it lies already. */
  readonly have?: string | undefined;
  /** Until when it is sold; null for ever or not known, undefined where it is free. */
  readonly earlyAccess?: string | null;
  /** What to know before it is used. */
  readonly warnings?: readonly ResolveWarning[];
  /** Why it cannot be put into the queue, or not be looked up. */
  readonly problem?: Problem;
  /** Whether it can be put into the queue. */
  readonly canAdd: boolean;
}

/** References looked up; the rest is taken as it is written. */
export const mostPreviewed = 50;
const atOnce = 4;
const patienceMs = 10_000;

async function sizeAt(path: string): Promise<number | undefined> {
  return (await Deno.stat(path).catch(() => undefined))?.size;
}

/** Free room at a folder or, where it is not made yet, at the nearest one above. */
async function roomAt(folder: string): Promise<number | undefined> {
  for (let at = folder;; at = dirname(at)) {
    try {
      return await freeBytes(at);
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

async function lineOf(
  reference: string,
  file: ResolvedFile,
  { api, where, find }: Parts,
  options: JobOptions,
  signal: AbortSignal,
): Promise<PreviewLine> {
  const { root, layout } = where();
  const chosen = options.dir === undefined ? options.layout ?? layout : undefined;
  const below = chosen === undefined ? file.fileName : (await placer(chosen, file.modelId, api, { signal }))(file);
  const path = join(options.dir ?? options.root ?? root, below);
  const { sizeBytes, earlyAccess, modelName, versionName, modelType, baseModel, warnings } = file;
  const there = await sizeAt(path);
  const isThere = there !== undefined && (!file.isSizeExact || there === sizeBytes);
  const sha256 = file.hashes["SHA256"];
  const elsewhere = isThere || sha256 === undefined ? undefined : await find?.(sha256);
  return {
    ...{ reference, name: file.fileName, title: `${modelName} · ${versionName}`, type: modelType, baseModel },
    ...{ sizeBytes, path, freeBytes: await roomAt(dirname(path)), have: isThere ? path : elsewhere, warnings },
    ...(earlyAccess !== null && { earlyAccess: earlyAccess.endsAt }),
    canAdd: true,
  };
}

async function lookUp(
  reference: string,
  parts: Parts,
  options: JobOptions,
  signal: AbortSignal,
): Promise<PreviewLine[]> {
  try {
    checkReference(reference, parts);
  } catch (error) {
    return [{ reference: messageOf(reference), problem: problemOf(error), canAdd: false }];
  }
  const parsed = parseReference(reference, parts.api);
  if (parsed.kind === "url") {
    const name = nameInUrl(parsed.url);
    const path = join(options.dir ?? options.root ?? parts.where().root, name);
    const have = await sizeAt(path) === undefined ? undefined : path;
    return [{ reference, name, title: redactUrl(parsed.url), path, have, canAdd: true }];
  }
  try {
    const files = await resolveDownloads(parts.api, parsed, { signal, ...(options.allFiles && { all: true }) });
    return await Promise.all(files.map((file) => lineOf(reference, file, parts, options, signal)));
  } catch (error) {
    // what cannot be asked now may be asked when its turn comes
    return [{ reference, problem: signal.aborted ? undefined : problemOf(error), canAdd: true } as PreviewLine];
  }
}

/** Looks references up, the first {@linkcode mostPreviewed} of them, for ten seconds at most; the rest is checked only. */
export async function preview(
  parts: Parts,
  references: readonly string[],
  options: JobOptions = {},
): Promise<PreviewLine[]> {
  const signal = AbortSignal.timeout(patienceMs);
  const lines: PreviewLine[][] = [];
  const entries = references.entries();
  async function work(): Promise<void> {
    for (const [index, reference] of entries) {
      if (index < mostPreviewed) lines[index] = await lookUp(reference, parts, options, signal);
      else lines[index] = [checkedOnly(reference, parts)];
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return lines.flat();
}

function checkedOnly(reference: string, parts: Parts): PreviewLine {
  try {
    checkReference(reference, parts);
    return { reference, canAdd: true };
  } catch (error) {
    return { reference: messageOf(reference), problem: problemOf(error), canAdd: false };
  }
}
