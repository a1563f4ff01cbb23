import { dirname, resolve } from "node:path";
import { lockPart, syncFolder } from "../../transport/internal.ts";
import { type CivikitError, DiskError, isCode } from "../../transport/mod.ts";
import type { CallOptions } from "../client/call.ts";
import { holdAround, movesRunning, movingPath } from "../project/hold_folder.ts";
import type { Project } from "../project/project.ts";
import type { MoveStep } from "./entry.ts";
import { planFolders, remakeFolders, removeEmptyFolders, restoreTimes } from "./folders.ts";
import {
  addToJournal,
  beginJournal,
  type MovesJournal,
  ownMovesFolder,
  pruneJournals,
  readJournal,
} from "./journal.ts";
import { checkMoves, interrupted, undoable } from "./moves_history.ts";
import { type Placed, placeEntry } from "./place_entry.ts";

/** One step that was not made, and why; the file is where it was. */
export interface RefusedMove {
  /** Where it is. */
  from: string;
  /** Where it was to go. */
  to: string;
  /** Why it did not. */
  error: CivikitError;
}

/** What became of moves. */
export interface MovesReport {
  /** Names them. */
  id: string;
  /** What they were for. */
  about: string;
  /** Whether they were made, or taken back. */
  state: "applied" | "undone";
  /** What is at its new place now; of those taken back, the old one. */
  moved: { from: string; to: string }[];
  /** What stayed, and why. */
  refused: RefusedMove[];
}

/** Settings of whatever moves. */
export interface MovesOptions extends CallOptions {
  /** Called with each step that is over. */
  onStep?: ((done: number, total: number) => void) | undefined;
  /** The project whose lock file names the files: nobody changes it while they move. See `isHeld` of `followMoves`. */
  project?: Pick<Project, "folder"> | undefined;
  /** Called with what has moved, before that counts as done: again after a kill, with all of it. */
  follow?: ((moved: readonly { readonly from: string; readonly to: string }[]) => void | Promise<void>) | undefined;
}

/** Steps whose new names reach the disk together before the old ones go. */
const batchSteps = 512;

/** Lets one process at a time move files below `root`. @throws {DiskError} `target_locked` when another one does. */
function holdMoves(root: string): Disposable {
  ownMovesFolder(root);
  try {
    return lockPart(movingPath(root), movingPath(root), { beside: false });
  } catch (error) {
    throw isCode(error, "target_locked") ? movesRunning(root, error) : error;
  }
}

/**
 * Lets nobody change what the steps touch; what is under way in any of their folders, or around them, comes first.
 *
 * @throws {DiskError} `target_locked` when something is.
 */
function holdPlaces(root: string, steps: readonly MoveStep[], { project }: MovesOptions): Disposable {
  const places = steps.flatMap(({ from, to }) => [dirname(from), dirname(to)]);
  return holdAround([root, ...(project === undefined ? [] : [project.folder]), ...places]);
}

/**
 * Moves files and links below `root` (only their names, where that is on one disk), by a journal in `root/.civikit/moves`:
 * whatever kills the process, {@linkcode continueMoves} and {@linkcode undoMoves} find every file once. Nothing is
 * overwritten; a file that was changed since the steps were planned stays, and is reported. A folder that this empties
 * goes, and comes back with {@linkcode undoMoves}.
 *
 * @param planned The steps, or what makes them once nobody else moves anything there.
 * @throws {DiskError} `target_locked` when another process moves or changes files there, or (`moves_unfinished`) earlier moves were
 * interrupted; when the journal cannot be written: then nothing was moved.
 * @throws The signal's reason when it aborts; the moves can be continued or taken back.
 */
export async function applyMoves(
  root: string,
  about: string,
  planned: readonly MoveStep[] | (() => readonly MoveStep[]),
  options: MovesOptions = {},
): Promise<MovesReport> {
  using _held = holdMoves(root);
  checkMoves(root);
  const steps = typeof planned === "function" ? planned() : planned;
  using _places = holdPlaces(root, steps, options);
  const journal = beginJournal(root, about, steps, planFolders(resolve(root), steps));
  return await forward(root, journal, options);
}

/**
 * Finishes what was interrupted below `root`, in the direction it had. Undefined when there is nothing to finish.
 *
 * @throws {DiskError} `target_locked` when another process moves or changes files there.
 * @throws The signal's reason when it aborts.
 */
export async function continueMoves(root: string, options: MovesOptions = {}): Promise<MovesReport | undefined> {
  using _held = holdMoves(root);
  const open = interrupted(root);
  if (open === undefined) return undefined;
  const journal = readJournal(root, open.id);
  using _places = holdPlaces(root, journal.steps, options);
  return journal.state === "applying" ? await forward(root, journal, options) : await backward(root, journal, options);
}

