import { closeSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseExactJson } from "../client/exact_json.ts";
import {
  ensureFolder,
  isRecord,
  openFresh,
  readPlainText,
  renameDurably,
  syncHandle,
  wrapDiskError,
} from "../../transport/internal.ts";
import { InputError } from "../../transport/mod.ts";

/** What a JSON object on the disk is before anyone has looked at its keys. */
export type JsonObject = Record<string, unknown>;

/** An error about a file that was read: `reading "<path>": <state>`. */
export function unreadable(path: string, state: string, cause?: unknown): InputError {
  return new InputError(`reading ${JSON.stringify(path)}: ${state}`, { code: "invalid_file", input: path, cause });
}

/**
 * The JSON object in the file at `path`; undefined when there is no file.
 *
 * @param path The file.
 * @param parse Reads its text; every digit of a number survives if not given, as text where a number holds fewer.
 * @throws {InputError} `invalid_file` when it holds something else.
 * @throws {DiskError} When it cannot be read.
 */
export function readJsonObject(
  path: string,
  parse: (text: string) => unknown = parseExactJson,
): JsonObject | undefined {
  let text: string;
  try {
    text = readPlainText(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw wrapDiskError(error, path, "reading");
  }
  let value: unknown;
  try {
    value = parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw unreadable(path, `not valid JSON: ${(cause as Error).message}`, cause);
  }
  if (isRecord(value)) return value;
  throw unreadable(path, "not a JSON object");
}

/**
 * Puts `text` under the name `path` in one step: a reader finds the old file or the new one, whole, whenever the process
 * or the machine stops.
 *
 * @throws {DiskError} When the disk refuses; the old file is untouched then.
 */
export function writeWhole(path: string, text: string, { replace = true }: { replace?: boolean } = {}): void {
  ensureFolder(dirname(path));
  const temporary = `${path}.tmp`;
  try {
    const file = openFresh(temporary);
    try {
      writeFileSync(file, text);
      syncHandle(file);
    } finally {
      closeSync(file);
    }
    renameDurably(temporary, path, { replace });
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // the first failure says more
    }
    throw wrapDiskError(error, path, "writing");
  }
}

/** A value as people and version control like it: indented, one line end at the end. */
export function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
