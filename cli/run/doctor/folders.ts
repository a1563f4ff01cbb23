import { accessSync, constants, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DiskError, InputError } from "../../../transport/mod.ts";
import { freeBytes, missingRight, wrapDiskError } from "../../../transport/internal.ts";
import { cachePath, keyPath, monitorPaths } from "../../settings/places.ts";
import { isGranted } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import type { DoctorText } from "../../texts/doctor.ts";
import { adviceOn, type Finding, type Say, stateOf } from "./finding.ts";

/** What should be free, in bytes: one model of the usual size, and room to work. */
const dueBytes: number = 5 * 1024 ** 3;

/** A folder that civikit writes to. */
export interface Place {
  /** What it is for. */
  readonly what: keyof DoctorText["places"];
  /** Where it is; undefined where there is no home folder. */
  readonly path: string | undefined;
}

const folderOf = (path: string | null | undefined) => path ? dirname(resolve(path)) : undefined;

/** The folders that civikit writes to; one that is switched off is not among them. */
export function placesOf({ env }: Pick<Io, "env">, downloads: string): readonly Place[] {
  const cache = cachePath(env);
  return [
    { what: "settings", path: folderOf(keyPath(env)) },
    ...(cache === null ? [] : [{ what: "cache", path: folderOf(cache) } as const]),
    { what: "state", path: folderOf(monitorPaths(env)?.store) },
    { what: "downloads", path: resolve(downloads) },
  ];
}

/** The nearest folder above `path` that is there, or `path` itself. */
function nearest(path: string): string {
  for (let place = path;; place = dirname(place)) {
    if (statSync(place, { throwIfNoEntry: false }) !== undefined || dirname(place) === place) return place;
  }
}

function checkRights(path: string): void {
  for (const name of ["read", "write"] as const) {
    if (isGranted([{ name, path }])) continue;
    const state = `no right to it; it takes --allow-${name}=${path}`;
    throw new DiskError(`opening ${JSON.stringify(path)}: ${state}`, {
      code: "permission_denied",
      reason: `${name}_right`,
      path,
    });
  }
}

/** Writes a little file into a folder and takes it away: nothing else tells whether there is a right and room to it. */
function tryWriting(folder: string): void {
  const path = join(folder, `.civikit-doctor-${crypto.randomUUID()}`);
  try {
    Deno.writeFileSync(path, new Uint8Array(4096), { createNew: true, mode: 0o600 });
  } finally {
    try {
      Deno.removeSync(path);
    } catch {
      // it was never made
    }
  }
}

/** What is wrong with a folder; whether it is there, where nothing is. */
function look(path: string): { readonly isThere: boolean } | { readonly error: Error } {
  try {
    checkRights(path);
    const place = nearest(path);
    if (!statSync(place).isDirectory()) {
      throw new InputError(`opening ${JSON.stringify(path)}: ${JSON.stringify(place)} is not a folder`, {
        code: "invalid_path",
        reason: "not_a_folder",
        input: path,
      });
    }
    const isThere = place === path;
    if (isThere) tryWriting(path);
    else accessSync(place, constants.W_OK | constants.X_OK);
    return { isThere };
  } catch (error) {
    // a right to the folder alone does not let us look above it, and need not
    if (missingRight(error) !== undefined) return { isThere: false };
    return { error: wrapDiskError(error, path, "writing to") };
  }
}

/** Whether the folders can be written. */
export function folderFindings(places: readonly Place[]): Finding[] {
  return places.map(({ what, path }): Finding => {
    const check = "folders";
    if (path === undefined) {
      const detail: Say = (text) => text.folderNone(text.places[what]);
      return { check, level: "error", detail, next: (text) => text.folderNoneNext };
    }
    const found = look(path);
    if ("error" in found) {
      const state = stateOf(found.error);
      return {
        check,
        level: "error",
        detail: (text) => text.folderBad(text.places[what], state),
        next: adviceOn(found.error),
      };
    }
    const detail: Say = (text) =>
      found.isThere ? text.folderWritable(text.places[what], path) : text.folderAbsent(text.places[what], path);
    return { check, level: "ok", detail };
  });
}

/** On which disk a folder is, or will be; its path where that cannot be told. */
function diskOf(path: string): string {
  try {
    return String(statSync(nearest(path)).dev);
  } catch {
    return path;
  }
}

function free(path: string): number | undefined {
  try {
    return freeBytes(path);
  } catch {
    return undefined;
  }
}

/** Whether there is room, for each disk once. */
export function diskFindings(places: readonly Place[]): Finding[] {
  const readable = places.flatMap(({ what, path }) => {
    return path === undefined || !isGranted([{ name: "read", path }]) ? [] : [{ what, path }];
  });
  const disks = Map.groupBy(readable, ({ path }) => diskOf(path));
  return [...disks.values()].map((places): Finding => {
    const check = "disk";
    const bytes = free(places[0]!.path);
    const shown = (text: DoctorText) => text.list(places.map(({ what }) => text.places[what]));
    if (bytes === undefined) return { check, level: "ok", detail: (text) => text.diskUnknown(shown(text)) };
    if (bytes >= dueBytes) return { check, level: "ok", detail: (text) => text.diskFree(bytes, shown(text)) };
    const detail: Say = (text) => text.diskLow(bytes, shown(text), dueBytes);
    return { check, level: "warning", detail, next: (text) => text.diskLowNext };
  });
}
