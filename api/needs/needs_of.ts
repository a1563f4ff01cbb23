import { isLoopback, messageOf, nameInUrl, reachOf } from "../../transport/internal.ts";
import { isCode, safeFileName, type Transport } from "../../transport/mod.ts";
import type { Civitai } from "../civitai.ts";
import type { CallOptions } from "../client/call.ts";
import { layoutFacts } from "../layout/facts.ts";
import { layout, type LayoutOptions } from "../layout/layout.ts";
import { type Role, roleOf, typesOf } from "../layout/role.ts";
import { plainName, type UsedModel } from "../pictures/model_list.ts";
import { promisedOf } from "../references/promised.ts";
import { type HubFile, hubFile, isHubUrl } from "../references/hub_file.ts";
import { parseReference, type Reference, type SiteReference } from "../references/reference.ts";
import { resolveDownloads } from "../references/resolve.ts";
import type { ResolvedFile } from "../references/resolved_file.ts";
import type { Version } from "../resources/versions.ts";
import type { Held, Need } from "./need.ts";

/** What {@linkcode needsOf} asks and goes by. */
export interface NeedsOptions extends CallOptions {
  /** Whom to ask about hashes and versions. */
  readonly api: Pick<Civitai, "baseUrl" | "trustedHosts" | "models" | "versions">;
  /** Asks huggingface.co what its files are; without it, nothing is known of them but what was written. */
  readonly transport?: Transport | undefined;
  /**
   * Hosts that are asked as huggingface.co is, before anybody has said that a file is wanted. Whoever wrote an address would
   * else learn of everyone who looks. Default `huggingface.co` and `hf.co`; where the site is on this machine, all.
   */
  readonly hubHosts?: readonly string[] | undefined;
  /** Finds what is here: asked with what was written, and again with what the site says. Default: nothing is. */
  readonly find?: ((model: UsedModel) => Held | undefined | Promise<Held | undefined>) | undefined;
  /** Whether something is on its way: a version, or an address. Default: nothing is. */
  readonly isQueued?: ((what: { versionId?: number; url?: string }) => Promise<boolean>) | undefined;
  /** Where files go: a layout's name or a template. Default `flat`. */
  readonly layout?: string | undefined;
  /** Folders of single types, before those of the layout. */
  readonly folders?: LayoutOptions["folders"];
  /** How long all of it may take, in milliseconds; what is not known then stays unknown. Default: as long as it takes. */
  readonly patienceMs?: number | undefined;
}

const atOnce = 4;
const hubs: readonly string[] = ["huggingface.co", "hf.co"];
const proven = new Set([10, 64]);

/** Whether a SHA-256 says that `hash` is another file's; hashes of other kinds it says nothing about. */
function isOther(sha256: string | null | undefined, hash: string | undefined): boolean {
  if (!sha256 || hash === undefined || !proven.has(hash.length)) return false;
  return !sha256.toLowerCase().startsWith(hash.toLowerCase());
}

const titleOf = (...names: readonly (string | null | undefined)[]) => names.filter(Boolean).join(" · ") || null;

/** What an address means, where anybody may be sent there; of other hosts only those of the open internet. */
function meantBy(url: string, api: NeedsOptions["api"]): Reference | undefined {
  try {
    const reference = parseReference(url, api);
    if (reference.kind === "url" && reachOf(reference.url) !== "world" && !isLoopback(api.baseUrl)) return undefined;
    return reference;
  } catch {
    return undefined; // no address anybody would take
  }
}

/** The file of a version that has this hash; undefined for the main one. */
function fileWith({ files }: Version, hash: string): number | undefined {
  const isIt = (known: unknown) => typeof known === "string" && known.toLowerCase().startsWith(hash.toLowerCase());
  const file = files?.find(({ hashes }) => Object.values(hashes ?? {}).some(isIt));
  return file === undefined || file.primary === true ? undefined : file.id;
}

