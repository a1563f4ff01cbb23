import { wrapDiskError } from "../download/disk.ts";
import { CivikitError, DiskError } from "../errors/errors.ts";
import { missingRight } from "../errors/rights.ts";

/** What went wrong, as far as it matters here. */
export type SqliteTrouble = "damaged" | "unreadable" | "busy" | "other";

const damage =
  /^(?:database disk image is malformed|malformed database schema|file is not a database|unsupported file format|no such (?:table|column))/;

const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** Tells apart what SQLite reports. Deno gives no numbers with it, so the words must do. */
export function troubleOf(error: unknown): SqliteTrouble {
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
export function wrapSqliteError(error: unknown, path: string, action: string): CivikitError {
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
