import { lstatSync } from "node:fs";
import {
  applyOrganize,
  clearDuplicate,
  continueMoves,
  type DuplicateOptions,
  type DuplicatePlan,
  findDuplicates,
  followMoves,
  type HashCache,
  type KeepPolicy,
  modelDetails,
  movesHistory,
  type MovesRecord,
  openTrash,
  type OrganizePlan,
  planDuplicates,
  planOrganize,
  type Project,
  type Trash,
  undoMoves,
} from "../../api/mod.ts";
import type { ModelLookup } from "../../api/library/ask_models.ts";
import { isInside, wrapDiskError } from "../../transport/internal.ts";
import type { CivikitError } from "../../transport/mod.ts";
import type { Library } from "./library.ts";
import type { ShownRow } from "./library_row.ts";

/** What tidying works with. */
export interface TidyOptions {
  /** What lies in the model folders. */
  readonly library: Pick<Library, "list" | "look">;
  /** Hashes, which follow what moves. */
  readonly hashes: HashCache;
  /** Whom to ask who made a model, where a template wants to know. */
  readonly api: ModelLookup;
  /** Where models are, and the layout of the settings; asked each time, as settings change. */
  where(): {
    readonly root: string;
    readonly layout?: string | undefined;
    readonly folders?: Readonly<Record<string, string>> | undefined;
  };
  /** All folders with models, whose trash is looked into. */
  roots(): readonly string[];
  /** The project whose lock file names them, read anew; undefined: there is none. */
  readonly project?: (() => Project | undefined) | undefined;
  /** Full paths that a lock file names. */
  readonly locked?: (() => readonly string[]) | undefined;
  /** Told when anything has changed. */
  readonly onChange?: (() => void) | undefined;
}

/** What can be under way. */
export type TidyKind = "organize" | "continue" | "undo" | "link" | "trash";

/** How the last thing ended. */
export interface TidyEnd {
  /** What. */
  readonly kind: TidyKind;
  /** Files that were moved, linked or trashed. */
  readonly done: number;
  /** Files that were left, and why the first was. */
  readonly left: number;
  /** What was in the way of it all, else of the first that was left; null: nothing. */
  readonly error: CivikitError | null;
}

/** Bulk work on the model folders: one thing at a time. */
export interface Tidy {
  /** What is under way; null: nothing. */
  readonly task: { readonly kind: TidyKind; readonly done: number; readonly total: number } | null;
  /** How the last thing ended; null: there was none. */
  readonly last: TidyEnd | null;
  /** The layout of the settings. */
  readonly layout: string | undefined;
  /** What a layout would move. @throws {InputError} `invalid_config` when there is no such layout. */
  preview(layout: string): Promise<OrganizePlan>;
  /** What was moved before, the newest first. */
  history(): MovesRecord[];
  /** Models that are there more than once, as far as they were hashed. */
  duplicates(keep?: KeepPolicy): DuplicatePlan[];
  /** The trash of all folders. */
  trash(): Trash;
  /** Begins moving by a layout. @returns What was begun; undefined: something else is under way. */
  organize(layout: string): Promise<TidyEnd> | undefined;
  /** Finishes or takes back what was moved. */
  goOn(kind: "continue" | "undo"): Promise<TidyEnd> | undefined;
  /** Makes the others links, or trashes them; `isSpared`: also what the project has twice, but for one of each. */
  clear(how: "link" | "trash", keep?: KeepPolicy, isSpared?: boolean): Promise<TidyEnd> | undefined;
}

const pageRows = 500;

/** How something ended, if that is within `patienceMs`; else it goes on by itself. */
export async function soon(begun: Promise<TidyEnd>, patienceMs: number): Promise<TidyEnd | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, patienceMs));
  const end = await Promise.race([begun, late]).finally(() => clearTimeout(timer));
  return end ?? undefined;
}

