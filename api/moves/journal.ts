import { appendFileSync, closeSync, fsyncSync, openSync, readdirSync, rmSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { isRecord, readPlainText } from "../../transport/internal.ts";
import { unreadable, writeWhole } from "../disk/json_file.ts";
import { stateFolder } from "../project/names.ts";
import { hasOwn, ownFile, ownFolder } from "../project/own_file.ts";
import type { MoveStep } from "./entry.ts";
import type { FolderPlan, OldFolder } from "./folders.ts";

/** How far moves are: under way, all made, being taken back, all taken back. */
export type MovesState = "applying" | "applied" | "undoing" | "undone";

/** What is written down of moves. */
export interface MovesJournal {
  /** Names it; later ones are greater. */
  readonly id: string;
  /** What they were for, such as the layout. */
  readonly about: string;
  /** When they were planned, in milliseconds since the epoch. */
  readonly plannedMs: number;
  /** Every step. */
  readonly steps: readonly MoveStep[];
  /** What becomes of folders. */
  readonly folders: FolderPlan;
  /** How far they are. */
  readonly state: MovesState;
  /** When that came about, in milliseconds since the epoch. */
  readonly stateMs: number;
  /** Copies that were made on other disks in this direction, by the number of the step. */
  readonly copies: ReadonlyMap<number, MovedCopy>;
  /** The time files have that went to another disk, by the number of the step. */
  readonly times: ReadonlyMap<number, number>;
  /** How many steps could not be made, or taken back. */
  readonly refused: number;
}

/** A copy on another disk. */
export interface MovedCopy {
  /** `device:inode` of the original. */
  readonly inode: string;
  /** Its time, as that disk keeps it. */
  readonly mtimeMs: number;
}

/** Finished journals that are kept. */
const mostKept = 5;

/** Where the journals of a folder are. */
export function movesFolder(root: string): string {
  return join(resolve(root), stateFolder, "moves");
}

/** Makes that folder; what is in it concerns this machine alone. */
export function ownMovesFolder(root: string): string {
  const state = join(resolve(root), stateFolder);
  ownFolder(state);
  ownFile(join(state, ".gitignore"), "*\n");
  ownFolder(movesFolder(root));
  return movesFolder(root);
}

// paths are kept as seen from the root, so that a disk may be plugged in elsewhere
const inner = (root: string, path: string) => relative(root, path).split(sep).join("/");

function textOf(root: string, { id, about, plannedMs, steps, folders }: MovesJournal): string {
  const folder = ({ path, ...rest }: OldFolder) => ({ path: inner(root, path), ...rest });
  const lines = [
    { version: 1, id, about, plannedMs, steps: steps.length },
    {
      made: folders.made.map((path) => inner(root, path)),
      emptied: folders.emptied.map(folder),
      touched: folders.touched.map(folder),
    },
    ...steps.map(({ from, to, ...rest }) => ({ from: inner(root, from), to: inner(root, to), ...rest })),
    { state: "applying", atMs: plannedMs },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Writes a plan down, whole and safe from a power cut, before anything moves. */
export function beginJournal(
  root: string,
  about: string,
  steps: readonly MoveStep[],
  folders: FolderPlan,
): MovesJournal {
  const plannedMs = Date.now();
  const random = crypto.getRandomValues(new Uint8Array(3)).toHex();
  const id = `${new Date(plannedMs).toISOString().replace(/[-:.]/g, "")}-${random}`;
  const [copies, times] = [new Map<number, MovedCopy>(), new Map<number, number>()];
  const base = { id, about, plannedMs, steps, folders, state: "applying", stateMs: plannedMs } as const;
  const journal: MovesJournal = { ...base, copies, times, refused: 0 };
  writeWhole(join(ownMovesFolder(root), `${id}.jsonl`), textOf(resolve(root), journal), { replace: false });
  return journal;
}

/** Adds lines to a journal; they are on the disk when this returns. */
export function addToJournal(root: string, { id }: Pick<MovesJournal, "id">, ...lines: readonly object[]): void {
  const file = openSync(join(movesFolder(root), `${id}.jsonl`), "a");
  try {
    // a line that was torn by a kill ends here
    appendFileSync(file, lines.map((line) => `\n${JSON.stringify(line)}\n`).join(""));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads one journal. @throws {InputError} `invalid_file` when it is none. */
export function readJournal(root: string, id: string): MovesJournal {
  const base = resolve(root);
  const path = join(movesFolder(base), `${id}.jsonl`);
  const lines = readPlainText(path).split("\n").filter((line) => line !== "");
  const head = parsed(lines[0] ?? "");
  const plan = parsed(lines[1] ?? "");
  if (head?.version !== 1 || plan === undefined) throw unreadable(path, "not a journal of moves");
  const outer = (inner: string) => join(base, inner);
  const folder = (one: OldFolder): OldFolder => ({ ...one, path: outer(one.path) });
  const { made, emptied, touched } = plan as unknown as FolderPlan;
  const count = Number(head.steps);
  const steps = lines.slice(2, 2 + count).map((line) => {
    const step = JSON.parse(line) as MoveStep;
    return { ...step, from: outer(step.from), to: outer(step.to) };
  });
  let copies = new Map<number, MovedCopy>();
  const times = new Map<number, number>();
  let [state, stateMs, refused]: [MovesState, number, number] = ["applying", Number(head.plannedMs), 0];
  for (const line of lines.slice(2 + count)) {
    const entry = parsed(line);
    if (typeof entry?.state === "string") {
      [state, stateMs, refused] = [entry.state as MovesState, Number(entry.atMs), Number(entry.refused ?? 0)];
      copies = new Map();
    } else if (typeof entry?.copied === "number") {
      const copy = { inode: String(entry.inode), mtimeMs: Number(entry.mtimeMs) };
      copies.set(entry.copied, copy);
      if (state === "applying") times.set(entry.copied, copy.mtimeMs);
    }
  }
  return {
    ...{ id: String(head.id), about: String(head.about), plannedMs: Number(head.plannedMs), steps },
    folders: { made: made.map(outer), emptied: emptied.map(folder), touched: touched.map(folder) },
    ...{ state, stateMs, copies, times, refused },
  };
}

/** The journals of a folder, the newest first. */
export function journalIds(root: string): string[] {
  if (!hasOwn(movesFolder(root), "folder")) return [];
  return readdirSync(movesFolder(root)).filter((name) => name.endsWith(".jsonl"))
    .map((name) => name.slice(0, -".jsonl".length)).sort().reverse();
}

/** Forgets all but the newest few. */
export function pruneJournals(root: string): void {
  for (const id of journalIds(root).slice(mostKept)) rmSync(join(movesFolder(root), `${id}.jsonl`), { force: true });
}
