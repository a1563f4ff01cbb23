import { resolve } from "node:path";
import { DiskError } from "../../transport/mod.ts";
import { journalIds, type MovesState, readJournal } from "./journal.ts";

/** Moves that were made or begun. */
export interface MovesRecord {
  /** Names them. */
  id: string;
  /** What they were for. */
  about: string;
  /** When they were planned, in milliseconds since the epoch. */
  plannedMs: number;
  /** How far they are; `applying` and `undoing` were interrupted, or are under way. */
  state: MovesState;
  /** How many files and links. */
  steps: number;
  /** How many of them stayed. */
  refused: number;
}

/** What was moved below `root`, the newest first; five are kept. A journal that cannot be read is passed over. */
export function movesHistory(root: string): MovesRecord[] {
  return journalIds(root).flatMap((id) => {
    try {
      const { about, plannedMs, state, steps, refused } = readJournal(root, id);
      return [{ id, about, plannedMs, state, steps: steps.length, refused }];
    } catch {
      return [];
    }
  });
}

/** What was begun below `root` and neither ended nor taken back. */
export function interrupted(root: string): MovesRecord | undefined {
  return movesHistory(root).find(({ state }) => state === "applying" || state === "undoing");
}

/** What would be taken back below `root`: what was interrupted, else the newest that was not. */
export function undoable(root: string): MovesRecord | undefined {
  return interrupted(root) ?? movesHistory(root).find(({ state }) => state === "applied");
}

/** What {@linkcode meantMoves} found. */
export interface MeantMoves extends MovesRecord {
  /** The way of every file and link; some may have gone it already. */
  moves: { from: string; to: string }[];
}

/**
 * What {@linkcode continueMoves} or {@linkcode undoMoves} would do; undefined where that is nothing. Nothing is changed.
 *
 * @param how Which of the two.
 */
export function meantMoves(root: string, how: "continue" | "undo"): MeantMoves | undefined {
  const open = how === "undo" ? undoable(root) : interrupted(root);
  if (open === undefined) return undefined;
  const isBack = how === "undo" || open.state === "undoing";
  const { steps } = readJournal(root, open.id);
  return { ...open, moves: steps.map(({ from, to }) => isBack ? { from: to, to: from } : { from, to }) };
}

/** Refuses to begin anything. @throws {DiskError} `target_locked` (`moves_unfinished`) when earlier moves were interrupted. */
export function checkMoves(root: string): void {
  if (interrupted(root) === undefined) return;
  throw new DiskError(`moving files in ${JSON.stringify(resolve(root))}: earlier moves were interrupted`, {
    code: "target_locked",
    reason: "moves_unfinished",
    path: root,
  });
}
