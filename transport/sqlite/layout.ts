import { DatabaseSync } from "node:sqlite";
import { DiskError } from "../errors/errors.ts";

/** One step from a layout to the next: SQL, or a function for what SQL cannot do. */
export type SqliteStep = string | ((db: DatabaseSync) => void);

/** Whose file it is, and what is in it. */
export interface SqliteLayout {
  /** What marks a file as one of this kind: four letters as a number. */
  applicationId: number;
  /**
   * The steps from an empty file to the present layout. A file's `user_version` is the number of steps it has been
   * through. Never change a step that was published: add one.
   */
  migrations: readonly SqliteStep[];
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0]);
}

function apply(db: DatabaseSync, steps: readonly SqliteStep[]): void {
  for (const step of steps) {
    if (typeof step === "string") db.exec(step);
    else step(db);
  }
}

function columnsOf(db: DatabaseSync): string[] {
  return db.prepare(
    `SELECT t.name || '.' || c.name AS name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'`,
  ).all().map(({ name }) => String(name));
}

/** Whether a file without a mark, as they were made once, has the columns that `steps` make. */
function hasColumns(db: DatabaseSync, steps: readonly SqliteStep[]): boolean {
  if (steps.length === 0) return false;
  using model = new DatabaseSync(":memory:");
  apply(model, steps);
  const there = new Set(columnsOf(db));
  return columnsOf(model).every((name) => there.has(name));
}

/** How many steps the file has been through; refuses what is not ours to change. */
export function versionOf(db: DatabaseSync, { applicationId, migrations }: SqliteLayout, path: string): number {
  const id = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const isEmpty = id === 0 && db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!["n"] === 0;
  if (isEmpty) return 0;
  if (id !== applicationId && !(id === 0 && hasColumns(db, migrations.slice(0, version)))) {
    throw new DiskError(`opening ${JSON.stringify(path)}: it is a database of another program`, {
      code: "invalid_file",
      reason: "database_foreign",
      path,
    });
  }
  if (version <= migrations.length) return version;
  throw new DiskError(
    `opening ${JSON.stringify(path)}: it is of version ${version}, this civikit knows ${migrations.length}`,
    { code: "newer_format", path },
  );
}

/** Brings a file to the present layout, in one transaction: it is either done or as it was. */
export function migrate(db: DatabaseSync, layout: SqliteLayout, path: string): void {
  const { applicationId, migrations } = layout;
  if (pragma(db, "application_id") === applicationId && pragma(db, "user_version") === migrations.length) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    // another process may have been quicker
    apply(db, migrations.slice(versionOf(db, layout, path)));
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Refuses a file of an older version to who may not bring it to the present one. */
export function checkVersion(version: number, { migrations }: SqliteLayout, path: string): void {
  if (version === migrations.length) return;
  throw new DiskError(
    `opening ${
      JSON.stringify(path)
    }: it is of version ${version}, and bringing it to ${migrations.length} takes the right to write`,
    { code: "permission_denied", reason: "write_right", path },
  );
}
