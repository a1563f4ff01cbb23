import { statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import {
  type DiskFile,
  findUpdates,
  type HashCache,
  type HashLookup,
  type LibraryFile,
  modelExtensions,
  scan,
  type ScanProgress,
  verify,
  type VersionSummary,
} from "../../api/mod.ts";
import { identityOf } from "../../api/library/identity.ts";
import type { ModelLookup } from "../../api/library/updates.ts";
import { walkInSteps } from "../../api/library/walk.ts";
import { messageOf, systemClock } from "../../transport/internal.ts";
import type { ModelOnDisk } from "../run/add_sidecars.ts";
import { CivikitError, type Clock } from "../../transport/mod.ts";
import {
  type LibraryFilter,
  libraryFilters,
  type LibraryRow,
  rowId,
  type RowState,
  type ShownRow,
} from "./library_row.ts";

/** What a library is made of. */
export interface LibraryOptions {
  /** The folders it lies in, absolute; asked at each look, as settings change. */
  folders(): readonly string[];
  /** Hashes and identities of earlier runs. */
  readonly hashes: HashCache;
  /** Whom to ask what a file is. */
  readonly api: HashLookup & ModelLookup;
  /** Writes what other programs read beside models. Default: nobody does. */
  readonly write?:
    | ((
      files: readonly ModelOnDisk[],
      signal: AbortSignal,
    ) => AsyncIterable<{ readonly error?: CivikitError | undefined }>)
    | undefined;
  /** Told when anything has changed. */
  readonly onChange?: (() => void) | undefined;
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
}

/** What is under way: one thing at a time. */
export interface LibraryTask {
  /** What. */
  readonly kind: "scan" | "verify" | "updates" | "sidecars";
  /** What it is at. */
  readonly phase: ScanProgress["phase"] | "reading" | "writing";
  /** How far. */
  readonly done: number;
  /** Of how much. */
  readonly total: number;
}

/** Which rows are listed. */
export interface ListRows {
  /** Default `all`. */
  readonly filter?: LibraryFilter | undefined;
  /** What file, model, version or base model have to contain; case does not matter. */
  readonly text?: string | undefined;
  /** Only models made for this. */
  readonly base?: string | undefined;
  /** How many rows to pass over. Default 0. */
  readonly offset?: number | undefined;
  /** Rows at most, 1 to 500. Default 100. */
  readonly limit?: number | undefined;
}

/** A part of the library. */
export interface LibraryPage {
  /** The rows, by name. */
  readonly rows: readonly ShownRow[];
  /** How many there are of the kind. */
  readonly total: number;
}

/** What lies in the model folders, as it was last seen. */
export interface Library {
  /** When it was last looked at, in milliseconds since the epoch; null: not yet. */
  readonly seenMs: number | null;
  /** What is under way; null: nothing. */
  readonly task: LibraryTask | null;
  /** What went wrong with the last task, else the last look, in words; null: nothing. */
  readonly trouble: string | null;
  /** Looks which files are there, beside everything else. Nothing is hashed, nobody is asked. */
  look(): Promise<void>;
  /** Takes up one file that has just come. */
  note(path: string): void;
  /** Hashes what is new and asks what it is. @returns False: something else is under way. */
  scan(): boolean;
  /** Hashes files again and compares. @returns False: something else is under way. */
  verify(ids: readonly string[]): boolean;
  /** Writes sidecars for those that are known. @returns False: something else is under way, or nobody can. */
  sidecars(ids: readonly string[]): boolean;
  /** Asks for newer versions of everything that is known. @returns False: something else is under way. */
  checkUpdates(): boolean;
  /** A part of it. */
  list(which?: ListRows): LibraryPage;
  /** How many rows each filter has. */
  counts(): Readonly<Record<LibraryFilter, number>>;
  /** The base models that are there, by name. */
  bases(): readonly string[];
  /** One row. */
  get(id: string): ShownRow | undefined;
  /** Which of these versions are there, whole or not, and where. */
  have(versionIds: readonly number[]): ReadonlyMap<number, readonly ShownRow[]>;
  /** The files of these models, whichever version. */
  haveModels(modelIds: readonly number[]): readonly ShownRow[];
  /** A file with this SHA-256. */
  find(sha256: string): ShownRow | undefined;
  /** Stops what is under way; resolves when it has stopped. */
  close(): Promise<void>;
}

type Work = (signal: AbortSignal, tell: (progress: Omit<LibraryTask, "kind">) => void) => Promise<void>;

const mostRows = 500;
const failed = "the service itself failed";
const isModel = (path: string) => modelExtensions.includes(extname(path).slice(1).toLowerCase());
const nameIn = (folder: string, path: string) => relative(folder, path).split(sep).join("/");

/** Lets others go on after each ten milliseconds of work. @throws The signal's reason when it aborts. */
function breather(signal: AbortSignal): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < 10) return;
    return new Promise((resolve) => setTimeout(resolve)).then(() => {
      signal.throwIfAborted();
      sinceMs = performance.now();
    });
  };
}

