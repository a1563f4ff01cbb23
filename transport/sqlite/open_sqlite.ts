import { chmodSync, closeSync, mkdirSync, openSync, renameSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { wrapDiskError } from "../download/disk.ts";
import { CivikitError, DiskError } from "../errors/errors.ts";
import { checkPlain } from "../download/plain_file.ts";
import { missingRight } from "../errors/rights.ts";

/** One step from a layout to the next: SQL, or a function for what SQL cannot do. */
export type SqliteStep = string | ((db: DatabaseSync) => void);

/** Options of {@linkcode openSqlite}. */
export interface SqliteOptions<Name extends string> {
  /** What marks a file as one of this kind: four letters as a number. */
  applicationId: number;
  /**
   * The steps from an empty file to the present layout. A file's `user_version` is the number of steps it has been
   * through. Never change a step that was published: add one.
   */
  migrations: readonly SqliteStep[];
  /** SQL for every new connection, such as `PRAGMA synchronous = NORMAL`. */
  pragmas?: string;
  /** The statements, by name. */
  statements: Readonly<Record<Name, string>>;
  /** How long to wait for other processes while opening, in milliseconds; afterwards too, unless `pragmas` says else. */
  patienceMs?: number;
  /** Whether a damaged file stays where it is and is refused; else it is set aside and a new one made. Default false. */
  keep?: boolean;
  /** Told where a damaged file was put. */
  onSetAside?: ((path: string) => void) | undefined;
}

/** An open database that outlives damage to its file. */
export interface SqliteFile<Name extends string> extends Disposable {
  /** The connection of this moment. */
  readonly db: DatabaseSync;
  /** The statements, prepared for it. */
  readonly run: Readonly<Record<Name, StatementSync>>;
  /**
   * Runs `work`, once more in a new file when the old one turns out to be damaged.
   *
   * @throws {DiskError} When it cannot be done.
   */
  use<T>(action: string, work: () => T): T;
  /** The same in one transaction, all of it or nothing. */
  transaction<T>(action: string, work: () => T): T;
  /**
   * Sees to what a statement threw: a damaged file is set aside, one that was moved away opened anew.
   *
   * @returns Whether there is a new connection, with which it may be tried again.
   * @throws {DiskError} When the file was damaged, and there can be no other.
   */
  heal(error: unknown): boolean;
  /** Sets the file aside, whatever is wrong with it, and opens a new one. */
  replace(): void;
  /** Lets go of the file. Safe to call twice. */
  close(): void;
}

/** What went wrong, as far as it matters here. */
type SqliteTrouble = "damaged" | "unreadable" | "busy" | "other";

/** A disk that damages every new file must not fill up with old ones. */
const mostReplacements = 3;
const retryMs = 10;
const memory = ":memory:";

const damage =
  /^(?:database disk image is malformed|malformed database schema|file is not a database|unsupported file format|no such (?:table|column))/;

const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** Tells apart what SQLite reports. Deno gives no numbers with it, so the words must do. */
function troubleOf(error: unknown): SqliteTrouble {
  if (error instanceof CivikitError) return "other";
  // a value that does not mean anything: JSON, a number, an encoded histogram
  if (error instanceof SyntaxError || error instanceof RangeError) return "damaged";
  const text = textOf(error);
  // from the start: behind these words there may be a path, with any words in it
  if (damage.test(text)) return "damaged";
  if (/^disk I\/O error/.test(text)) return "unreadable";
  return /^(?:database|the folder)(?: table| schema)? is locked/.test(text) ? "busy" : "other";
}

/** Whether `error` says that another process is at the file just now. */
export function isSqliteBusy(error: unknown): boolean {
  return error instanceof DiskError ? error.code === "target_locked" : troubleOf(error) === "busy";
}

/** What SQLite threw, in words of ours. */
function wrapSqliteError(error: unknown, path: string, action: string): CivikitError {
  if (error instanceof CivikitError) return error;
  const text = textOf(error);
  const trouble = troubleOf(error);
  const isSqlites = (error as { code?: unknown }).code === "ERR_SQLITE_ERROR" && missingRight(error) === undefined;
  if (!isSqlites && trouble === "other") return wrapDiskError(error, path, action);
  const [code, state] = trouble === "damaged"
    ? ["invalid_file", `it is damaged (${text})`] as const
    : trouble === "busy"
    ? ["target_locked", "another process has it locked"] as const
    : /^(?:attempt to write a readonly database|unable to open)/.test(text)
    ? ["permission_denied", text] as const
    : /^database or disk is full/.test(text)
    ? ["no_space", "no space left on the disk"] as const
    : ["disk_error", text] as const;
  return new DiskError(`${action} ${JSON.stringify(path)}: ${state}`, {
    code,
    path,
    ...(trouble === "busy" && { reason: "database_locked" }),
    cause: error,
  });
}

function statusOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** The log files SQLite keeps beside a file; none where asking for them would stop the program with a question. */
function logsOf(path: string): string[] {
  return ["-wal", "-shm"].map((end) => path + end).filter((name) => isGranted(name) && statusOf(name));
}

function isGranted(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

/** Makes the folder (0700) and the file (0600) before SQLite would, with rights of its own choice. */
function prepare(path: string): void {
  for (const name of [path, ...logsOf(path)]) checkPlain(name);
  // a file that is there is not opened: closing it would end every lock this process has on it through SQLite
  if (statusOf(path)) return;
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
}

/** Other users have no business in it, whoever made it. */
function makePrivate(path: string): void {
  if (Deno.build.os === "windows" || (statusOf(path)!.mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o600);
  } catch {
    // somebody else's file, or a file system without rights
  }
}

/**
 * Runs `work` while no other process moves a damaged file out of the folder (or, when `exclusive`, opens one in it): a
 * file's log must never be taken for that of the next one.
 */
function withFolder<T>(path: string, exclusive: boolean, patienceMs: number, work: () => T): T {
  using _lock = lockFolder(dirname(resolve(path)), exclusive, patienceMs);
  return work();
}

/** Undefined on systems without such locks: there it matters for some microseconds. */
function lockFolder(folder: string, exclusive: boolean, patienceMs: number): Deno.FsFile | undefined {
  let file: Deno.FsFile | undefined;
  let isFree: boolean;
  const startedMs = performance.now();
  try {
    if (!isGranted(folder)) return undefined;
    file = Deno.openSync(folder, { read: true });
    while (!(isFree = file.tryLockSync(exclusive)) && performance.now() - startedMs < patienceMs) sleep(retryMs);
  } catch {
    file?.close();
    return undefined;
  }
  if (isFree) return file;
  file.close();
  throw new Error("the folder is locked");
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Renames a file and its log to `NAME.corrupt-TIME`. One that another process has already replaced stays where it is. */
function setAside(path: string, inode: number | undefined, patienceMs: number): string | undefined {
  return withFolder(path, true, patienceMs, () => {
    if (statusOf(path)?.ino !== inode) return undefined;
    const end = `.corrupt-${new Date().toISOString().replace(/[^0-9TZ]/g, "")}`;
    const logs = logsOf(path);
    renameSync(path, path + end);
    for (const log of logs) renameSync(log, path + end + log.slice(path.length));
    return path + end;
  });
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0]);
}

type Layout = Pick<SqliteOptions<string>, "applicationId" | "migrations">;

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
  using model = new DatabaseSync(memory);
  apply(model, steps);
  const there = new Set(columnsOf(db));
  return columnsOf(model).every((name) => there.has(name));
}