/**
 * Takes back what was interrupted below `root`, else the newest moves that were not taken back: names, times, links and
 * folders are as they were before. Undefined when there is nothing to take back.
 *
 * @throws {DiskError} `target_locked` when another process moves or changes files there.
 * @throws The signal's reason when it aborts; it can be continued.
 */
export async function undoMoves(root: string, options: MovesOptions = {}): Promise<MovesReport | undefined> {
  using _held = holdMoves(root);
  const open = undoable(root);
  if (open === undefined) return undefined;
  using _places = holdPlaces(root, readJournal(root, open.id).steps, options);
  if (open.state !== "undoing") addToJournal(root, open, { state: "undoing", atMs: Date.now() });
  return await backward(root, readJournal(root, open.id), options);
}

async function forward(root: string, journal: MovesJournal, options: MovesOptions): Promise<MovesReport> {
  const { steps, folders } = journal;
  const report = await run(root, journal, steps.map((step, number) => ({ step, number })), options, () => ({}));
  removeEmptyFolders(folders.emptied.map(({ path }) => path));
  return await end(root, journal, { ...report, state: "applied" }, options);
}

async function backward(root: string, journal: MovesJournal, options: MovesOptions): Promise<MovesReport> {
  const { steps, folders, times, copies } = journal;
  remakeFolders(folders.emptied);
  const reversed = steps.map(({ from, to, link, mtimeMs, ...rest }, number): Numbered => ({
    number,
    step: {
      ...rest,
      from: to,
      to: from,
      mtimeMs: times.get(number) ?? mtimeMs,
      ...(link && { link: { before: link.after, after: link.before } }),
    },
  })).reverse();
  const report = await run(root, journal, reversed, options, (number) => {
    const timeMs = steps[number]!.mtimeMs;
    // it was copied to another disk, and the original may not have gone yet
    return { timeMs, copiedMs: copies.get(number)?.mtimeMs ?? (times.has(number) ? timeMs : undefined) };
  });
  removeEmptyFolders(folders.made);
  restoreTimes(folders.touched.toReversed());
  restoreTimes(folders.emptied.toReversed());
  return await end(root, journal, { ...report, state: "undone" }, options);
}

async function end(
  root: string,
  journal: MovesJournal,
  report: MovesReport,
  { follow }: MovesOptions,
): Promise<MovesReport> {
  await follow?.(report.moved);
  addToJournal(root, journal, { state: report.state, atMs: Date.now(), refused: report.refused.length });
  pruneJournals(root);
  return report;
}

interface Numbered {
  readonly step: MoveStep;
  readonly number: number;
}

/** Makes the steps, a batch at a time. */
async function run(
  root: string,
  journal: MovesJournal,
  steps: readonly Numbered[],
  { signal, onStep }: MovesOptions,
  more: (number: number) => { readonly timeMs?: number; readonly copiedMs?: number | undefined },
): Promise<Omit<MovesReport, "state">> {
  const { id, about, copies, stateMs } = journal;
  const report: Omit<MovesReport, "state"> = { id, about, moved: [], refused: [] };
  const twins = new Map([...copies].map(([number, { inode }]) => {
    return [inode, steps.find((one) => one.number === number)?.step.to] as const;
  }));
  let done = 0;
  for (let at = 0; at < steps.length; at += batchSteps) {
    const placed: { readonly step: MoveStep; readonly outcome: Placed }[] = [];
    try {
      for (const { step, number } of steps.slice(at, at + batchSteps)) {
        signal?.throwIfAborted();
        const outcome = await placeEntry(step, {
          tag: `${id}-${number}`,
          signal,
          resumedMs: stateMs,
          copiedMs: copies.get(number)?.mtimeMs,
          ...more(number),
          twin: (inode) => twins.get(inode),
          onCopied(copy) {
            addToJournal(root, journal, { copied: number, ...copy });
            twins.set(copy.inode, step.to);
          },
        });
        placed.push({ step, outcome });
      }
    } finally {
      // a new name has to be safe before the old one goes
      const named = placed.filter(({ outcome }) => outcome.state === "placed").map(({ step }) => dirname(step.to));
      for (const folder of new Set(named)) syncFolder(folder);
      for (const { step, outcome } of placed) {
        settle(step, outcome, report);
        onStep?.(++done, steps.length);
      }
    }
  }
  return report;
}

function settle({ from, to }: MoveStep, outcome: Placed, { moved, refused }: Omit<MovesReport, "state">): void {
  if (outcome.state === "refused") return void refused.push({ from, to, error: outcome.error });
  try {
    if (outcome.state === "placed") outcome.release();
    moved.push({ from, to });
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    refused.push({ from, to, error });
  }
}