/** Opens a library; it is empty until the first look. */
export function openLibrary({ folders, hashes, api, write, onChange, clock = systemClock }: LibraryOptions): Library {
  const rows = new Map<string, LibraryRow>();
  let sorted: readonly LibraryRow[] | undefined;
  let byHash: ReadonlyMap<string, readonly LibraryRow[]> | undefined;
  let byVersion: ReadonlyMap<number, readonly LibraryRow[]> | undefined;
  let seenMs: number | null = null;
  let task: LibraryTask | null = null;
  let trouble: string | null = null;
  let lookTrouble: string | null = null;
  let running: Promise<void> = Promise.resolve();
  let looking: Promise<void> | undefined;
  const noted = new Set<string>();
  const newer = new Map<number, VersionSummary>();
  const stop = new AbortController();

  function changed(): void {
    sorted = undefined;
    byHash = undefined;
    byVersion = undefined;
    onChange?.();
  }

  const all = () =>
    sorted ??= [...rows.values()].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : a.path < b.path ? -1 : 1);
  const hashesThere = () => byHash ??= Map.groupBy(all().filter((row) => row.sha256 !== null), (row) => row.sha256!);
  const sameAs = ({ sha256 }: LibraryRow) => sha256 === null ? [] : hashesThere().get(sha256) ?? [];
  const versions = () =>
    byVersion ??= Map.groupBy(all().filter(({ identity }) => identity !== null), (row) => row.identity!.versionId);

  const newerOf = ({ identity }: LibraryRow) => newer.get(identity?.modelId ?? NaN) ?? null;
  const shown = (row: LibraryRow): ShownRow => ({
    ...row,
    twins: Math.max(0, sameAs(row).length - 1),
    newer: newerOf(row),
  });

  function isOf(filter: LibraryFilter, row: LibraryRow): boolean {
    switch (filter) {
      case "all":
        return true;
      case "duplicate":
        return sameAs(row).length > 1;
      case "damaged":
        return row.problem !== null;
      case "update":
        return newerOf(row) !== null;
      case "unhashed":
        return row.state === "unhashed" || row.state === "unasked";
      default:
        return row.state === filter;
    }
  }

  /** A row from what earlier runs found out. */
  function remembered(file: { path: string; name: string; bytes: number; mtimeMs: number }): LibraryRow {
    const { path, name, bytes, mtimeMs } = file;
    const record = hashes.find(file);
    const asked = record === undefined ? undefined : hashes.asked(record.sha256);
    const state: RowState = record === undefined
      ? "unhashed"
      : asked === undefined
      ? "unasked"
      : asked.identity === null
      ? "unknown"
      : "known";
    const identity = asked?.identity ?? null;
    return {
      ...{ id: rowId(path), path, name, bytes, mtimeMs, state, identity },
      sha256: record?.sha256 ?? null,
      provedMs: record?.provedMs ?? null,
      // a file the site knows is as it was published
      problem: identity === null ? record?.problem ?? null : null,
    };
  }

  /** A folder that is not there is empty; one that cannot be read is told of. */
  async function filesIn(folder: string, rest: () => Promise<void> | undefined): Promise<readonly DiskFile[]> {
    try {
      const steps = walkInSteps(folder);
      for (;;) {
        const { done, value } = steps.next();
        if (done) {
          if (value.skipped[0] !== undefined) lookTrouble = messageOf(value.skipped[0].error);
          return value.files;
        }
        await rest();
      }
    } catch (error) {
      if (!(error instanceof CivikitError)) throw error;
      if (error.code !== "folder_missing") lookTrouble = messageOf(error);
      return [];
    }
  }

  async function lookAll(): Promise<void> {
    const rest = breather(stop.signal);
    const there: LibraryRow[] = [];
    noted.clear();
    lookTrouble = null;
    for (const folder of folders()) {
      for (const file of await filesIn(folder, rest)) {
        there.push(remembered(file));
        await rest();
      }
    }
    rows.clear();
    for (const row of there) rows.set(row.id, row);
    seenMs = clock.date();
    for (const path of noted) takeUp(path);
    changed();
  }

  /** Looks at one file. */
  function takeUp(path: string): void {
    try {
      const { size: bytes, mtimeMs } = statSync(path);
      const folder = folders().find((one) => path.startsWith(join(one, sep)));
      if (folder === undefined || !isModel(path)) return;
      const file = { path, name: nameIn(folder, path), bytes, mtimeMs: Math.trunc(mtimeMs) };
      const row = remembered(file);
      rows.set(row.id, row);
      if (row.state === "unasked") void ask(row.sha256!, file);
    } catch {
      rows.delete(rowId(path)); // gone again
    }
  }

  /** Asks what a file is that has just come; a scan asks again where nobody answers. */
  async function ask(sha256: string, file: Parameters<typeof remembered>[0]): Promise<void> {
    try {
      const version = (await api.versions.byHashes([sha256], { signal: stop.signal })).get(sha256);
      const identity = version === undefined ? null : identityOf(version, sha256);
      hashes.keepAsked(sha256, { identity, askedAt: clock.date() });
      rows.set(rowId(file.path), remembered(file));
      changed();
    } catch {
      // as it was
    }
  }

  function begin(kind: LibraryTask["kind"], work: Work): boolean {
    if (task !== null || stop.signal.aborted) return false;
    task = { kind, phase: "reading", done: 0, total: 0 };
    trouble = null;
    let toldMs = clock.now();
    running = (async () => {
      try {
        await looking;
        await work(stop.signal, (progress) => {
          task = { kind, ...progress };
          if (clock.now() - toldMs < 500) return;
          toldMs = clock.now();
          onChange?.();
        });
      } catch (error) {
        if (!stop.signal.aborted) {
          trouble = error instanceof CivikitError ? messageOf(error) : failed;
        }
      } finally {
        task = null;
        changed();
      }
    })();
    onChange?.();
    return true;
  }

  function take({ path, name, bytes, mtimeMs, sha256, identity, problem }: LibraryFile): void {
    const state: RowState = identity === undefined ? "unasked" : identity === null ? "unknown" : "known";
    const provedMs = hashes.find({ path, bytes, mtimeMs })?.provedMs ?? null;
    const row = { id: rowId(path), path, name, bytes, mtimeMs, state, sha256, provedMs };
    rows.set(row.id, { ...row, identity: identity ?? null, problem: identity ? null : problem });
  }

  return {
    get seenMs() {
      return seenMs;
    },
    get task() {
      return task;
    },
    get trouble() {
      return trouble ?? lookTrouble;
    },
    look() {
      // what is under way looks by itself
      if (task !== null) return running;
      looking ??= lookAll().catch(() => {
        if (!stop.signal.aborted) lookTrouble = failed;
      }).finally(() => looking = undefined);
      return looking;
    },
    note(path) {
      if (looking !== undefined) noted.add(path);
      takeUp(path);
      changed();
    },
    scan: () =>
      begin("scan", async (signal, tell) => {
        const there = folders().filter((folder) => {
          try {
            return statSync(folder).isDirectory();
          } catch {
            return false;
          }
        });
        const { files, failures, damaged: _ } = await scan(api, there, {
          ...{ cache: hashes, signal },
          onProgress: ({ phase, done, total }) => tell({ phase, done, total }),
        });
        rows.clear();
        hashes.together(() => files.forEach(take));
        seenMs = clock.date();
        if (failures[0] !== undefined) trouble = messageOf(failures[0]);
      }),
    verify: (ids) =>
      begin("verify", async (signal, tell) => {
        const wanted = ids.map((id) => rows.get(id)).filter((row) => row !== undefined);
        const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
        const files = wanted.map(({ path, sha256, state }) => ({
          path,
          ...(sha256 !== null && { sha256, isPublished: state === "known" }),
        }));
        const onProgress = ({ hashedBytes: done }: { hashedBytes: number }) => tell({ phase: "hashing", done, total });
        for await (const { path, state, sha256, error } of verify(files, { signal, onProgress })) {
          const row = rows.get(rowId(path));
          if (row === undefined) continue;
          if (state === "missing") {
            rows.delete(row.id);
            continue;
          }
          const problem = error === undefined ? null : messageOf(error);
          const { bytes, mtimeMs } = row;
          if (sha256 !== undefined && (row.sha256 === null || sha256 === row.sha256)) {
            hashes.keep({ path, bytes, mtimeMs, sha256, problem });
          }
          rows.set(row.id, { ...row, problem, ...(problem === null && { provedMs: clock.date() }) });
        }
      }),
    sidecars: (ids) =>
      write !== undefined && begin("sidecars", async (signal, tell) => {
        const files = ids.map((id) => rows.get(id)).filter((row) => row !== undefined).flatMap((
          { path, sha256, identity },
        ) => sha256 === null || identity === null ? [] : [{ path, sha256, versionId: identity.versionId }]);
        tell({ phase: "writing", done: 0, total: files.length });
        let failed: CivikitError | undefined;
        for await (const { error } of write(files, signal)) failed ??= error;
        if (failed !== undefined) trouble = messageOf(failed);
      }),
    checkUpdates: () =>
      begin("updates", async (signal, tell) => {
        const owned = all().filter(({ identity }) => identity !== null).map(({ identity, sha256 }) => ({
          ...{ modelId: identity!.modelId, versionId: identity!.versionId, sha256 },
        }));
        tell({ phase: "asking", done: 0, total: new Set(owned.map(({ modelId }) => modelId)).size });
        const { models, failures } = await findUpdates(api, owned, { signal });
        newer.clear();
        for (const { modelId, newest } of models) if (newest !== undefined) newer.set(modelId, newest);
        if (failures[0] !== undefined) trouble = messageOf(failures[0].error);
      }),
    list({ filter = "all", text = "", base, offset = 0, limit = 100 } = {}) {
      const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
      const found = all().filter((row) => {
        if (!isOf(filter, row) || (base !== undefined && row.identity?.baseModel !== base)) return false;
        if (words.length === 0) return true;
        const { modelName = "", versionName = "", baseModel = "" } = row.identity ?? {};
        const hay = `${row.name}\n${modelName}\n${versionName}\n${baseModel}`.toLowerCase();
        return words.every((word) => hay.includes(word));
      });
      const most = Math.min(Math.max(1, limit), mostRows);
      return { rows: found.slice(offset, offset + most).map(shown), total: found.length };
    },
    counts() {
      const counts = Object.fromEntries(libraryFilters.map((filter) => [filter, 0])) as Record<LibraryFilter, number>;
      for (const row of all()) {
        for (const filter of libraryFilters) if (isOf(filter, row)) counts[filter]++;
      }
      return counts;
    },
    bases: () => [...new Set(all().map(({ identity }) => identity?.baseModel ?? "").filter(Boolean))].sort(),
    get(id) {
      const row = rows.get(id);
      return row && shown(row);
    },
    have(versionIds) {
      const there = versionIds.map((id) => [id, (versions().get(id) ?? []).map(shown)] as const);
      return new Map(there.filter(([, found]) => found.length > 0));
    },
    haveModels(modelIds) {
      const wanted = new Set(modelIds);
      return all().filter(({ identity }) => identity?.modelId != null && wanted.has(identity.modelId)).map(shown);
    },
    find(sha256) {
      const [row] = hashesThere().get(sha256.toUpperCase()) ?? [];
      return row && shown(row);
    },
    async close() {
      stop.abort(new DOMException("the library is closed", "AbortError"));
      await Promise.all([running, looking]);
    },
  };
}