/** How many steps the file has been through; refuses what is not ours to change. */
function versionOf(db: DatabaseSync, { applicationId, migrations }: Layout, path: string): number {
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
function migrate(db: DatabaseSync, layout: Layout, path: string): void {
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

type Connection<Name extends string> = Pick<SqliteFile<Name>, "db" | "run">;

/**
 * Opens an SQLite file, making folder (0700), file (0600) and tables where they are missing; several processes may do so
 * at once. What is locked is waited for. A damaged file is renamed `NAME.corrupt-TIME` and replaced, when it is opened as
 * well as later, unless `keep` is set. A file of a newer version or of another program is never touched.
 *
 * @param path Where the file is or shall be; `:memory:` for none.
 * @param options See {@linkcode SqliteOptions}.
 * @throws {DiskError} `newer_format`; `invalid_file`: of another program, or damaged and to be kept; `target_locked`:
 * somebody else has it for longer than `patienceMs`; `invalid_path`: a folder, a pipe; `permission_denied`, `no_space`.
 */
export function openSqlite<Name extends string>(
  path: string,
  { statements, pragmas = "", patienceMs = 5000, keep = false, onSetAside, ...layout }: SqliteOptions<Name>,
): SqliteFile<Name> {
  let replacements = 0;
  let isClosed = false;
  let inode: number | undefined;

  function connect(): Connection<Name> {
    if (path !== memory) {
      prepare(path);
      inode = statusOf(path)?.ino;
    }
    const db = new DatabaseSync(path, { timeout: patienceMs });
    try {
      // one look at a file that others may be laying out just now; and no step further into one that is not ours
      db.exec("BEGIN");
      versionOf(db, layout, path);
      db.exec("COMMIT");
      if (path !== memory) makePrivate(path);
      db.exec("PRAGMA journal_mode = WAL");
      migrate(db, layout, path);
      db.exec(pragmas);
      const run = Object.fromEntries(
        Object.entries<string>(statements).map(([name, text]) => [name, db.prepare(text)]),
      ) as Record<Name, StatementSync>;
      return { db, run };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  function open(): Connection<Name> {
    const startedMs = performance.now();
    for (;;) {
      try {
        return path === memory ? connect() : withFolder(path, false, patienceMs, connect);
      } catch (error) {
        const trouble = troubleOf(error);
        // two processes that turn a new file's log on at the same moment are refused without a wait
        if (trouble === "busy" && performance.now() - startedMs < patienceMs) sleep(retryMs);
        else if ((trouble !== "damaged" && trouble !== "unreadable") || keep) throw wrap(error, "opening");
        else putAway(error);
      }
    }
  }

  function wrap(error: unknown, action: string): CivikitError {
    return wrapSqliteError(error, path, action);
  }

  function putAway(error: unknown): void {
    if (replacements++ >= mostReplacements) throw wrap(error, "opening");
    try {
      const aside = setAside(path, inode, patienceMs);
      if (aside !== undefined) onSetAside?.(aside);
    } catch (error) {
      throw wrap(error, "setting aside");
    }
  }

  let now = open();

  function disconnect(): void {
    try {
      now.db.close();
    } catch {
      // it is closed
    }
  }

  function heal(error: unknown): boolean {
    if (isClosed || path === memory) return false;
    const trouble = troubleOf(error);
    const isMoved = statusOf(path)?.ino !== inode;
    if (trouble === "busy" || (trouble === "other" && !isMoved) || error instanceof CivikitError) return false;
    if (trouble === "damaged" && keep) throw wrap(error, "using");
    disconnect();
    if (trouble === "damaged") putAway(error);
    else if (replacements++ >= mostReplacements) throw wrap(error, "using");
    now = open();
    return true;
  }

  function use<T>(action: string, work: () => T): T {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!heal(error)) throw wrap(error, action);
      }
    }
  }

  function close(): void {
    isClosed = true;
    disconnect();
  }

  return {
    get db() {
      return now.db;
    },
    get run() {
      return now.run;
    },
    use,
    transaction: (action, work) =>
      use(action, () => {
        const { db } = now;
        db.exec("BEGIN IMMEDIATE");
        try {
          const result = work();
          db.exec("COMMIT");
          return result;
        } catch (error) {
          if (db.isTransaction) db.exec("ROLLBACK");
          throw error;
        }
      }),
    heal,
    replace() {
      disconnect();
      putAway(new Error("database disk image is malformed"));
      now = open();
    },
    close,
    [Symbol.dispose]: close,
  };
}
