import type { DatabaseSync } from "node:sqlite";

/**
 * The steps from an empty file to the present layout. A file's `user_version` is the number of steps it has been
 * through. Never change a step that was published: add one.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO about VALUES ('salt', lower(hex(randomblob(16))));

   CREATE TABLE totals (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
     hit INTEGER NOT NULL, stale INTEGER NOT NULL, revalidated INTEGER NOT NULL, miss INTEGER NOT NULL,
     saved INTEGER NOT NULL
   ) STRICT;
   INSERT INTO totals VALUES (1, 0, 0, 0, 0, 0, 0, 0);

   -- AUTOINCREMENT: an id that another process still holds must never come to mean another entry
   CREATE TABLE entries (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     url TEXT NOT NULL, partition TEXT NOT NULL,
     whole INTEGER NOT NULL,
     status INTEGER NOT NULL, head TEXT NOT NULL, head_sum INTEGER NOT NULL,
     body BLOB, body_bytes INTEGER NOT NULL, body_sum INTEGER NOT NULL,
     bytes INTEGER NOT NULL, stored_ms INTEGER NOT NULL, used INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX entries_by_key ON entries (url, partition);
   CREATE INDEX entries_by_use ON entries (used);

   CREATE TABLE chunks (
     id INTEGER PRIMARY KEY, entry INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX chunks_by_entry ON chunks (entry, n);

   CREATE TRIGGER entry_added AFTER INSERT ON entries BEGIN
     UPDATE totals SET entries = entries + 1, bytes = bytes + new.bytes;
   END;
   CREATE TRIGGER entry_changed AFTER UPDATE OF bytes ON entries BEGIN
     UPDATE totals SET bytes = bytes + new.bytes - old.bytes;
   END;
   CREATE TRIGGER entry_gone AFTER DELETE ON entries BEGIN
     UPDATE totals SET entries = entries - 1, bytes = bytes - old.bytes;
   END;`,
];

function version(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()!["user_version"]);
}

/**
 * Brings a database to the present layout, in one transaction: it is either done or as it was. A file of a later
 * version is emptied and laid out anew, which for a cache is no loss.
 *
 * @param db An open database.
 * @param steps The layout, step by step. Default: the cache's.
 * @returns The version the file had before.
 */
export function migrate(db: DatabaseSync, steps: readonly string[] = migrations): number {
  const seen = version(db);
  if (seen === steps.length) return seen;
  db.exec("BEGIN IMMEDIATE");
  try {
    // another process may have been quicker
    let from = version(db);
    const before = from;
    if (from > steps.length) {
      empty(db);
      from = 0;
    }
    for (const step of steps.slice(from)) db.exec(step);
    db.exec(`PRAGMA user_version = ${steps.length}`);
    db.exec("COMMIT");
    return before;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

function empty(db: DatabaseSync): void {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
  for (const { name } of tables) db.exec(`DROP TABLE "${String(name).replaceAll('"', '""')}"`);
}
