import { CivikitError, InputError, isCode } from "../../transport/mod.ts";
import { formatAir, parseAir } from "../references/air.ts";
import type { ModelLookup } from "../library/ask_models.ts";
import { change } from "./edit.ts";
import type { LockedFile } from "./lock.ts";
import { type Wanted, wantedKey } from "./manifest.ts";
import { type Outdated, outdated, type OutdatedOptions, type OutdatedReport } from "./outdated.ts";
import type { Project } from "./project.ts";
import { joinLocked, type ProjectApi, resolveWanted } from "./resolve_wanted.ts";

/** An entry that can be newer, and the files it means then. */
export interface Move extends Omit<Outdated, "wanted"> {
  /** The manifest's entry. */
  from: Wanted;
  /** The entry in its place: another version where it names one, else the same. */
  to: Wanted;
  /** The files that were locked for it. */
  before: LockedFile[];
  /** The files that will be. */
  after: LockedFile[];
}

/** An entry with newer versions that stays as it is, and why. */
export interface Stay extends Outdated {
  /**
   * `pinned`: it names its version, and `latest` was not set. `other_base`: the newer versions are for other base
   * models. `early_access`: they are sold for now. `ignored`: a rule passes over them. `there`: another entry has them,
   * or their bytes are there under another version. `file_id`: it names a file by its id, which no other version has.
   * `no_such_file`: the newer version has none of that name. `nothing_newer`: what it means now is what is locked.
   * `failed`: the newer version cannot be had.
   */
  reason:
    | "pinned"
    | "other_base"
    | "early_access"
    | "ignored"
    | "there"
    | "file_id"
    | "no_such_file"
    | "nothing_newer"
    | "failed";
  /** What was in the way; of `failed` and `no_such_file`. */
  error?: CivikitError | undefined;
}

/** What an update would do. */
export interface UpdatePlan {
  /** Entries that can be newer. */
  moves: Move[];
  /** Entries with newer versions that stay. */
  stays: Stay[];
  /** Entries whose version the site has no more: they stay as they are locked. */
  gone: OutdatedReport["gone"];
  /** Entries whose model could not be asked about, and why. */
  failures: { wanted: Wanted; error: CivikitError }[];
}

/** Settings of {@linkcode planUpdate}. */
export interface UpdateOptions extends OutdatedOptions {
  /** The entries to look at. Default: all. */
  only?: Iterable<Wanted> | undefined;
  /** Whether entries that name a version move, too. Default false. */
  latest?: boolean | undefined;
}

/** Whether an entry names a file by its id, which no other version has. */
function namesFileId({ air, file }: Wanted): boolean {
  return parseAir(air).fileId !== undefined || /^\d+$/.test(String(file ?? ""));
}

/** Why there is nothing to have among the newer versions: what is nearest to be had counts. */
function reasonOf({ newer, held }: Outdated): Stay["reason"] {
  const states = new Set([...newer, ...held].map(({ state }) => state));
  if (states.has("early_access")) return "early_access";
  if (states.has("other_base")) return "other_base";
  return states.has("have_elsewhere") || states.has("same_bytes") ? "there" : "ignored";
}

function reasonToStay(found: Outdated, latest: boolean): Stay["reason"] | undefined {
  const { wanted, isPinned, newest } = found;
  if (newest === undefined) return reasonOf(found);
  if (!isPinned) return undefined;
  if (!latest) return "pinned";
  return namesFileId(wanted) ? "file_id" : undefined;
}

