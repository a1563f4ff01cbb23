import { DatabaseSync, type StatementSync } from "node:sqlite";
import { CivikitError } from "../errors/errors.ts";
import { makePrivate, pause, prepare, setAside, statusOf, withFolder } from "./files.ts";
import { checkVersion, migrate, type SqliteLayout, versionOf } from "./layout.ts";
import { troubleOf, wrapSqliteError } from "./trouble.ts";

/** Options of {@linkcode openSqlite}. */
export interface SqliteOptions<Name extends string> extends SqliteLayout {
  /** SQL for every new connection, such as `PRAGMA synchronous = NORMAL`. */
  pragmas?: string;
  /** The statements, by name. */
  statements: Readonly<Record<Name, string>>;
  /** How long to wait for other processes while opening, in milliseconds; afterwards too, unless `pragmas` says else. */
  patienceMs?: number;
  /** Whether a damaged file stays where it is and is refused; else it is set aside and a new one made. Default false. */
  keep?: boolean;
  /** Only reads, which takes no right to write: the file has to be there, and stays as it is. Default false. */
  readOnly?: boolean;
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

/** A disk that damages every new file must not fill up with old ones. */
const mostReplacements = 3;
const memory = ":memory:";

type Connection<Name extends string> = Pick<SqliteFile<Name>, "db" | "run">;

/**
 * Opens an SQLite file, making folder (0700), file (0600) and tables where they are missing; several processes may do so
 * at once. What is locked is waited for. A damaged file is renamed `NAME.corrupt-TIME` and replaced, when it is opened as
 * well as later, unless `keep` is set. A file of a newer version or of another program is never touched.
 *
 * @param path Where the file is or shall be; `:memory:` for none.
 * @param options See {@linkcode SqliteOptions}.
 * @throws {DiskError} `newer_format`; `invalid_file`: of another program, or damaged and to be kept; `target_locked`:
 * somebody else has it for longer than `patienceMs`; `invalid_path`: a folder, a pipe; `permission_denied` (also where
 * `readOnly` meets a file of an older version), `no_space`.
 */
export function openSqlite<Name extends string>(
  path: string,
  { statements, pragmas = "", patienceMs = 5000, readOnly = false, keep = readOnly, onSetAside, ...layout }:
    SqliteOptions<Name>,
): SqliteFile<Name> {
  let replacements = 0;
  let isClosed = false;
  let inode: number | undefined;

  function connect(): Connection<Name> {
    if (path !== memory) {
      if (!readOnly) prepare(path);
      inode = statusOf(path)?.ino;
    }
    const db = new DatabaseSync(path, { timeout: patienceMs, readOnly });
    try {
      // one look at a file that others may be laying out just now; and no step further into one that is not ours
      db.exec("BEGIN");
      const version = versionOf(db, layout, path);
      db.exec("COMMIT");
      if (readOnly) checkVersion(version, layout, path);
      else {
        if (path !== memory) makePrivate(path);
        db.exec("PRAGMA journal_mode = WAL");
        migrate(db, layout, path);
        db.exec(pragmas);
      }
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
        if (trouble === "busy" && performance.now() - startedMs < patienceMs) pause();
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
