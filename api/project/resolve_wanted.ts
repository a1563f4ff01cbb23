import { basename, dirname, join } from "node:path/posix";
import { InputError } from "../../transport/mod.ts";
import { suffixedName, urlDigest } from "../../transport/internal.ts";
import type { Civitai } from "../civitai.ts";
import { placer } from "../layout/placer.ts";
import { promisedOf } from "../references/promised.ts";
import { parseReference, type SiteReference } from "../references/reference.ts";
import { resolveDownloads } from "../references/resolve.ts";
import type { ResolvedFile } from "../references/resolved_file.ts";
import type { Model } from "../resources/models.ts";
import { inSiteOrder, type ListVersion } from "../resources/versions.ts";
import type { LockedFile } from "./lock.ts";
import { lockElsewhere, type ResolveWantedOptions } from "./lock_elsewhere.ts";
import { badWanted, type Manifest, type Wanted, wantedKey } from "./manifest.ts";
import { isInnerPath } from "./names.ts";

/** The part of the API a project needs. */
export type ProjectApi = Pick<Civitai, "baseUrl" | "trustedHosts" | "models" | "versions">;

/** The same API, which asks about each model once: its base models, versions and creator are in one answer. */
export function askingOnce(api: ProjectApi): ProjectApi {
  const asked = new Map<number, Promise<Model>>();
  const get: ProjectApi["models"]["get"] = (id, options) => {
    const answer = asked.get(id) ?? api.models.get(id, options);
    asked.set(id, answer);
    return answer;
  };
  return { ...api, models: { ...api.models, get } };
}

/** Of a model that is not pinned, the newest version for the wanted base model. */
async function narrowed(
  reference: SiteReference,
  { baseModel, air }: Wanted,
  api: ProjectApi,
  signal: AbortSignal | undefined,
): Promise<SiteReference> {
  if (reference.kind !== "model" || baseModel === undefined) return reference;
  const { modelVersions } = await api.models.get(reference.modelId, { signal });
  const isWanted = ({ baseModel: made, files }: ListVersion) =>
    made?.toLowerCase() === baseModel.toLowerCase() && !!files?.length;
  const version = inSiteOrder(modelVersions).find(isWanted);
  if (version !== undefined) return { ...reference, kind: "version", versionId: version.id };
  const bases = [...new Set(modelVersions.map((one) => one.baseModel ?? "unknown"))].join(", ");
  throw new InputError(`resolving "${air}": no version for ${JSON.stringify(baseModel)}; there are ${bases}`, {
    code: "no_such_file",
    input: baseModel,
  });
}

/**
 * The files an entry of the manifest means now, with their places.
 *
 * @throws {CivikitError} As {@linkcode resolveDownloads}, and as {@linkcode lockElsewhere}.
 */
export async function resolveWanted(
  wanted: Wanted,
  { layout: name }: Pick<Manifest, "layout">,
  site: ProjectApi,
  { signal, transport }: ResolveWantedOptions = {},
): Promise<LockedFile[]> {
  const api = askingOnce(site);
  const written = parseReference(wanted.air, api);
  if (written.kind === "url") return [await lockElsewhere(wanted, written.url, name, { signal, transport })];
  const reference = await narrowed(written, wanted, api, signal);
  const { file, all } = wanted;
  const choice = { ...(file !== undefined && { file }), ...(all !== undefined && { all }) };
  const files = await resolveDownloads(api, reference, { ...choice, signal });
  const place = await placer(name, files[0]!.modelId, api, { signal });
  return files.map((resolved) => {
    const { folder } = wanted;
    const path = folder === undefined ? place(resolved) : join(folder, resolved.fileName);
    // what could not be read back is never written
    if (!isInnerPath(path)) throw badWanted(folder ?? path, "not a folder below the root that every system can hold");
    return lockedFile(resolved, path, wantedKey(wanted));
  });
}

/**
 * A file as it is locked at `path`, for the entry called `wanted`.
 *
 * @throws {InputError} When the site does not say which model it belongs to.
 */
export function lockedFile(resolved: ResolvedFile, path: string, wanted: string): LockedFile {
  const { air, modelId, versionId, fileId, modelName, versionName } = resolved;
  if (modelId === null || air === null) {
    throw badWanted(resolved.fileName, `the site does not say which model version "${versionId}" belongs to`);
  }
  const { hashes, sizeBytes } = promisedOf(resolved);
  const sha256 = hashes.SHA256?.toUpperCase() ?? null;
  return {
    path,
    sha256,
    bytes: sizeBytes ?? null,
    wanted,
    air: air.includes("@") ? air : `${air}@${versionId}`,
    modelId,
    versionId,
    fileId,
    model: modelName,
    version: versionName,
    url: resolved.url,
    ...(resolved.fallbackUrls.length > 0 && { fallbackUrls: resolved.fallbackUrls }),
    ...(sha256 === null && Object.keys(hashes).length > 0 && { hashes }),
  };
}

/** The same name with the file's id before its extension; of a file elsewhere, with what its address begins with. */
function withId({ path, fileId, url }: LockedFile): string {
  return join(dirname(path), suffixedName(basename(path), `-${fileId ?? urlDigest(url).slice(0, 8)}`));
}

/** Whether two entries mean one file: by the site's id, else by the address. */
function isSameFile(a: LockedFile, b: LockedFile): boolean {
  return a.fileId === null || b.fileId === null ? a.url === b.url : a.fileId === b.fileId;
}

/**
 * `files` with those of `more` that are not among them; of two files with one path, the later gets its id into the name.
 *
 * @param stay Files that are not wanted any more, but whose places are not free.
 */
export function joinLocked(
  files: readonly LockedFile[],
  more: readonly LockedFile[],
  stay: readonly LockedFile[] = [],
): LockedFile[] {
  const joined = [...files];
  const isTaken = (path: string) => [...joined, ...stay].some((one) => one.path.toLowerCase() === path.toLowerCase());
  for (const file of more) {
    if (joined.some((one) => isSameFile(one, file) && one.path === file.path)) continue;
    joined.push(isTaken(file.path) ? { ...file, path: withId(file) } : file);
  }
  return joined;
}