/**
 * Asks which entries can be newer, and which files they mean then. Nothing is changed: that is for
 * {@linkcode applyUpdate}.
 *
 * @param project From {@linkcode openProject}.
 * @param api Whom to ask.
 * @param options See {@linkcode UpdateOptions}.
 * @throws The signal's reason when it aborts.
 * @example
 * ```ts
 * import { applyUpdate, civitai, openProject, planUpdate } from "@civikit/civikit/api";
 *
 * const folder = Deno.makeTempDirSync(), transport = { fetch: () => Promise.reject(new Error("no network")) };
 * const project = openProject(folder), plan = await planUpdate(project, civitai(transport), { latest: true });
 * console.log(plan.moves.length); // 0: nothing is locked
 * applyUpdate(project, plan);
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function planUpdate(
  project: Project,
  api: ProjectApi & ModelLookup,
  { only, latest = false, rules, now, signal }: UpdateOptions = {},
): Promise<UpdatePlan> {
  const meant = new Set(only ?? project.manifest.models);
  const report = await outdated(project, api, { rules, now, signal });
  const failures = report.failures.filter(({ wanted }) => meant.has(wanted));
  const gone = report.gone.filter(({ wanted }) => meant.has(wanted));
  const plan: UpdatePlan = { moves: [], stays: [], gone, failures };
  for (const found of report.outdated.filter(({ wanted }) => meant.has(wanted))) {
    const reason = reasonToStay(found, latest);
    if (reason !== undefined) {
      plan.stays.push({ ...found, reason });
      continue;
    }
    try {
      const move = await moveOf(project, found, api, signal);
      if (move === undefined) plan.stays.push({ ...found, reason: "nothing_newer" });
      else plan.moves.push(move);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!(error instanceof CivikitError)) throw error;
      plan.stays.push({ ...found, reason: isCode(error, "no_such_file") ? "no_such_file" : "failed", error });
    }
  }
  return plan;
}

/** An entry's AIR with another version; a model that is written in another way gets the plain one. */
function versioned(air: string, modelId: number, versionId: number): string {
  try {
    return formatAir({ ...parseAir(air), versionId });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return `civitai:${modelId}@${versionId}`;
  }
}

/** What was learned about the very same file stays, and so does its place. */
function learned(file: LockedFile, before: readonly LockedFile[]): LockedFile {
  const same = before.find(({ fileId }) => fileId === file.fileId);
  const { sha256, wanted } = file;
  return same !== undefined && (sha256 === null || sha256 === same.sha256) ? { ...file, ...same, wanted } : file;
}

/** Undefined when the entry means the very files that are locked. */
async function moveOf(
  { manifest, lock }: Project,
  { wanted: from, ...found }: Outdated,
  api: ProjectApi,
  signal: AbortSignal | undefined,
): Promise<Move | undefined> {
  const { isPinned, newest } = found;
  const named = { ...from, air: versioned(from.air, found.modelId, newest!.versionId) };
  const to = isPinned ? named : from;
  const before = lock.files.filter(({ wanted }) => wanted === wantedKey(from));
  // what is followed goes to the version that is an update, not to any that comes first
  const after = (await resolveWanted(named, manifest, api, { signal }))
    .map((locked) => learned({ ...locked, wanted: wantedKey(to) }, before));
  const isSame = after.every(({ fileId }) => before.some((one) => one.fileId === fileId));
  return isSame ? undefined : { ...found, from, to, before, after };
}

/**
 * Writes the moves of a plan into manifest and lock file; the files follow at the next {@linkcode install}, which takes
 * an old one away when the new one is verified and in place.
 *
 * @param project The project the plan is of.
 * @param plan From {@linkcode planUpdate}.
 * @param options `keepOld`: the old files stay for good, and are no longer the project's.
 * @throws {DiskError} When the project's folder cannot be written; then nothing is changed.
 */
export function applyUpdate(
  project: Project,
  { moves }: Pick<UpdatePlan, "moves">,
  { keepOld = false }: { keepOld?: boolean | undefined } = {},
): void {
  if (moves.length === 0) return;
  const moved = new Map(moves.map(({ from, to }) => [from, to]));
  const models = new Map(
    project.manifest.models.map((one) => moved.get(one) ?? one).map((one) => [wantedKey(one), one]),
  );
  const keys = new Set(moves.map(({ from }) => wantedKey(from)));
  const others = project.lock.files.filter(({ wanted }) => !keys.has(wanted));
  const stay = keepOld ? moves.flatMap(({ before }) => before) : [];
  const files = joinLocked(others, moves.flatMap(({ after }) => after), stay);
  change(project, {
    manifest: { ...project.manifest, models: [...models.values()] },
    lock: { ...project.lock, files },
  }, { keepOld });
}
