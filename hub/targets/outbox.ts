import { createHash } from "node:crypto";
import { openSqlite, systemClock } from "../../transport/internal.ts";
import type { Clock } from "../../transport/mod.ts";
import { workerMarks } from "../queue/worker_marks.ts";
import { keyOf, type News } from "./news.ts";
import type { Target } from "./target.ts";

/** What programs have not been told yet, where it outlives the process. */
export interface Outbox extends Disposable {
  /** Keeps it until it is dropped. */
  keep(target: Target, news: News): void;
  /** What processes that have ended had kept for this program; from now on it is this one's. */
  take(target: Target): News[];
  /** It was told, or never will be. */
  drop(target: Target, news: readonly News[]): void;
}

/** Options of {@linkcode openOutbox}. */
export interface OpenOutboxOptions {
  /** Where time comes from. Default: the machine. */
  readonly clock?: Clock | undefined;
  /** Told where a damaged file was put; an empty one is in its place then. */
  readonly onSetAside?: ((path: string) => void) | undefined;
}

/** What nobody wanted to hear for so long is no news, in milliseconds. */
const keepMs = 7 * 24 * 3_600_000;

/** "ckwo" */
const applicationId = 0x636b776f;

const migrations = [
  `CREATE TABLE news (
    target TEXT NOT NULL, key TEXT NOT NULL, owner TEXT NOT NULL, news TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (target, key, owner)
  ) WITHOUT ROWID`,
];

const statements = {
  keep: "INSERT OR REPLACE INTO news VALUES (?, ?, ?, ?, ?)",
  owners: "SELECT DISTINCT owner FROM news WHERE target = ? AND owner != ?",
  left: "SELECT key, news, at_ms FROM news WHERE target = ? AND owner = ?",
  // what this process has kept of the same is newer
  adopt: "INSERT OR IGNORE INTO news VALUES (?, ?, ?, ?, ?)",
  forget: "DELETE FROM news WHERE target = ? AND owner = ?",
  drop: "DELETE FROM news WHERE target = ? AND key = ? AND owner = ?",
  dropOld: "DELETE FROM news WHERE at_ms < ?",
};

/** Names a program without its address, whose path may be a secret. */
function nameOf({ kind, url }: Target): string {
  return createHash("sha256").update(`${kind} ${url}`).digest("hex");
}

/**
 * An outbox in an SQLite file, for several processes at once: what one of them could not tell before it ended, in whatever
 * way, is told by the next. What is a week old is forgotten.
 *
 * @param path Where the file is or shall be, `:memory:` for none; it gets rights 0600.
 * @param options `clock` and `onSetAside`, see {@linkcode OpenOutboxOptions}.
 * @throws {DiskError} `newer_format`, `invalid_file`: not ours to change; `permission_denied`, `no_space`, `invalid_path`.
 * @example
 * ```ts
 * import { openOutbox } from "@civikit/civikit/hub";
 *
 * const path = `${Deno.makeTempDirSync()}/outbox.sqlite`, forge = { kind: "forge", url: "http://127.0.0.1:7860" } as const;
 * {
 *   using first = openOutbox(path);
 *   first.keep(forge, { path: "/models/Lora/lantern.safetensors" });
 * }
 * using next = openOutbox(path);
 * console.log(next.take(forge)); // [ { path: "/models/Lora/lantern.safetensors" } ]
 * ```
 */
export function openOutbox(path: string, { clock = systemClock, onSetAside }: OpenOutboxOptions = {}): Outbox {
  const file = openSqlite(path, {
    ...{ applicationId, migrations, statements, patienceMs: 5000, onSetAside },
    pragmas: "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256",
  });
  const marks = workerMarks(path === ":memory:" ? undefined : path);
  const own = `outbox-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  marks.show(own);

  function close(): void {
    marks.close();
    file.close();
  }

  return {
    keep(target, news) {
      file.use("keeping what is to be told", () => {
        file.run.keep.run(nameOf(target), keyOf(news), own, JSON.stringify(news), clock.date());
      });
    },
    take: (target) =>
      file.transaction("reading what was not told", () => {
        file.run.dropOld.run(clock.date() - keepMs);
        const name = nameOf(target);
        const owners = file.run.owners.all(name, own).map(({ owner }) => String(owner));
        const left = owners.filter((owner) => marks.isAlive(owner) !== true).flatMap((owner) => {
          const rows = file.run.left.all(name, owner);
          file.run.forget.run(name, owner);
          marks.forget(owner);
          return rows;
        });
        left.sort((one, other) => Number(one["at_ms"]) - Number(other["at_ms"]));
        // several may have kept the same: the newest counts
        const newest = new Map(left.map((row) => [row["key"]!, row]));
        return [...newest].map(([key, { news, at_ms: atMs }]) => {
          file.run.adopt.run(name, key, own, news!, atMs!);
          return JSON.parse(String(news)) as News;
        });
      }),
    drop(target, news) {
      file.transaction("dropping what was told", () => {
        for (const one of news) file.run.drop.run(nameOf(target), keyOf(one), own);
      });
    },
    [Symbol.dispose]: close,
  };
}
