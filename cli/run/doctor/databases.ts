import { basename } from "node:path";
import { lookAtSqlite, ownError } from "../../../transport/internal.ts";
import { DiskError } from "../../../transport/mod.ts";
import { cachePath, hashesPath, monitorPaths, outboxPath, queuePath, watchPath } from "../../settings/places.ts";
import { isGranted, keeping } from "../../settings/rights.ts";
import type { Io } from "../../terminal/io.ts";
import { adviceOn, type Finding, stateOf } from "./finding.ts";

/** The databases civikit keeps. */
export function databasesOf({ env }: Pick<Io, "env">): readonly string[] {
  return [cachePath(env), hashesPath(env), monitorPaths(env)?.store, queuePath(env), watchPath(env), outboxPath(env)]
    .filter((path) => typeof path === "string");
}

/** A damaged file is set aside by itself; what belongs to somebody else never is. */
const isSetAside = (error: unknown) =>
  error instanceof DiskError && error.code === "invalid_file" && error.reason === undefined;

function databaseFinding(path: string): Finding {
  const check = "databases";
  const name = basename(path);
  try {
    const bytes = lookAtSqlite(path);
    if (bytes === undefined) return { check, level: "ok", detail: (text) => text.databaseAbsent(name) };
    return { check, level: "ok", detail: (text) => text.databaseWhole(name, bytes) };
  } catch (thrown) {
    const error = ownError(thrown);
    const state = stateOf(error);
    const next: Finding["next"] = isSetAside(error) ? (text) => text.databaseDamagedNext(path) : adviceOn(error);
    return { check, level: "error", detail: () => state, next };
  }
}

/** Whether the databases are whole; that there is no right to look the lines about the folders say. */
export function databaseFindings(paths: readonly string[]): Finding[] {
  return paths.filter((path) => isGranted(keeping(path))).map(databaseFinding);
}