/** Opens it; nothing is begun. */
export function openTidy(
  { library, hashes, api, where, roots, project, locked, onChange }: TidyOptions,
): Tidy {
  let task: Tidy["task"] = null;
  let last: TidyEnd | null = null;

  function rows(): ShownRow[] {
    const found: ShownRow[] = [];
    for (;;) {
      const page = library.list({ offset: found.length, limit: pageRows });
      found.push(...page.rows);
      if (page.rows.length < pageRows) return found;
    }
  }

  /** The rows as files, those that are gone left out. */
  const files = () =>
    rows().flatMap(({ state, identity, ...row }) => {
      const info = lstatSync(row.path, { throwIfNoEntry: false });
      if (info === undefined) return [];
      const isLink = info.isSymbolicLink();
      return [{ ...row, isLink, inode: `${info.dev}:${info.ino}`, identity: state === "known" ? identity : null }];
    });

  function begin(kind: TidyKind, work: () => Promise<Omit<TidyEnd, "kind">>): Promise<TidyEnd> | undefined {
    if (task !== null) return undefined;
    task = { kind, done: 0, total: 0 };
    onChange?.();
    const ended = work().catch((error: unknown) => {
      return { done: 0, left: 0, error: wrapDiskError(error, where().root, "moving files in") };
    }).then(async (outcome) => {
      last = { kind, ...outcome };
      await library.look();
      return last;
    }).finally(() => {
      task = null;
      onChange?.();
    });
    return ended;
  }

  const moving = (kind: TidyKind) => ({
    onStep: (done: number, total: number) => void (task = { kind, done, total }),
    project: project?.(),
    follow: (moved: Parameters<typeof followMoves>[0]) =>
      followMoves(moved, { cache: hashes, project: project?.(), isHeld: true }),
  });

  async function preview(layout: string): Promise<OrganizePlan> {
    const { root, folders = {} } = where();
    const below = files().filter(({ path }) => isInside(root, path));
    const { details } = await modelDetails(api, below, layout);
    return planOrganize(root, below, { layout, details, folders });
  }

  const duplicates = (keep?: KeepPolicy, lockedMay?: DuplicateOptions["lockedMay"]): DuplicatePlan[] => {
    const hashed = files().flatMap((file) =>
      file.sha256 === null ? [] : [{ ...file, sha256: file.sha256, identity: file.identity }]
    );
    return planDuplicates({ files: hashed, groups: findDuplicates(hashed) }, { keep, locked: locked?.(), lockedMay });
  };
  const trash = () => openTrash(roots());

  return {
    get task() {
      return task;
    },
    get last() {
      return last;
    },
    get layout() {
      return where().layout;
    },
    preview,
    history: () => movesHistory(where().root),
    duplicates: (keep) => duplicates(keep),
    trash,
    organize: (layout) =>
      begin("organize", async () => {
        const plan = await preview(layout);
        if (plan.steps.length === 0) return { done: 0, left: 0, error: null };
        const { moved, refused } = await applyOrganize(plan, moving("organize"));
        return { done: moved.length, left: refused.length, error: refused[0]?.error ?? null };
      }),
    goOn: (kind) =>
      begin(kind, async () => {
        const report = await (kind === "undo" ? undoMoves : continueMoves)(where().root, moving(kind));
        const { moved = [], refused = [] } = report ?? {};
        return { done: moved.length, left: refused.length, error: refused[0]?.error ?? null };
      }),
    clear: (how, keep, isSpared = false) =>
      begin(how, async () => {
        const plans = duplicates(keep, how === "link" ? "link" : isSpared ? "spare" : "stay");
        const bin = trash();
        const outcomes = [];
        for (const [at, plan] of plans.entries()) {
          task = { kind: how, done: at, total: plans.length };
          outcomes.push(...await clearDuplicate(plan, { how, trash: bin, project: project?.() }));
        }
        const left = outcomes.filter(({ state }) => state === "kept");
        const error = left.find((one) => one.error !== undefined)?.error ?? null;
        return { done: outcomes.length - left.length, left: left.length, error };
      }),
  };
}
