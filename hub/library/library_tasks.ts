import { statSync } from "node:fs";
import { findUpdates, type LibraryFile, presume, scan, verify } from "../../api/mod.ts";
import { messageOf } from "../../transport/internal.ts";
import type { CivikitError, Clock } from "../../transport/mod.ts";
import { breather } from "./breather.ts";
import type { LibraryOptions, LibraryTask } from "./library.ts";
import type { LibraryRows } from "./library_rows.ts";
import type { Looker } from "./looker.ts";
import { rowId, type RowState } from "./library_row.ts";

/** What there is to do, in its own time: resolves with what went wrong on the way, in words; null: nothing. */
export type Work = (
  signal: AbortSignal,
  tell: (progress: Omit<LibraryTask, "kind">) => void,
) => Promise<string | null>;

/** What can be done with a library. */
export interface LibraryTasks {
  /** See `Library`. */
  readonly scan: Work;
  /** See `Library`. */
  readonly quick: Work;
  /** See `Library`. */
  verify(ids: readonly string[]): Work;
  /** See `Library`. */
  sidecars(ids: readonly string[], write: NonNullable<LibraryOptions["write"]>): Work;
  /** See `Library`. */
  readonly updates: Work;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const told = (error: CivikitError | undefined) => error === undefined ? null : messageOf(error);

/** Makes them. */
export function libraryTasks(
  rows: LibraryRows,
  { folders, hashes, api, throttle, clock, remembered, judge }:
    & Pick<LibraryOptions, "folders" | "hashes" | "api" | "throttle">
    & Pick<Looker, "remembered">
    & { readonly clock: Clock; judge(): void },
): LibraryTasks {
  function take({ path, name, bytes, mtimeMs, sha256, identity, problem }: LibraryFile): void {
    const state: RowState = identity === undefined ? "unasked" : identity === null ? "unknown" : "known";
    rows.put({
      ...{ id: rowId(path), path, name, bytes, mtimeMs, state, sha256, identity: identity ?? null },
      provedMs: hashes.find({ path, bytes, mtimeMs })?.provedMs ?? null,
      problem: identity ? null : problem,
    });
  }

  const found = (ids: readonly string[]) => ids.map((id) => rows.get(id)).filter((row) => row !== undefined);

  return {
    async scan(signal, tell) {
      const { files, failures, disproved } = await scan(api, folders().filter(isFolder), {
        ...{ cache: hashes, throttle: throttle?.(), signal },
        onProgress: ({ phase, done, total }) => tell({ phase, done, total }),
      });
      const rest = breather(signal);
      rows.begin();
      for (const file of files) {
        take(file);
        await rest();
      }
      rows.sweep();
      const [first] = disproved;
      return told(failures[0]) ??
        (first && `${first.path}: it was presumed to be ${first.presumed.modelName}, and its SHA-256 is not`) ?? null;
    },
    async quick(signal, tell) {
      const { files, presumed, failures } = await presume(api, folders().filter(isFolder), {
        ...{ cache: hashes, throttle: throttle?.(), signal },
        onProgress: ({ phase, done, total }) => tell({ phase, done, total }),
      });
      const rest = breather(signal);
      rows.begin();
      for (const file of [...files, ...presumed]) {
        rows.put(remembered(file));
        await rest();
      }
      rows.sweep();
      return told(failures[0]);
    },
    verify: (ids) => async (signal, tell) => {
      const wanted = found(ids);
      const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
      const files = wanted.map(({ path, sha256, state }) => ({
        path,
        ...(sha256 !== null && { sha256, isPublished: state === "known" }),
      }));
      const onProgress = ({ hashedBytes: done }: { hashedBytes: number }) => tell({ phase: "hashing", done, total });
      for await (
        const { path, state, sha256, error } of verify(files, { signal, throttle: throttle?.(), onProgress })
      ) {
        const row = rows.get(rowId(path));
        if (row === undefined) continue;
        if (state === "missing") {
          rows.remove(row.id);
          continue;
        }
        const problem = error === undefined ? null : messageOf(error);
        const { bytes, mtimeMs } = row;
        if (sha256 !== undefined && (row.sha256 === null || sha256 === row.sha256)) {
          hashes.keep({ path, bytes, mtimeMs, sha256, problem });
        }
        const known = row.sha256 === null && sha256 !== undefined ? remembered(row) : row;
        rows.put({ ...known, problem, ...(problem === null && { provedMs: clock.date() }) });
      }
      return null;
    },
    sidecars: (ids, write) => async (signal, tell) => {
      const files = found(ids).flatMap(({ path, sha256, identity }) =>
        sha256 === null || identity === null ? [] : [{ path, sha256, versionId: identity.versionId }]
      );
      tell({ phase: "writing", done: 0, total: files.length });
      let first: CivikitError | undefined;
      for await (const { error } of write(files, signal)) first ??= error;
      return told(first);
    },
    async updates(signal, tell) {
      const owned = rows.known();
      tell({ phase: "asking", done: 0, total: new Set(owned.map(({ modelId }) => modelId)).size });
      const { models, failures, gone } = await findUpdates(api, owned, {
        // what of it is an update is decided when it is shown: rules change
        ...{ signal, now: clock.date() },
      });
      rows.setNewer(new Map(models.flatMap(({ modelId, newer }) => newer.length === 0 ? [] : [[modelId, newer]])));
      judge();
      const lost = new Set(gone.flatMap(({ versionIds }) => versionIds));
      const isAnswered = new Set(models.map(({ modelId }) => modelId));
      for (const { modelId, versionId, sha256 } of owned) {
        if (sha256 === null) continue;
        const isMarked = hashes.asked(sha256)?.goneAt !== undefined;
        if (lost.has(versionId)) {
          if (!isMarked) hashes.markGone(sha256, clock.date());
        } else if (isMarked && modelId !== null && isAnswered.has(modelId)) hashes.markGone(sha256, null);
      }
      return told(failures[0]?.error);
    },
  };
}
