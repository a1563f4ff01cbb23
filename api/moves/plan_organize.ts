import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { isInside, resolveInside, suffixedName } from "../../transport/internal.ts";
import { onDisk } from "../disk/on_disk.ts";
import { layout, type LayoutOptions } from "../layout/layout.ts";
import { layoutFolders } from "../layout/layout_folders.ts";
import type { ModelDetails } from "../layout/placer.ts";
import type { LayoutFacts } from "../layout/facts.ts";
import { roleOf } from "../layout/role.ts";
import type { Identity } from "../library/identity.ts";
import type { DiskFile } from "../library/walk.ts";
import { companionsOf, namesakesOf, type NamesOf, namesOnce } from "../sidecars/companions.ts";
import { readModelInfo } from "../sidecars/model_info.ts";
import { sidecarPath } from "../sidecars/names.ts";
import type { MoveStep } from "./entry.ts";
import { isSamePlace, isTaken, planMoves, type WantedMove } from "./plan_moves.ts";

/** A model file, as far as organising is concerned. */
export interface FileToOrganize extends Pick<DiskFile, "path" | "bytes" | "isLink"> {
  /** Its SHA-256, upper case; null while it was not hashed. */
  sha256: string | null;
  /** What it is on the site; null: the site does not know it; undefined: the site could not be asked. */
  identity: Identity | null | undefined;
}

/** A model that moves. */
export interface OrganizeMove extends WantedMove {
  /** What it is. */
  readonly identity: Identity;
  /** How many sidecars and previews go along. */
  readonly sidecars: number;
  /** Whether it gets another name, because another file has that one. */
  readonly isRenamed: boolean;
}

/** Why a model stays: nobody knows what it is; the same file is there already. */
export type StayReason = "unknown" | "twin";

/** What organising would do. */
export interface OrganizePlan {
  /** The folder; absolute. */
  readonly root: string;
  /** The layout. */
  readonly layout: string;
  /** Models that move. */
  readonly moves: readonly OrganizeMove[];
  /** Models that stay, and why. */
  readonly stays: readonly { readonly path: string; readonly reason: StayReason }[];
  /** How many models are where they belong. */
  readonly settled: number;
  /** Every file and link that moves, for `applyOrganize`. */
  readonly steps: readonly MoveStep[];
}

/** Settings of {@linkcode planOrganize}. */
export interface OrganizeOptions extends LayoutOptions {
  /** A profile's name or a template, as `layout` takes it. */
  layout: string;
  /** What only the models' own pages tell, by model id, where the layout asks for it; see `modelDetails`. */
  details?: ReadonlyMap<number, ModelDetails> | undefined;
}

const nothing: ModelDetails = { creator: null, tags: [] };

/** What is known of a file by what lies beside it, where the site does not tell: only where that names its very hash. */
function besideIdentity({ path, sha256 }: FileToOrganize): Identity | null {
  try {
    const info = sha256 === null ? undefined : readModelInfo(path, sha256);
    if (info?.versionId === undefined || !info.sha256.includes(sha256!)) return null;
    const { modelId = null, versionId, modelName = "", versionName = "", modelType = "Other", baseModel = null } = info;
    return { modelId, versionId, fileId: 0, modelName, versionName, modelType, baseModel, fileName: basename(path) };
  } catch {
    return null;
  }
}

function factsOf(path: string, identity: Identity, { creator, tags }: ModelDetails): LayoutFacts {
  const { modelType, fileType, baseModel, modelName, versionName, modelId, versionId, fileId } = identity;
  return {
    ...{ modelType, baseModel, creator, tags, model: modelName, version: versionName, modelId, versionId, fileId },
    fileType: fileType ?? undefined,
    format: /\.gguf$/i.test(path) ? "GGUF" : undefined,
    fileName: basename(path),
  };
}

/**
 * Plans where the models of a folder go by a layout. A program's layout leaves alone what lies anywhere below the folder
 * in which the program looks for it; a template says the exact place. Names stay, but for what no system could hold, and
 * where another file has the name. Unknown files stay where they are. Nothing is changed: that is for `applyOrganize`.
 *
 * @param root The folder that the layout begins in.
 * @param files What lies in it, from `scan`.
 * @param options See {@linkcode OrganizeOptions}.
 * @throws {InputError} `invalid_config` when there is no such layout.
 * @example
 * ```ts
 * import { planOrganize } from "@civikit/civikit/api";
 *
 * const root = Deno.makeTempDirSync(), path = `${root}/lantern.safetensors`;
 * Deno.writeTextFileSync(path, "x");
 * const identity = {
 *   modelId: 5, versionId: 7, fileId: 9, modelName: "Lantern", versionName: "v1", modelType: "LORA",
 *   baseModel: "SDXL 1.0", fileName: "lantern.safetensors",
 * };
 * const { moves } = planOrganize(root, [{ path, bytes: 1, isLink: false, sha256: null, identity }], { layout: "comfyui" });
 * console.log(moves[0]?.to.slice(root.length + 1)); // models/loras/lantern.safetensors
 * Deno.removeSync(root, { recursive: true });
 * ```
 */
