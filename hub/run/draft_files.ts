import { dirname, join } from "node:path";
import { layoutFacts } from "../../api/layout/facts.ts";
import { placer } from "../../api/layout/placer.ts";
import { roleOf } from "../../api/layout/role.ts";
import {
  type Civitai,
  hubFile,
  isHubUrl,
  parseReference,
  type Reference,
  type ResolvedFile,
  resolveDownloads,
} from "../../api/mod.ts";
import { promisedOf } from "../../api/references/promised.ts";
import { resolveAgain } from "../../api/references/resolve.ts";
import { isSameHash, nameInUrl, redactUrl, urlDigest } from "../../transport/internal.ts";
import { CivikitError, type Digests, InputError, safeFileName } from "../../transport/mod.ts";
import type { Unnamed } from "./choose_names.ts";
import type { PlanFilesOptions, PlannedFile, WrittenReference } from "./planned_file.ts";

/** A file that is known, but not yet where it goes beside the others of its run. */
export interface FileDraft extends Omit<PlannedFile, "index" | "path" | "chooseName">, Unnamed {
  /** Whether the server may name it otherwise. */
  readonly isNamedByServer?: boolean;
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

/** What a reference means. */
export function referenceOf(
  text: string,
  { isModel = false }: Pick<PlanFilesOptions, "isModel">,
  api: Civitai,
): Reference {
  return parseReference(isModel && /^\d+$/.test(text) ? `model:${text}` : text, api);
}

/** A file that is not on Civitai: what huggingface.co says of its own, and of others what whoever asks vouches for. */
async function elsewhere(
  url: string,
  { output, hashes = {}, transport, signal }: PlanFilesOptions,
): Promise<Omit<FileDraft, "dir">> {
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

/**
 * The files a reference stands for: `known` is asked about things as they are, `api` once more when a download finds them otherwise.
 */
export async function draftFiles(
  { text, own = {} }: WrittenReference,
  { api, known }: { readonly api: Civitai; readonly known: Civitai },
  common: PlanFilesOptions,
): Promise<FileDraft[]> {
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
