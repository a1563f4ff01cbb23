import { DatabaseSync } from "node:sqlite";
import { DiskError } from "../errors/errors.ts";
import { errnoOf } from "../download/errno.ts";
import { checkPlain } from "../download/plain_file.ts";
import { statusOf } from "./files.ts";
import { wrapSqliteError } from "./trouble.ts";

/** How many bytes of pages a whole check reads; of a larger file only the head is looked at. */
const mostBytes = 256 * 1024 ** 2;

/** The first two letters of the mark of all our files. */
const ours = 0x636b;

/** The size of a file; undefined where there is none, and no folder it could be in. */
function sizeOf(path: string): number | undefined {
  try {
    return statusOf(path)?.size;
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * Looks whether an SQLite file of ours is whole, and changes nothing in it. The empty logs SQLite makes beside it for that
 * go with whoever opens it next.
 *
 * @param path Where the file is.
 * @param patienceMs How long to wait for a process that has it locked, in milliseconds. Default 1000.
 * @returns Its size in bytes; undefined where there is no file.
 * @throws {DiskError} `invalid_file`: damaged, or of another program; `target_locked`; `invalid_path`: no plain file;
 * `permission_denied`.
 * @example
 * ```ts
 * import { lookAtSqlite } from "./look.ts";
 *
 * console.log(lookAtSqlite("/no/such/folder/http.sqlite")); // undefined
 * ```
 */
export function lookAtSqlite(path: string, patienceMs = 1000): number | undefined {
  const action = "looking at";
  try {
    const bytes = sizeOf(path);
    if (bytes === undefined) return undefined;
    checkPlain(path);
    using db = new DatabaseSync(path, { readOnly: true });
    db.exec(`PRAGMA busy_timeout = ${patienceMs}`); // Deno 2.9 forgets the option of that name in a file opened to be read
    const id = Number(db.prepare("PRAGMA application_id").get()!["application_id"]);
    const isEmpty = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!["n"] === 0;
    if (id >>> 16 !== ours && !(id === 0 && isEmpty)) {
      throw new DiskError(`${action} ${JSON.stringify(path)}: it is a database of another program`, {
        code: "invalid_file",
        reason: "database_foreign",
        path,
      });
    }
    const check = bytes > mostBytes ? "PRAGMA schema_version" : "PRAGMA quick_check(1)";
    const [found] = Object.values(db.prepare(check).get()!);
    if (bytes <= mostBytes && found !== "ok") throw new Error(`database disk image is malformed: ${found}`);
    return bytes;
  } catch (error) {
    throw wrapSqliteError(error, path, action);
  }
}