/** What the site has for a model, by its hash, else by its version or address. */
async function onSite(
  { hash, versionId }: UsedModel,
  meant: Reference | undefined,
  api: NeedsOptions["api"],
  options: CallOptions,
): Promise<{ file: ResolvedFile; isMain: boolean; isByHash: boolean } | undefined> {
  const resolve = async (from: NeedsOptions["api"], reference: SiteReference, isByHash: boolean, fileId?: number) => {
    const choice = fileId === undefined ? {} : { file: fileId };
    const [file] = await resolveDownloads(from, reference, { ...choice, ...options });
    return { file: file!, isMain: fileId === undefined && Object.keys(reference.select).length === 0, isByHash };
  };
  const byId = (id: number): SiteReference => ({ kind: "version", versionId: id, select: {}, text: String(id) });
  if (hash !== undefined) {
    try {
      const version = await api.versions.byHash(hash, options);
      const known = { ...api, versions: { ...api.versions, get: () => Promise.resolve(version) } };
      return await resolve(known, byId(version.id), true, fileWith(version, hash));
    } catch (error) {
      if (!isCode(error, "not_found")) throw error;
    }
  }
  if (versionId !== undefined) return await resolve(api, byId(versionId), false);
  return meant !== undefined && meant.kind !== "url" ? await resolve(api, meant, false) : undefined;
}

/**
 * Looks which of these models are here, are coming, or can be had, and where they would go. What is here is known by hash
 * where one was written, else by version or name; what is not, the site is asked for by hash, then by version, then by the
 * address that stood beside it. Files on huggingface.co are asked what they are before anybody fetches them. Addresses that
 * are no https ones, or lead into this machine's own network, are nobody's to be sent to: such a model stays unknown.
 *
 * @param used From {@linkcode modelsIn}, {@linkcode usedModels} and the like: whoever wrote it is not trusted.
 * @param options See {@linkcode NeedsOptions}.
 * @returns One for each model, in their order; what turns out to be the same file stands there once.
 * @throws {InputError} `invalid_config` when there is no such layout.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { civitai, needsOf } from "@civikit/civikit/api";
 *
 * const api = civitai({ fetch: () => Promise.reject(new Error("no network")) });
 * const url = "https://example.com/ae.safetensors";
 * const [need] = await needsOf([{ name: "ae.safetensors", role: "vae", url }], { api, layout: "comfyui" });
 * console.log(need?.state, need?.target, need?.proof); // missing models/vae/ae.safetensors none
 * ```
 */
