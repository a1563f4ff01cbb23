import { dirname, join } from "node:path";
import { layoutFacts } from "../../api/layout/facts.ts";
import { type Role, roleOf } from "../../api/layout/role.ts";
import { placer } from "../../api/layout/placer.ts";
import {
  type Civitai,
  hubFile,
  isHubUrl,
  parseReference,
  type Reference,
  type ResolvedFile,
  resolveDownloads,
  type ResolveWarning,
} from "../../api/mod.ts";
import { promisedOf } from "../../api/references/promised.ts";
import { resolveAgain } from "../../api/references/resolve.ts";
import { isSameHash, nameInUrl, redactUrl, urlDigest } from "../../transport/internal.ts";
import {
  CivikitError,
  type Digests,
  InputError,
  type Promised,
  safeFileName,
  type Transport,
} from "../../transport/mod.ts";
import { withKnownModels } from "./known_models.ts";
import { chooseNames, freeName, type Unnamed } from "./choose_names.ts";

/** One file that will be downloaded. */
export interface PlannedFile {
  /** Its place in the run, from 0. */
  readonly index: number;
  /** What was asked for. */
  readonly reference: string;
  /** The file's name below the folder, which no other file of the run has. */
  readonly name: string;
  /** The folder it goes to; in it no other file of the run has its name. */
  readonly dir: string;
  /** Where it goes. */
  readonly path: string;
  /** Its size in bytes, where known. */
  readonly totalBytes: number | undefined;
  /** Where it comes from. */
  readonly url: string;
  /** To try in order when `url` answers 404. */
  readonly fallbackUrls: readonly string[];
  /** The size it must have; undefined where it is unknown or may be rounded. */
  readonly sizeBytes: number | undefined;
  /** What it is verified with. */
  readonly hashes: Digests;
  /** Asks the API again what is promised; undefined where there is no API to ask. */
  readonly refresh: (() => Promise<Promised>) | undefined;
  /** Names the file once the server has; undefined where its name is known. */
  readonly chooseName?: ((suggested: string | undefined) => string) | undefined;
  /** What to know before it is used. */
  readonly warnings: readonly ResolveWarning[];
  /** Its version; undefined where it is not on Civitai. */
  readonly versionId?: number | undefined;
  /** Until when only buyers get it (null: for good); null or undefined when everybody does. */
  readonly earlyAccess?: ResolvedFile["earlyAccess"] | undefined;
  /** What it is to programs that load it; undefined where it is not on Civitai. */
  readonly role?: Role | undefined;
  /** What one needs to use it; undefined where it is not on Civitai. */
  readonly model?: PlannedModel | undefined;
}

/** What the site says about the model a file belongs to. */
export interface PlannedModel {
  /** What it was made for, such as `SDXL 1.0`; null when unknown. */
  readonly baseModel: string | null;
  /** The words that call it up in a prompt. */
  readonly trainedWords: readonly string[];
}

/** What someone wants to have, and where it was written. */
export interface WrittenReference {
  /** As it was written. */
  readonly text: string;
  /** The list and the line it stands in; undefined where it was typed. */
  readonly place?: string | undefined;
  /** What holds for it alone, before what holds for all. */
  readonly own?: OwnOptions | undefined;
}

/** What may hold for a single reference: folder, name, the file of a version, and the hash whoever asks vouches for. */
export type OwnOptions = Partial<Pick<PlanFilesOptions, "dir" | "output" | "hashes" | "file">>;

/** What {@linkcode planFiles} goes by. */
export interface PlanFilesOptions {
  /** Folder of the results. */
  readonly dir: string;
  /** Folders below it: a layout's name or a template. Default: none. */
  readonly layout?: string | undefined;
  /** Folders below it for single types of models, before those of the layout. Default: none. */
  readonly folders?: Readonly<Record<string, string>> | undefined;
  /** Name of the one result. Default: as the site or the server names it. */
  readonly output?: string | undefined;
  /** File id or name within a version. Default: the primary one. */
  readonly file?: string | undefined;
  /** Every file of a version. Default: false. */
  readonly all?: boolean;
  /** Bare numbers are model ids, not version ids. Default: false. */
  readonly isModel?: boolean;
  /** Hashes whoever asks vouches for. Default: those the site publishes. */
  readonly hashes?: Digests;
  /** References looked up at once. Default: 3. */
  readonly concurrency?: number;
  /** Asks huggingface.co what a file there is; without it, nothing is known of files that are not on Civitai. */
  readonly transport?: Transport | undefined;
  /** Ends the lookups. */
  readonly signal: AbortSignal;
}