export function planOrganize(
  root: string,
  files: readonly FileToOrganize[],
  { layout: name, details = new Map(), ...options }: OrganizeOptions,
): OrganizePlan {
  const base = resolve(root);
  const { place, name: known } = layout(name, options);
  const isExact = known === "flat" || known.includes("{");
  const homes = isExact ? undefined : layoutFolders(known, options);
  const namesOf = namesOnce();
  const byPath = new Map(files.map((file) => [file.path, file]));
  const rooms = newRooms(byPath);
  const wanted: WantedMove[] = [];
  const moves: OrganizeMove[] = [];
  const stays: OrganizePlan["stays"][number][] = [];
  let settled = 0;

  function isAtHome(path: string, facts: LayoutFacts): boolean {
    const below = relative(base, dirname(path)).split(sep).join("/").toLowerCase();
    return homes?.(roleOf(facts)).some((home) => isInside(`/${home.toLowerCase()}`, `/${below}`)) ?? false;
  }

  function plan(file: FileToOrganize): "settled" | StayReason | OrganizeMove {
    const { path } = file;
    const identity = file.identity ?? besideIdentity(file);
    if (!identity) return "unknown";
    const facts = factsOf(path, identity, details.get(identity.modelId ?? -1) ?? nothing);
    const target = resolveInside(base, place(facts));
    if (isAtHome(path, facts) || isSamePlace(path, target)) return "settled";
    const along = ownsCompanions(file, byPath, namesOf) ? companionsOf(path, namesOf) : [];
    const to = rooms.find(file, target, along, identity.versionId);
    if (to === undefined) return "twin";
    const [from, ...beside] = [path, ...along];
    wanted.push({ from, to }, ...beside.map((one) => ({ from: one, to: besideTarget(path, one, to) })));
    return { from, to, identity, sidecars: along.length, isRenamed: basename(to) !== basename(target) };
  }

  for (const file of files) {
    const outcome = plan(file);
    if (outcome === "settled") settled++;
    else if (typeof outcome === "string") stays.push({ path: file.path, reason: outcome });
    else moves.push(outcome);
  }
  const links = files.filter(({ isLink }) => isLink).map(({ path }) => path);
  return { root: base, layout: known, moves, stays, settled, steps: planMoves(wanted, links) };
}

/** Where a file beside the model at `path` goes when that goes to `to`. */
export function besideTarget(path: string, beside: string, to: string): string {
  const own = basename(path);
  const name = basename(beside);
  if (name.startsWith(`${own}.`)) return join(dirname(to), basename(to) + name.slice(own.length));
  return sidecarPath(to, name.slice(basename(sidecarPath(path, "")).length));
}

/** Of several models with one name, the sidecars are those of the one whose hash is in them, else of the first. */
function ownsCompanions(
  { path, sha256 }: FileToOrganize,
  byPath: ReadonlyMap<string, FileToOrganize>,
  namesOf: NamesOf,
): boolean {
  const others = namesakesOf(path, namesOf);
  if (others.length === 0) return true;
  let hashes: readonly string[] = [];
  try {
    hashes = readModelInfo(path)?.sha256 ?? [];
  } catch {
    // then the order decides
  }
  const isNamed = (hash: string | null | undefined) => hash !== null && hash !== undefined && hashes.includes(hash);
  if (isNamed(sha256)) return true;
  if (others.some((other) => isNamed(byPath.get(other)?.sha256))) return false;
  return path < others[0]!;
}

/** Places that are still free, upper and lower case being the same on many disks. */
function newRooms(byPath: ReadonlyMap<string, FileToOrganize>) {
  const taken = new Set<string>();
  const keyOf = (path: string) => path.normalize("NFC").toLowerCase();
  const isFree = (path: string) => !taken.has(keyOf(path)) && !isTaken(path);
  return {
    /** A free place for a file and what goes along; undefined where the same bytes have the first one already. */
    find(file: FileToOrganize, target: string, along: readonly string[], versionId: number): string | undefined {
      for (let number = 0;; number++) {
        const mark = number === 0 ? "" : number === 1 ? `-${versionId}` : `-${versionId}-${number}`;
        const to = join(dirname(target), mark === "" ? basename(target) : suffixedName(basename(target), mark));
        const all = [to, ...along.map((one) => besideTarget(file.path, one, to))];
        // its own name in another case is free, once it has left
        if (all.every((path) => isFree(path))) {
          for (const path of all) taken.add(keyOf(path));
          return to;
        }
        const other = byPath.get(to) ?? byPath.get(onDisk(to));
        if (other !== undefined && other.sha256 !== null && other.sha256 === file.sha256) return undefined;
      }
    },
  };
}
