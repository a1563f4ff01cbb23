import type { DownloadOptions, DownloadProgress, DownloadResult, Transport } from "../../transport/mod.ts";
import { nameInUrl, noOthers } from "../../transport/internal.ts";
import { type Civitai, civitai } from "../civitai.ts";
import { fetchFiles, type WantedFile } from "./fetch_files.ts";
import { placer } from "../layout/placer.ts";
import { promisedOf } from "../references/promised.ts";
import { parseReference, type Reference } from "../references/reference.ts";
import { resolveAgain, resolveDownloads } from "../references/resolve.ts";
import type { ResolvedFile } from "../references/resolved_file.ts";
import type { FileChoice } from "../references/select_files.ts";
import type { Site } from "../client/site.ts";

/** How far one file of {@linkcode downloadModel} is. */
export interface ModelProgress extends DownloadProgress {
  /** The file's path below `directory`. */
  readonly name: string;
}

/** Settings of {@linkcode downloadModel}: where the files go, which of them, and whom to ask. */
export interface DownloadModelOptions
  extends FileChoice, Partial<Site>, Pick<DownloadOptions, "replace" | "report" | "signal" | "throttle"> {
  /** The folder the files go into; made where it is missing. Default: the current one. */
  directory?: string;
  /** Folders below it: a name or a template that `layout()` knows. Default `flat`, which makes none. */
  layout?: string;
  /** Files at once, 1 to 64. Default 3. */
  concurrency?: number;
  /** Called for each file, at most ten times a second and at its end. */
  onProgress?: ((progress: ModelProgress) => void) | undefined;
}

const optionNames: { readonly [Name in keyof Required<DownloadModelOptions>]: true } = {
  all: true,
  baseUrl: true,
  concurrency: true,
  directory: true,
  file: true,
  format: true,
  fp: true,
  layout: true,
  onProgress: true,
  quantType: true,
  replace: true,
  report: true,
  signal: true,
  size: true,
  throttle: true,
  trustedHosts: true,
  type: true,
};

/** A file that {@linkcode downloadModel} has brought. */
export interface DownloadedFile extends DownloadResult {
  /** What the site says about it; undefined when it is not on Civitai. */
  readonly file: ResolvedFile | undefined;
}

interface WantedModelFile extends WantedFile {
  readonly file: ResolvedFile | undefined;
}

/**
 * From whatever names a model to its verified files: asks the site what is meant, downloads, resumes, verifies, and gives
 * each file its place. Run again, it goes on where it stopped; what is there already is not fetched.
 *
 * @param transport What fetches; `createTransport()` has all it takes.
 * @param reference A version's id, `model:ID`, `version:ID`, an AIR, the URL of a page or a download, a hash of a file (8,
 * 10, 12 or 64 hexadecimal digits), or any other https URL.
 * @param options `directory`, `layout`, which files (`file`, `type`, `format`, `size`, `fp`, `quantType`, `all`),
 * `onProgress`, and more: see {@linkcode DownloadModelOptions}.
 * @returns The files, in the site's order; one, unless `all` is set.
 * @throws {InputError} When `reference` or `layout` cannot be understood, or no file fits.
 * @throws {CivikitError} What {@linkcode resolveDownloads} and `download` throw; of several files the others are fetched all
 * the same.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { downloadModel } from "@civikit/civikit";
 *
 * const directory = await Deno.makeTempDir();
 * const transport = { fetch: () => Promise.resolve(new Response("tensors")) };
 * const [file] = await downloadModel(transport, "https://example.test/lantern.bin", {
 *   directory,
 *   onProgress: ({ name, downloadedBytes }) => console.log(name, downloadedBytes),
 * });
 * console.log(file?.bytes); // 7
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function downloadModel(
  transport: Transport,
  reference: string,
  {
    directory = ".",
    layout = "flat",
    baseUrl,
    trustedHosts,
    concurrency = 3,
    onProgress,
    replace = false,
    report,
    signal,
    throttle,
    ...choice
  }: DownloadModelOptions = {},
): Promise<DownloadedFile[]> {
  noOthers<DownloadModelOptions>("downloadModel", choice, optionNames);
  const api = civitai(transport, { ...(baseUrl && { baseUrl }), ...(trustedHosts && { trustedHosts }) });
  const found = await referenceOf(reference, api, signal);
  const files = found.kind === "url" ? [fileAt(found.url)] : await filesOf(found, api, { ...choice, layout, signal });
  const results = new Map<WantedModelFile, DownloadedFile>();
  const failures: unknown[] = [];
  const outcomes = fetchFiles(transport, files, {
    concurrency,
    signal,
    defaults: { root: directory, replace, report, throttle },
    optionsOf: ({ name }, promised) => ({
      ...promised,
      ...(onProgress && { onProgress: (progress) => onProgress({ name, ...progress }) }),
    }),
  });
  for await (const { file, result, error } of outcomes) {
    if (result === undefined) failures.push(error);
    else results.set(file, { ...result, file: file.file });
  }
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return files.map((file) => results.get(file)!);
}

/** A hash, unless it is all digits and may be an id; a SHA-256 or BLAKE3 is longer than any. */
function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text) || /^(?=.*[a-f])(?:[0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12})$/i.test(text);
}

async function referenceOf(text: string, api: Civitai, signal: AbortSignal | undefined): Promise<Reference> {
  const hash = text.trim();
  if (!isHash(hash)) return parseReference(text, api);
  const { id, files } = await api.versions.byHash(hash, { signal });
  const isIt = (one: string | null | undefined) => one?.toLowerCase() === hash.toLowerCase();
  const fileId = files?.find(({ hashes }) => Object.values(hashes ?? {}).some(isIt))?.id;
  return { kind: "version", versionId: id, select: { ...(fileId !== undefined && { fileId }) }, text: hash };
}

function fileAt(url: string): WantedModelFile {
  const name = nameInUrl(url);
  const chooseName = (suggested = name) => suggested;
  return { name, url, fallbackUrls: [], hashes: {}, sizeBytes: undefined, chooseName, file: undefined };
}

async function filesOf(
  reference: Exclude<Reference, { kind: "url" }>,
  api: Civitai,
  { layout, signal, ...choice }: FileChoice & { layout: string; signal: AbortSignal | undefined },
): Promise<WantedModelFile[]> {
  const found = await resolveDownloads(api, reference, { ...choice, signal });
  const place = await placer(layout, found[0]!.modelId, api, { signal });
  return found.map((file) => ({
    name: place(file),
    url: file.url,
    fallbackUrls: file.fallbackUrls,
    ...promisedOf(file),
    refresh: async () => promisedOf(await resolveAgain(api, reference, file, { signal })),
    file,
  }));
}
