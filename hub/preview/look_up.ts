import { dirname, join } from "node:path";
import {
  type Civitai,
  parseReference,
  type ResolvedFile,
  resolveDownloads,
  type SiteReference,
} from "../../api/mod.ts";
import { placer } from "../../api/layout/placer.ts";
import { freeBytes, messageOf, nameInUrl, redactUrl } from "../../transport/internal.ts";
import { checkReference } from "../add_jobs.ts";
import type { Parts } from "../parts.ts";
import { problemOf } from "../routes/problem.ts";
import { gather } from "./gather.ts";
import type { JobOptions } from "../queue/job.ts";
import type { PreviewLine } from "./preview_line.ts";

/** So many are asked for one by one, which tells most of each; more are asked for by the hundred. */
const mostSingly = 50;
const batchSize = 100;
const atOnce = 4;

/** What a look-up asks and looks at. */
type LookUpParts = Pick<Parts, "api" | "queue" | "where" | "find">;

/** A line that means something on the site. */
interface Asked {
  readonly index: number;
  readonly reference: SiteReference;
}

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

/** Does the work on each, some at once. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const entries = items.values();
  const worker = async () => {
    for (const item of entries) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Finds out what is known here of files: where they would go, whether they are there, and what room there is. */
function place({ where, find }: LookUpParts, signal: AbortSignal) {
  const rooms = new Map<string, Promise<number | undefined>>();
  const placers = new Map<number | null, ReturnType<typeof placer>>();
  const { root, layout, folders } = where();

  function roomOf(folder: string): Promise<number | undefined> {
    const known = rooms.get(folder) ?? roomAt(folder);
    rooms.set(folder, known);
    return known;
  }

  async function below(file: ResolvedFile, api: Pick<Civitai, "models">): Promise<string> {
    if (layout === undefined) return file.fileName;
    const key = /\{(?:creator|tag)\}/.test(layout) ? file.modelId : null;
    const known = placers.get(key) ?? placer(layout, file.modelId, api, { signal, ...(folders && { folders }) });
    placers.set(key, known);
    return (await known)(file);
  }

  return async (file: ResolvedFile, api: Pick<Civitai, "models">) => {
    const path = join(root, await below(file, api));
    const there = await sizeAt(path);
    const isThere = there !== undefined && (!file.isSizeExact || there === file.sizeBytes);
    const sha256 = file.hashes["SHA256"];
    const elsewhere = isThere || sha256 === undefined ? undefined : await find?.(sha256);
    return { path, freeBytes: await roomOf(dirname(path)), have: isThere ? path : elsewhere };
  };
}

/** Whether the queue has what a reference means, and is not done with it. */
async function isComing({ queue }: LookUpParts, reference: SiteReference, file?: ResolvedFile): Promise<boolean> {
  const versionId = file?.versionId ?? (reference.kind === "version" ? reference.versionId : undefined);
  const { versions, models } = await queue.queued({
    ...(versionId !== undefined && { versions: [versionId] }),
    ...(reference.kind === "model" && { models: [reference.modelId] }),
  });
  return versions.size + models.size > 0;
}

async function urlLine(
  url: string,
  { where, queue }: LookUpParts,
  { output, dir }: JobOptions = {},
): Promise<Partial<PreviewLine>> {
  const name = output ?? nameInUrl(url);
  const path = join(dir ?? where().root, name);
  const have = await sizeAt(path) === undefined ? undefined : path;
  return {
    name,
    title: redactUrl(url),
    path,
    have,
    isQueued: (await queue.queued({ urls: [url] })).urls.size > 0,
    isLookedUp: true,
  };
}

/**
 * Finds out what there is to know of each line and writes it into its place, the first ones first; stops, leaving the
 * rest as it is, when `signal` aborts.
 */
export async function lookUp(lines: PreviewLine[], parts: LookUpParts, signal: AbortSignal): Promise<void> {
  const { api } = parts;
  const placed = place(parts, signal);
  const know = (index: number, found: Partial<PreviewLine>) => void (lines[index] = { ...lines[index]!, ...found });
  const asked: Asked[] = [];
  const elsewhere: { readonly index: number; readonly url: string }[] = [];
  for (const [index, { reference, isLookedUp, canAdd }] of lines.entries()) {
    if (isLookedUp || !canAdd) continue;
    try {
      checkReference(reference, parts);
    } catch (error) {
      know(index, { reference: messageOf(reference), problem: problemOf(error), canAdd: false, isLookedUp: true });
      continue;
    }
    const parsed = parseReference(reference, api);
    if (parsed.kind === "url") elsewhere.push({ index, url: parsed.url });
    else asked.push({ index, reference: parsed });
  }

  async function one(
    { index, reference }: Asked,
    from: Parameters<typeof resolveDownloads>[0] & Pick<Civitai, "models">,
  ) {
    try {
      const file = lines[index]!.options?.file;
      const [found] = await resolveDownloads(from, reference, {
        signal,
        ...(file !== undefined && { file: fileOf(file) }),
      });
      const { sizeBytes, earlyAccess, modelName, versionName, modelType, baseModel, warnings, fileName } = found!;
      know(index, {
        ...{ name: fileName, title: `${modelName} · ${versionName}`, type: modelType, baseModel, sizeBytes, warnings },
        ...(await placed(found!, from)),
        ...(earlyAccess !== null && { earlyAccess: earlyAccess.endsAt }),
        ...{ isQueued: await isComing(parts, reference, found), isLookedUp: true },
      });
    } catch (error) {
      // what cannot be asked now may be asked when its turn comes
      if (signal.aborted) return;
      know(index, { problem: problemOf(error), isQueued: await isComing(parts, reference), isLookedUp: true });
    }
  }

  await each(elsewhere, async ({ index, url }) => {
    if (!signal.aborted) know(index, await urlLine(url, parts, lines[index]!.options));
  });
  const left: Asked[] = [];
  if (asked.length <= mostSingly) left.push(...asked);
  else {
    const batches = Array.from(
      { length: Math.ceil(asked.length / batchSize) },
      (_, index) => asked.slice(index * batchSize, (index + 1) * batchSize),
    );
    await each(batches, async (batch) => {
      if (signal.aborted) return;
      try {
        const found = await gather(api, batch.map(({ reference }) => reference), signal);
        await Promise.all(batch.map((line) => {
          if (found.has(line.reference)) return one(line, found);
          left.push(line);
        }));
      } catch (error) {
        if (signal.aborted) return;
        for (const { index, reference } of batch) {
          know(index, { problem: problemOf(error), isQueued: await isComing(parts, reference), isLookedUp: true });
        }
      }
    });
  }
  left.sort((a, b) => a.index - b.index);
  for (const { index, reference } of left.slice(mostSingly)) {
    know(index, { isUnlisted: true, isQueued: await isComing(parts, reference), isLookedUp: true });
  }
  await each(left.slice(0, mostSingly), (line) => signal.aborted ? Promise.resolve() : one(line, api));
}

/** A file of a version as the resolver takes it: by its id, or by its name. */
const fileOf = (file: string): number | string => /^\d+$/.test(file) ? Number(file) : file;