export async function needsOf(
  used: readonly UsedModel[],
  { api, transport, hubHosts = hubs, find = () => undefined, isQueued, signal, patienceMs, ...where }: NeedsOptions,
): Promise<Need[]> {
  const { layout: name = "flat", folders = {} } = where;
  const { place } = layout(name, { folders });
  const late = patienceMs === undefined ? undefined : AbortSignal.timeout(patienceMs);
  const either = AbortSignal.any([signal, late].filter((one) => one !== undefined));
  const coming = async (what: { versionId?: number; url?: string }) => await isQueued?.(what) ? "queued" : "missing";

  /** Where a file goes that only its name and its role are known of. */
  function targetOf(fileName: string, role: Role | undefined, directory: string | undefined): string {
    const [type = "Other"] = role === undefined ? [] : typesOf(role);
    const isFolder = role === undefined && name.toLowerCase() === "comfyui" && /^[\w-]{1,60}$/.test(directory ?? "");
    return isFolder ? `models/${directory}/${fileName}` : place({ modelType: type, fileName });
  }

  /** What can be had from an address outside of the site. */
  async function elsewhere(need: Need, { hash, role, directory, name }: UsedModel, url: string): Promise<Need> {
    const { hub, problem = null } = await askHub(url);
    const sha256 = hub?.sha256 ?? undefined;
    if (isOther(sha256, hash)) {
      return { ...need, problem: `the file at its address has the SHA-256 ${sha256}, ${hash} is wanted` };
    }
    // what was written may be a name alone
    const written = safeFileName(name.split(/[\\/]/).at(-1)!);
    const output = /\.[a-z0-9]{2,11}$/i.test(written) ? written : hub?.name ?? nameInUrl(url);
    const said = hash?.length === 64 ? hash : undefined;
    const known = said ?? sha256;
    const there = await find({ name: output, ...(known && { hash: known }) });
    if (there !== undefined) return { ...need, state: "here", path: there.path };
    return {
      ...{ ...need, state: await coming({ url }), reference: url, target: targetOf(output, role, directory) },
      options: { ...(known !== undefined && { sha256: known }), output },
      sizeBytes: hub?.sizeBytes ?? null,
      proof: hub !== undefined && hub.proof !== "none" ? hub.proof : known === undefined ? "none" : "said",
      problem,
    };
  }

  /** What the host of an address says of its file; where it cannot be asked now, it may be when the turn comes. */
  async function askHub(url: string): Promise<{ hub?: HubFile | undefined; problem?: string }> {
    const isAsked = hubHosts.includes(new URL(url).host) || isLoopback(api.baseUrl);
    if (transport === undefined || !isHubUrl(url) || !isAsked) return {};
    try {
      return { hub: await hubFile(transport, url, { signal: either }) };
    } catch (error) {
      if (either.aborted || isCode(error, "not_found")) throw error;
      return { problem: messageOf(error) };
    }
  }

  async function needOf(written: UsedModel): Promise<Need> {
    const meant = written.url === undefined ? undefined : meantBy(written.url, api);
    const versionId = written.versionId ?? (meant?.kind === "version" ? meant.versionId : undefined);
    const model = { ...written, versionId };
    const need: Need = {
      ...{ name: model.name, role: model.role ?? null, state: "unknown", path: null, target: null, title: null },
      ...{ versionId: versionId ?? null, reference: null, options: {}, sizeBytes: null, proof: null },
      ...{ directory: model.directory ?? null, problem: null },
      modelType: (model.role && typesOf(model.role)[0]) ?? null,
    };
    const here = ({ path, versionId, title }: Held): Need => ({
      ...{ ...need, state: "here", path },
      ...(versionId !== undefined && { versionId }),
      ...(title && { title }),
    });
    const row = await find(model);
    if (row !== undefined) return here(row);
    try {
      const found = await onSite(model, meant, api, { signal: either });
      if (found === undefined) return meant?.kind === "url" ? await elsewhere(need, model, meant.url) : need;
      const { file, isMain, isByHash } = found;
      const sha256 = file.hashes["SHA256"];
      const title = titleOf(file.modelName, file.versionName);
      const known = {
        ...need,
        versionId: file.versionId,
        title,
        role: roleOf(layoutFacts(file)),
        modelType: file.modelType,
      };
      if (!isByHash && written.versionId === undefined && isOther(sha256, model.hash)) {
        const problem = `the file at its address has the SHA-256 ${sha256}, ${model.hash} is wanted`;
        return { ...known, problem };
      }
      const there = await find({ name: file.fileName, versionId: file.versionId, ...(sha256 && { hash: sha256 }) });
      if (there !== undefined) return { ...known, state: "here", path: there.path };
      const { hashes } = promisedOf(file);
      return {
        ...known,
        state: await coming({ versionId: file.versionId }),
        reference: String(file.versionId),
        options: isMain ? {} : { file: String(file.fileId) },
        target: place(layoutFacts(file)),
        sizeBytes: file.sizeBytes ?? null,
        proof: Object.keys(hashes).length > 0 ? "site" : "none",
      };
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const isLate = late?.aborted === true;
      return { ...need, problem: isLate ? `the site did not answer within ${patienceMs! / 1000} s` : messageOf(error) };
    }
  }

  const found: Need[] = [];
  const entries = used.entries();
  async function work(): Promise<void> {
    for (const [index, one] of entries) found[index] = await needOf(one);
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, used.length) }, work));
  // a hash, an id and a name may turn out to be one file
  const keyOf = ({ versionId, options: { file }, state, path, reference, name, role }: Need) =>
    state === "here" && path !== null
      ? `path ${path}`
      : versionId !== null
      ? `version ${versionId} ${file ?? ""}`
      : reference !== null
      ? `url ${reference}`
      : `name ${role ?? ""} ${plainName(name)}`;
  return [...Map.groupBy(found, keyOf).values()].map(([first]) => first!);
}
