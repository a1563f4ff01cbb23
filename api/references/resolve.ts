import { CivikitError, HttpError, InputError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import type { Civitai } from "../civitai.ts";
import { parseAir } from "./air.ts";
import type { SiteReference } from "./reference.ts";
import { fileNames, type FoundVersion, type ResolvedFile, resolvedFile, type ResolveWarning } from "./resolved_file.ts";
import { type FileChoice, selectFiles } from "./select_files.ts";
import type { Model } from "../resources/models.ts";
import { inSiteOrder, type ListVersion, type Version } from "../resources/versions.ts";

/** Settings of {@linkcode resolveDownloads}. */
export interface ResolveOptions extends FileChoice, CallOptions {
  /** Milliseconds since the epoch: decides whether early access is over. The machine's time if not given. */
  now?: number;
}

/**
 * Finds what `reference` means and everything a download needs. Of a model, the newest published version is taken; of a
 * version, its main file, unless the reference or the options name another, or `all`. What `api` does not know is asked of
 * the trusted host whose URL the reference was, too. Nothing is downloaded.
 *
 * @param api Whom to ask.
 * @param reference What is wanted, from {@linkcode parseReference}.
 * @param options `file`, `type`, `format`, `size`, `fp`, `quantType` (before the reference's own), `all`, `signal`, `now`.
 * @returns At least one file, in the site's order.
 * @throws {HttpError} `not_found`, and whatever else the API answers.
 * @throws {CivikitError} `downloads_disabled` when the creator allows no downloads, `gone` when the model is archived or
 * the version has no files.
 * @throws {InputError} `no_such_file` when no file fits; `invalid_argument` when the version is not one of the model's.
 * @example
 * ```ts
 * import { civitai, parseReference, resolveDownloads } from "@civikit/civikit/api";
 *
 * const answer = {
 *   id: 7,
 *   modelId: 5,
 *   name: "v1",
 *   model: { name: "Example", type: "LORA" },
 *   files: [{ id: 9, name: "example.safetensors", sizeKB: 1.5, type: "Model", primary: true }],
 * };
 * const api = civitai({ fetch: () => Promise.resolve(Response.json(answer)) });
 * const reference = parseReference("7");
 * if (reference.kind !== "url") {
 *   const [file] = await resolveDownloads(api, reference);
 *   console.log(file?.url, file?.sizeBytes); // https://civitai.com/api/download/models/7?fileId=9 1536
 * }
 * ```
 */
export async function resolveDownloads(
  api: Pick<Civitai, "baseUrl" | "models" | "versions"> & Partial<Pick<Civitai, "elsewhere">>,
  reference: SiteReference,
  options: ResolveOptions = {},
): Promise<ResolvedFile[]> {
  try {
    return await resolveOn(api, reference, options);
  } catch (error) {
    const other = isCode(error, "not_found") ? api.elsewhere?.(reference) : undefined;
    if (other === undefined) throw error;
    return await resolveOn(other, reference, options).catch((second) => {
      throw isCode(second, "not_found") ? error : second;
    });
  }
}

/** What the site says about `file` now; as it was, where `reference` has no such file any more. */
export async function resolveAgain(
  api: Parameters<typeof resolveDownloads>[0],
  reference: SiteReference,
  file: ResolvedFile,
  { signal }: CallOptions,
): Promise<ResolvedFile> {
  const again = await resolveDownloads(api, reference, { file: file.fileId, signal });
  return again.find(({ fileId }) => fileId === file.fileId) ?? file;
}

async function resolveOn(
  api: Pick<Civitai, "baseUrl" | "models" | "versions">,
  reference: SiteReference,
  { signal, now = Date.now(), ...choice }: ResolveOptions,
): Promise<ResolvedFile[]> {
  const found = reference.kind === "model"
    ? await newestVersion(api, reference.modelId, signal)
    : await referredVersion(api, reference, signal);
  const { version } = found;
  checkDownloadable(version);
  const { fileId, ...filters } = reference.select;
  const isNamed = choice.file !== undefined || choice.all === true;
  const wanted = { ...filters, ...(fileId !== undefined && !isNamed && { file: fileId }), ...choice };
  const names = fileNames(version);
  const warnings = otherAir(reference.text, version);
  return selectFiles(version, wanted).map((file) => {
    const resolved = resolvedFile(found, file, names.get(file)!, api.baseUrl, now);
    return { ...resolved, warnings: [...warnings, ...resolved.warnings] };
  });
}

/** What an AIR says of its model and the site does not: the ids are right, the thing may not be what was meant. */
function otherAir(text: string, { air }: Version): ResolveWarning[] {
  if (!/^(?:urn:)?air:/i.test(text) || !air) return [];
  const [said, known] = [parseAir(text), parseAir(air)];
  return (["ecosystem", "type"] as const)
    .filter((part) => said[part] !== undefined && known[part] !== undefined && said[part] !== known[part])
    .map((part) => ({ code: "other_air", message: `the AIR says ${part} "${said[part]}", the site "${known[part]}"` }));
}

async function referredVersion(
  api: Pick<Civitai, "versions">,
  { versionId, modelId, bare, text }: Extract<SiteReference, { kind: "version" }>,
  signal: AbortSignal | undefined,
): Promise<FoundVersion> {
  let version: Version;
  try {
    version = await api.versions.get(versionId, { signal });
  } catch (error) {
    if (!bare || !(error instanceof HttpError) || error.code !== "not_found") throw error;
    const { code, reason, status, url, body, retryAfterMs } = error;
    throw new HttpError(
      `asking for version "${versionId}": there is none; if it is the number of a model, write "model:${versionId}"`,
      { code, reason, status, url, body, retryAfterMs, cause: error },
    );
  }
  if (modelId !== undefined && (version.modelId ?? modelId) !== modelId) {
    throw new InputError(
      `resolving ${
        JSON.stringify(text)
      }: version "${versionId}" belongs to model "${version.modelId}", not "${modelId}"`,
      { code: "invalid_argument", input: text },
    );
  }
  return { version, earlyAccessDeadline: undefined };
}

async function newestVersion(
  api: Pick<Civitai, "models" | "versions">,
  modelId: number,
  signal: AbortSignal | undefined,
): Promise<FoundVersion> {
  const model = await api.models.get(modelId, { signal });
  if (model.mode === "Archived") throw archived(`model "${modelId}"`);
  const newest = newestOf(model);
  if (newest === undefined) {
    throw new CivikitError(`resolving model "${modelId}": it has no published version with files`, { code: "gone" });
  }
  // Only a version asked for by its id says whether downloads are allowed.
  const version = await api.versions.get(newest.id, { signal });
  return { version, earlyAccessDeadline: newest.earlyAccessDeadline };
}

function newestOf({ modelVersions }: Model): ListVersion | undefined {
  const isOffered = ({ status, files }: ListVersion) => (status ?? "Published") === "Published" && !!files?.length;
  return inSiteOrder(modelVersions).find(isOffered);
}

function archived(what: string): CivikitError {
  return new CivikitError(`resolving ${what}: archived, its files are no longer offered`, { code: "gone" });
}

function checkDownloadable({ id, usageControl, model, files }: Version): void {
  if ((usageControl ?? "Download") !== "Download") {
    throw new CivikitError(
      `resolving version "${id}": its creator allows ${JSON.stringify(usageControl)} only, no downloads`,
      { code: "downloads_disabled" },
    );
  }
  if (model.mode === "Archived") throw archived(`version "${id}"`);
  if (!files?.length) throw new CivikitError(`resolving version "${id}": it has no files`, { code: "gone" });
}
