import { openSqlite, type SqliteFile, type SqliteOptions } from "../../../transport/internal.ts";

const applicationId = 0x74657374;

/** The layout of the tests: notes, and from the second version on whose they are. */
export const migrations: readonly string[] = [
  "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
  "CREATE TABLE owners (name TEXT PRIMARY KEY)",
];

const statements = {
  add: "INSERT INTO notes (text) VALUES (?)",
  all: "SELECT text FROM notes ORDER BY id",
};

/** A database of notes. */
export function notes(
  path: string,
  options: Partial<SqliteOptions<string>> = {},
): SqliteFile<keyof typeof statements> {
  return openSqlite(path, { applicationId, migrations, statements, ...options });
}
