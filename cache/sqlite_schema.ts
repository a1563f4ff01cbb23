/** What marks a file as a cache of ours: "ckhc". */
export const applicationId = 0x636b6863;

/** The steps from an empty file to the present layout. */
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
