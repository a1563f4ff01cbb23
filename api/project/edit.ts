import { InputError, type Transport } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { formatAir, parseAir } from "../references/air.ts";
import { readRules, type UpdateRules } from "../library/update_rules.ts";
import type { LockedFile } from "./lock.ts";
import { badWanted, type Wanted, wantedKey } from "./manifest.ts";
import { disownUnlocked, holdProject, type Project, saveProject } from "./project.ts";
import { joinLocked, type ProjectApi, resolveWanted } from "./resolve_wanted.ts";
import { parseReference, type Reference, type SiteReference } from "../references/reference.ts";

/** What {@linkcode addModel} is told besides what to add. */
export interface AddOptions extends CallOptions, Omit<Wanted, "air"> {
  /** Asks huggingface.co what a file there is. Default: nobody is asked. */
  transport?: Transport | undefined;
}

/** What was added. */
export interface Added {
  /** The manifest's entry. */
  wanted: Wanted;
  /** Its files. */
  files: LockedFile[];
  /** True when the manifest had it before; then nothing was changed. */
  wasThere: boolean;
}

/**
 * Writes the project as it is to be, and takes that over once it is written.
 *
 * @param options `keepOld`: files that are not locked any more stay, and are no longer the project's.
 */
export function change(
  project: Project,
  next: Pick<Project, "manifest" | "lock">,
  { keepOld = false }: { keepOld?: boolean | undefined } = {},
): void {
  using _held = holdProject(project);
  // before they are unlocked: whoever finds them unlocked and recorded takes them away
  if (keepOld) disownUnlocked({ ...project, ...next });
  saveProject({ ...project, ...next });
  Object.assign(project, next);
}

/** The AIR to write down: with the version where one was named, with the file where the reference chose one. */
function airFor({ air, fileId }: LockedFile, reference: Reference): string {
  if (reference.kind === "url" || fileId === null) return air;
  const { kind, select } = reference;
  const { versionId, fileId: _, format: __, ...rest } = parseAir(air);
  const isChosen = Object.keys(select).length > 0;
  if (kind === "version") {
    return formatAir({ ...rest, ...(versionId !== undefined && { versionId }), ...(isChosen && { fileId }) });
  }
  const { format, fileId: named } = select;
  return formatAir({
    ...rest,
    ...(named !== undefined && { fileId: named }),
    ...(format !== undefined && { format: format.toLowerCase() }),
  });
}

