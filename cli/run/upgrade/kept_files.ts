import { dirname, join } from "node:path";
import {
  hashesPath,
  monitorPaths,
  outboxPath,
  queuePath,
  rootsPath,
  settingsPath,
  watchPath,
} from "../../settings/places.ts";
import type { Io } from "../../terminal/io.ts";

/** A file that outlives versions. */
export interface KeptFile {
  /** What it is called in a backup. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
  /** Whether it is an SQLite file. */
  readonly isDatabase: boolean;
}

/**
 * The files a version may change: settings and databases. Keys and tokens are not among them, which no version changes and
 * which have no business in a backup; nor is the cache, which is made again.
 */
export function keptFiles({ env }: Pick<Io, "env">): readonly KeptFile[] {
  const settings = settingsPath(env);
  const schema = settings && join(dirname(settings), "config.schema.json");
  const all: readonly (readonly [string, string | undefined, boolean])[] = [
    ["config.json", settings, false],
    ["config.schema.json", schema, false],
    ["roots.json", rootsPath(env), false],
    ["queue.sqlite", queuePath(env), true],
    ["watch.sqlite", watchPath(env), true],
    ["outbox.sqlite", outboxPath(env), true],
    ["stats.sqlite", monitorPaths(env)?.store, true],
    ["hashes.sqlite", hashesPath(env), true],
  ];
  return all.flatMap(([name, path, isDatabase]) => path === undefined ? [] : [{ name, path, isDatabase }]);
}