/** A reference that never became a file. */
export interface PlanFailure {
  /** What was asked for. */
  readonly reference: WrittenReference;
  /** Why. */
  readonly error: unknown;
}

/** What a run will do. */
export interface Plan {
  /** Files, in the order they were asked for; no two have one path. */
  readonly files: readonly PlannedFile[];
  /** References that never became files. */
  readonly failures: readonly PlanFailure[];
}

interface Draft extends Omit<PlannedFile, "index" | "path" | "chooseName">, Unnamed {
  /** Whether the server may name it otherwise. */
  readonly isNamedByServer?: boolean;
}

/** Runs `work` over `items`, at most `most` at once; results in the order of `items`. */
async function inParallel<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  async function worker(): Promise<void> {
    for (const [index, item] of entries) results[index] = await work(item, index);
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}

function promised(resolved: ResolvedFile, given: Digests): { hashes: Digests; sizeBytes: number | undefined } {
  // whoever vouches for a hash knows better than the site
  if (Object.keys(given).length > 0) return { hashes: given, sizeBytes: undefined };
  return promisedOf(resolved);
}

function chosenName(output: string | undefined, name: string): string {
  if (output === undefined) return name;
  const safe = safeFileName(output);
  if (safe === output) return output;
  throw new InputError(`saving as ${JSON.stringify(output)}: not a file name every system can hold, try "${safe}"`, {
    code: "invalid_path",
    input: output,
  });
}

function referenceOf(text: string, { isModel = false }: Pick<PlanFilesOptions, "isModel">, api: Civitai): Reference {
  return parseReference(isModel && /^\d+$/.test(text) ? `model:${text}` : text, api);
}

/** A file that is not on Civitai: what huggingface.co says of its own, and of others what whoever asks vouches for. */
async function elsewhere(
  url: string,
  { output, hashes = {}, transport, signal }: PlanFilesOptions,
): Promise<Omit<Draft, "dir">> {
  const reference = redactUrl(url);
  const mark = urlDigest(url).slice(0, 8);
  const nothing = { fallbackUrls: [], refresh: undefined, warnings: [], reference, mark };
  const found = transport && isHubUrl(url) ? await hubFile(transport, url, { prove: true, signal }) : undefined;
  if (found === undefined) {
    const name = chosenName(output, nameInUrl(url));
    const unknown = { totalBytes: undefined, sizeBytes: undefined };
    return { ...nothing, ...unknown, name, url, hashes, isNamedByServer: output === undefined };
  }
  const { sha256, sizeBytes: size } = found;
  const sizeBytes = size ?? undefined;
  if (sha256 !== null && hashes.SHA256 !== undefined && !isSameHash("SHA256", hashes.SHA256, sha256)) {
    throw new CivikitError(
      `looking up ${JSON.stringify(reference)}: the SHA-256 ${hashes.SHA256} is wanted, its host names ${sha256}`,
      { code: "hash_mismatch" },
    );
  }
  const name = chosenName(output, found.name);
  const proof = Object.keys(hashes).length > 0 ? hashes : sha256 === null ? {} : { SHA256: sha256 };
  return { ...nothing, name, url: found.url, hashes: proof, totalBytes: sizeBytes, sizeBytes };
}

/** The models of which a newest version is wanted. */
function modelsIn(references: readonly WrittenReference[], options: PlanFilesOptions, api: Civitai): number[] {
  return references.flatMap(({ text }) => {
    try {
      const reference = referenceOf(text, options, api);
      return reference.kind === "model" ? [reference.modelId] : [];
    } catch {
      // it is told when its turn comes
      return [];
    }
  });
}

