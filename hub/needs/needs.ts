import type { Role } from "../../api/layout/role.ts";
import { parseReference, type Version } from "../../api/mod.ts";
import { plainName, type UsedModel } from "../../api/pictures/model_list.ts";
import { messageOf } from "../../transport/internal.ts";
import { CivikitError } from "../../transport/mod.ts";
import { checkReference } from "../add_jobs.ts";
import type { Library, ShownRow } from "../library/mod.ts";
import type { Parts } from "../parts.ts";
import type { JobOptions } from "../queue/job.ts";

/** A model somebody wants to use, and whether it is here. */
export interface Need {
  /** Its name as it was written. */
  readonly name: string;
  /** What it is; null where nobody knows. */
  readonly role: Role | null;
  /** `here`, `queued`, `missing`: it can be had, or `unknown`: nobody knows where. */
  readonly state: "here" | "queued" | "missing" | "unknown";
  /** Where it lies; null unless it is here. */
  readonly path: string | null;
  /** The site's names of model and version; null where they are not known. */
  readonly title: string | null;
  /** Its version on the site; null where that is not known. */
  readonly versionId: number | null;
  /** What to put into the queue to get it; null where it is here, or cannot be had. */
  readonly reference: string | null;
  /** What belongs to that reference. */
  readonly options: Pick<JobOptions, "file" | "sha256" | "output">;
  /** The name ComfyUI has for its folder; null where none was said. */
  readonly directory: string | null;
  /** Why it could not be looked up; null where it was. */
  readonly problem: string | null;
}

/** What has to be known of the service. */
type NeedsParts = Pick<Parts, "api" | "queue" | "library">;

const atOnce = 4;
const patienceMs = 10_000;

/** What was found of a model on the site. */
interface Found {
  readonly versionId: number;
  readonly title: string | null;
  readonly file?: string;
}

const titleOf = (...names: readonly (string | null | undefined)[]) => names.filter(Boolean).join(" · ") || null;

function fileOf({ files }: Version, hash: string): string | undefined {
  const isIt = (known: unknown) => typeof known === "string" && known.toLowerCase().startsWith(hash.toLowerCase());
  const file = files?.find(({ hashes }) => Object.values(hashes ?? {}).some(isIt));
  return file === undefined || file.primary === true ? undefined : String(file.id);
}

/** A file of that name or hash; the first digits of a SHA-256 will do, as AutoV2 has them. */
function inLibrary(library: Library | undefined, { name, hash, versionId }: UsedModel): ShownRow | undefined {
  if (library === undefined) return undefined;
  const byVersion = versionId === undefined ? undefined : library.have([versionId]).get(versionId)?.[0];
  if (byVersion !== undefined) return byVersion;
  const plain = plainName(name);
  const { rows } = library.list({ text: plain, limit: 500 });
  const bySha = hash !== undefined && hash.length >= 10 ? library.find(hash) : undefined;
  // a hash says more than a name: another file may have the same one
  return bySha ?? rows.find((row) => plainName(row.name) === plain && (hash === undefined || isUnsaid(row, hash)));
}

/** Whether the file's own hash says nothing against `hash`, which may be of another kind. */
function isUnsaid({ sha256 }: ShownRow, hash: string): boolean {
  return sha256 === null || (hash.length !== 10 && hash.length !== 64) ||
    sha256.toLowerCase().startsWith(hash.toLowerCase());
}

async function onSite(
  { hash, versionId, name }: UsedModel,
  { api }: NeedsParts,
  signal: AbortSignal,
): Promise<Found | undefined> {
  if (hash === undefined) return versionId === undefined ? undefined : { versionId, title: name };
  try {
    const version = await api.versions.byHash(hash, { signal });
    const file = fileOf(version, hash);
    return {
      versionId: version.id,
      title: titleOf(version.model?.name, version.name),
      ...(file !== undefined && { file }),
    };
  } catch (error) {
    if (!(error instanceof CivikitError) || error.code !== "not_found") throw error;
    return versionId === undefined ? undefined : { versionId, title: name };
  }
}

/** What of an address can be put into the queue; undefined where nobody may be sent there. */
function byAddress({ url, hash, name }: UsedModel, parts: NeedsParts): Pick<Need, "reference" | "options"> | undefined {
  if (url === undefined) return undefined;
  try {
    checkReference(url, parts);
    const isFile = parseReference(url, parts.api).kind === "url";
    const output = name.split(/[\\/]/).at(-1)!;
    const sha256 = isFile && hash?.length === 64 ? { sha256: hash } : {};
    return { reference: url, options: isFile ? { ...sha256, output } : {} };
  } catch {
    return undefined; // nothing the service would take
  }
}

/** The version an address of the site means; undefined where it means none. */
function versionIn(url: string | undefined, { api }: NeedsParts): number | undefined {
  try {
    const reference = url === undefined ? undefined : parseReference(url, api);
    return reference?.kind === "version" ? reference.versionId : undefined;
  } catch {
    return undefined; // no address at all
  }
}

async function needOf(written: UsedModel, parts: NeedsParts, signal: AbortSignal): Promise<Need> {
  const used = { ...written, versionId: written.versionId ?? versionIn(written.url, parts) };
  const need: Need = {
    ...{ name: used.name, role: used.role ?? null, state: "unknown", path: null, title: null, reference: null },
    ...{ versionId: used.versionId ?? null, options: {}, directory: used.directory ?? null, problem: null },
  };
  const { library, queue } = parts;
  function here({ path, identity }: ShownRow): Need {
    const known = identity &&
      { versionId: identity.versionId, title: titleOf(identity.modelName, identity.versionName) };
    return { ...need, ...known, state: "here", path };
  }
  const row = inLibrary(library, used);
  if (row !== undefined) return here(row);
  let found: Found | undefined;
  let problem: string | null = null;
  try {
    found = await onSite(used, parts, signal);
  } catch (error) {
    problem = signal.aborted
      ? `the site did not answer within ${patienceMs / 1000} s`
      : messageOf(error instanceof Error ? error : String(error));
  }
  if (found !== undefined) {
    const { versionId, title, file } = found;
    const known = { versionId, title };
    const [there] = library?.have([versionId]).get(versionId) ?? [];
    if (there !== undefined) return here(there);
    const isQueued = (await queue.queued({ versions: [versionId] })).versions.size > 0;
    const options = file === undefined ? {} : { file };
    return { ...need, ...known, state: isQueued ? "queued" : "missing", reference: String(versionId), options };
  }
  const address = byAddress(used, parts);
  if (address === undefined) return { ...need, problem };
  const { urls } = await queue.queued({ urls: [address.reference!] });
  return { ...need, ...address, state: urls.size > 0 ? "queued" : "missing" };
}

/** Looks which of these models are here, are coming, or can be had; ten seconds at most, then what is not known stays so. */
export async function needs(parts: NeedsParts, used: readonly UsedModel[]): Promise<Need[]> {
  const signal = AbortSignal.timeout(patienceMs);
  const found: Need[] = [];
  const entries = used.entries();
  async function work(): Promise<void> {
    for (const [index, one] of entries) found[index] = await needOf(one, parts, signal);
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  // a hash and an id may turn out to be one version
  return found.filter(({ versionId, options: { file } }, index) =>
    versionId === null ||
    found.findIndex((one) => one.versionId === versionId && one.options.file === file) === index
  );
}