/**
 * Adds a model to the project: asks the site what it is, and writes manifest and lock file. Nothing is downloaded; that
 * is for {@linkcode install}. A version that was named is pinned; a model that was named is followed.
 *
 * @param project From {@linkcode openProject}.
 * @param api Whom to ask.
 * @param text A version id, `model:ID`, an AIR, the URL of a page on Civitai, or the https address of a file elsewhere.
 * @param options `file`, `all`, `baseModel`, `folder`, `type`, `sha256` for the manifest's entry; `transport`, which asks
 * huggingface.co what a file there is; `signal`.
 * @throws {InputError} When `text` means nothing, no file fits, or its address holds a key or a signature.
 * @throws {CivikitError} What the API answers: deleted, archived, downloads disabled.
 * @throws {DiskError} When the project's folder cannot be written; then nothing is changed.
 * @example
 * ```ts
 * import { addModel, civitai, openProject } from "@civikit/civikit/api";
 *
 * const hashes = { SHA256: "AB".repeat(32) };
 * const answer = {
 *   id: 7, modelId: 5, name: "v1", air: "urn:air:sdxl:lora:civitai:5@7", model: { name: "Example", type: "LORA" },
 *   files: [{ id: 9, name: "example.safetensors", sizeKB: 1.5, type: "Model", primary: true, hashes }],
 * };
 * const folder = Deno.makeTempDirSync(), project = openProject(folder, { layout: "comfyui" });
 * const { files } = await addModel(project, civitai({ fetch: () => Promise.resolve(Response.json(answer)) }), "7");
 * console.log(files[0]?.path); // models/loras/example.safetensors
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function addModel(
  project: Project,
  api: ProjectApi,
  text: string,
  { signal, transport, ...choice }: AddOptions = {},
): Promise<Added> {
  const reference = parseReference(text, api);
  const own = Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined));
  const found = await resolveWanted({ air: text, ...own }, project.manifest, api, { signal, transport });
  const wanted: Wanted = { air: airFor(found[0]!, reference), ...own };
  const before = project.manifest.models.find((one) => wantedKey(one) === wantedKey(wanted));
  if (before !== undefined) {
    return {
      wanted: before,
      files: project.lock.files.filter((file) => file.wanted === wantedKey(before)),
      wasThere: true,
    };
  }
  const files = found.map((locked) => ({ ...locked, wanted: wantedKey(wanted) }));
  change(project, {
    manifest: { ...project.manifest, models: [...project.manifest.models, wanted] },
    lock: { ...project.lock, files: joinLocked(project.lock.files, files) },
  });
  return { wanted, files, wasThere: false };
}

/**
 * Sets what is no update of the project's models, and what is one besides: it stands in the manifest.
 *
 * @param project From {@linkcode openProject}.
 * @param rules All of them, in place of those that were there.
 * @throws {InputError} `invalid_config` when one of them cannot be meant; then nothing is changed.
 * @throws {DiskError} When the project's folder cannot be written; then nothing is changed.
 * @example
 * ```ts
 * import { openProject, setUpdateRules } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), project = openProject(folder);
 * setUpdateRules(project, { ignore: ["version:2002"] });
 * console.log(project.manifest.updates); // { ignore: [ "version:2002" ] }
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function setUpdateRules(project: Project, { ignore = [], otherBase = [] }: UpdateRules): void {
  readRules({ ignore, otherBase });
  const { updates: before, ...rest } = project.manifest;
  const updates = {
    ...before,
    ignore: ignore.length > 0 ? [...ignore] : undefined,
    otherBase: otherBase.length > 0 ? [...otherBase] : undefined,
  };
  const kept = Object.fromEntries(Object.entries(updates).filter(([, value]) => value !== undefined));
  const manifest = Object.keys(kept).length > 0 ? { ...rest, updates: kept } : rest;
  change(project, { manifest, lock: project.lock });
}

/**
 * Entries of the manifest that `text` means: as written there, by model or version id, AIR, page URL, or file path.
 *
 * @throws {InputError} When `text` cannot be meant at all.
 * @example
 * ```ts
 * import { civitai, findWanted, openProject } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), api = civitai({ fetch: () => Promise.reject(new Error("no network")) });
 * console.log(findWanted(openProject(folder), api, "model:1001")); // []: the folder has no manifest
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function findWanted(project: Project, api: ProjectApi, text: string): Wanted[] {
  const { models } = project.manifest;
  const { files } = project.lock;
  const written = models.filter(({ air }) => air === text);
  if (written.length > 0) return written;
  const keys = new Set(files.filter(({ path }) => path === text).map(({ wanted }) => wanted));
  if (keys.size === 0) {
    const reference = parseReference(text, api);
    if (reference.kind === "url") return models.filter(({ air }) => air === reference.url);
    const isBare = reference.kind === "version" && reference.bare === true;
    for (const { modelId, versionId, wanted } of files) {
      const isIt = reference.kind === "model" ? modelId === reference.modelId : versionId === reference.versionId;
      if (isIt || (isBare && modelId === reference.versionId)) keys.add(wanted);
    }
    for (const wanted of models) {
      const known = understood(wanted.air, api);
      const isIt = reference.kind === "model"
        ? known?.modelId === reference.modelId
        : known?.kind === "version" && known.versionId === reference.versionId;
      if (isIt) keys.add(wantedKey(wanted));
    }
  }
  return models.filter((wanted) => keys.has(wantedKey(wanted)));
}

/** What an entry means; undefined when it means nothing, which must not keep anyone from the others. */
function understood(air: string, api: ProjectApi): SiteReference | undefined {
  try {
    const reference = parseReference(air, api);
    return reference.kind === "url" ? undefined : reference;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/**
 * Takes entries out of manifest and lock file. Their files go at the next {@linkcode install}, if nobody changed them.
 *
 * @param project From {@linkcode openProject}.
 * @param api Says whose URLs are Civitai's; nothing is asked.
 * @param text As in the manifest, a version id, `model:ID`, an AIR, a page URL, or a locked path.
 * @param options `keepOld`: their files stay for good, and are no longer the project's.
 * @returns The entries.
 * @throws {InputError} `invalid_argument` when the manifest has no such entry.
 * @throws {DiskError} When the project's folder cannot be written.
 * @example
 * ```ts
 * import { civitai, openProject, removeModel } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), api = civitai({ fetch: () => Promise.reject(new Error("no network")) });
 * Deno.writeTextFileSync(`${folder}/civikit.models.json`, `{ "version": 1, "models": ["civitai:1001@2002"] }`);
 * console.log(removeModel(openProject(folder), api, "model:1001")); // [ { air: "civitai:1001@2002" } ]
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export function removeModel(
  project: Project,
  api: ProjectApi,
  text: string,
  options: { keepOld?: boolean | undefined } = {},
): Wanted[] {
  const gone = findWanted(project, api, text);
  if (gone.length === 0) throw badWanted(text, "the manifest has no such model");
  const models = project.manifest.models.filter((wanted) => !gone.includes(wanted));
  const keys = new Set(models.map(wantedKey));
  change(project, {
    manifest: { ...project.manifest, models },
    lock: { ...project.lock, files: project.lock.files.filter(({ wanted }) => keys.has(wanted)) },
  }, options);
  return gone;
}
