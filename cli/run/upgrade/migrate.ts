import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { hashCache } from "../../../api/mod.ts";
import { sqliteQueue } from "../../../hub/queue/mod.ts";
import { openOutbox } from "../../../hub/targets/mod.ts";
import { watchStore } from "../../../hub/watch/mod.ts";
import { statsStore } from "../../../monitor/mod.ts";
import { lookAtSqlite } from "../../../transport/internal.ts";
import type { KeptFile } from "./kept_files.ts";

/** A database that was taken to this version. */
export interface MigratedFile {
  /** What it is called. */
  readonly name: string;
  /** The version of its layout before. */
  readonly from: number;
  /** The version now. */
  readonly to: number;
}

function layoutOf(path: string): number {
  using db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  return Number(db.prepare("PRAGMA user_version").get()!["user_version"]);
}

/** Who opens which database, which is what takes it to this version. */
const openers: Readonly<Record<string, (path: string) => AsyncDisposable | Disposable>> = {
  "queue.sqlite": (path) => sqliteQueue(path),
  "watch.sqlite": (path) => watchStore(path),
  "outbox.sqlite": (path) => openOutbox(path),
  "stats.sqlite": (path) => statsStore(path),
  "hashes.sqlite": (path) => hashCache(path),
};

/**
 * Takes a database to the layout of this version; undefined where there is none. A damaged one is left as it is.
 *
 * @throws {DiskError} `newer_format`: of a newer civikit; `invalid_file`: damaged.
 */
export async function migrateFile({ name, path }: KeptFile): Promise<MigratedFile | undefined> {
  const open = openers[name];
  if (open === undefined || !existsSync(path)) return undefined;
  lookAtSqlite(path);
  const from = layoutOf(path);
  {
    await using _file = open(path);
  }
  return { name, from, to: layoutOf(path) };
}