/** `known` is asked about things as they are, `api` once more when a download finds them otherwise. */
async function drafts(
  { text, own = {} }: WrittenReference,
  { api, known }: { readonly api: Civitai; readonly known: Civitai },
  common: PlanFilesOptions,
): Promise<Draft[]> {
  const options = { ...common, ...own };
  const { dir } = options;
  const { file, all = false, layout = "flat", folders = {}, output, signal } = options;
  const { hashes: given = {} } = options;
  const reference = referenceOf(text, options, api);
  if (reference.kind === "url") {
    return [{ dir, ...await elsewhere(reference.url, options) }];
  }
  const choice = { ...(file !== undefined && { file }), ...(all && { all }) };
  const found = await resolveDownloads(known, reference, { ...choice, signal });
  if (found.length > 1 && (own.output !== undefined || own.hashes !== undefined)) {
    throw new InputError(
      `reading ${JSON.stringify(text)}: a name or a hash of its own belongs to one file, not several`,
      {
        code: "invalid_argument",
        input: text,
      },
    );
  }
  const place = await placer(layout, found[0]!.modelId, known, { signal, folders });
  const nameOf = (path: string) => output === undefined ? path : join(dirname(path), chosenName(output, output));
  return found.map((resolved) => ({
    dir,
    reference: reference.text,
    name: nameOf(place(resolved)),
    mark: String(resolved.fileId),
    url: resolved.url,
    fallbackUrls: resolved.fallbackUrls,
    totalBytes: resolved.sizeBytes,
    ...promised(resolved, given),
    refresh: async () => promised(await resolveAgain(api, reference, resolved, { signal }), given),
    warnings: resolved.warnings,
    versionId: resolved.versionId,
    earlyAccess: resolved.earlyAccess,
    role: roleOf(layoutFacts(resolved)),
    model: { baseModel: resolved.baseModel, trainedWords: resolved.version.trainedWords ?? [] },
  }));
}

/** Gives a file the name its server suggests, as far as no other file of the run has it. */
function serverNamer(mark: string, name: string, taken: Set<string>): (suggested: string | undefined) => string {
  let own = name;
  return function chooseName(suggested = name) {
    taken.delete(own.toLowerCase());
    own = freeName({ name: suggested, mark }, taken);
    taken.add(own.toLowerCase());
    return own;
  };
}

/**
 * Turns references into files: parses each, asks the API about it, and gives every file a path of its own. A file
 * asked for twice is planned once. One bad reference does not spoil the others.
 *
 * @throws The signal's reason when it aborts.
 */
export async function planFiles(
  references: readonly WrittenReference[],
  api: Civitai,
  options: PlanFilesOptions,
): Promise<Plan> {
  const { concurrency = 3, signal } = options;
  const failed: PlanFailure[] = [];
  const known = await withKnownModels(api, modelsIn(references, options, api), signal);
  const found = await inParallel(references, concurrency, async (reference, index) => {
    try {
      signal.throwIfAborted();
      return await drafts(reference, { api, known }, options);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      failed[index] = { reference, error };
      return [];
    }
  });
  const wanted = found.flatMap((drafts, index) => {
    return drafts.map((draft) => ({
      draft,
      key: JSON.stringify([draft.url, draft.dir, references[index]!.own?.output]),
    }));
  });
  const different = [...Map.groupBy(wanted, ({ key }) => key).values()].map(([first]) => first!.draft);
  const paths = new Map<Draft, Pick<PlannedFile, "name" | "path" | "chooseName">>();
  for (const [dir, here] of Map.groupBy(different, ({ dir }) => dir)) {
    const names = await chooseNames(here, dir, signal);
    const taken = new Set(names.map((name) => name.toLowerCase()));
    for (const [index, draft] of here.entries()) {
      const name = names[index]!;
      const chooseName = draft.isNamedByServer ? serverNamer(draft.mark, name, taken) : undefined;
      paths.set(draft, { name, chooseName, path: join(dir, name) });
    }
  }
  const files = different.map((whole, index): PlannedFile => {
    const { isNamedByServer: _isNamedByServer, mark: _mark, ...draft } = whole;
    return { ...draft, ...paths.get(whole)!, index };
  });
  return { files, failures: failed.filter(Boolean) };
}
