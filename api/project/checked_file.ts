import * as v from "valibot";
import { CivikitError } from "../../transport/mod.ts";
import { excerptOf } from "../client/errors.ts";
import { type JsonObject, unreadable } from "../disk/json_file.ts";

/**
 * `value` if it fits, with all its keys.
 *
 * @throws {CivikitError} `newer_format` when its version is beyond `known`; `invalid_file`, with the place, when it does
 * not fit.
 */
export function checkedFile<T>(
  path: string,
  value: JsonObject,
  schema: v.GenericSchema<unknown, T>,
  versionKey: string,
  known: number,
): T {
  const version = value[versionKey];
  if (typeof version === "number" && version > known) {
    throw new CivikitError(
      `reading ${JSON.stringify(path)}: its ${versionKey} is ${version}, this civikit knows ${known}`,
      { code: "newer_format" },
    );
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  // the value itself, not the copy: keys keep their order
  if (result.success) return value as T;
  const [issue] = result.issues;
  const place = v.getDotPath(issue) || "(top)";
  const found = excerptOf(issue.path?.at(-1)?.value ?? issue.input);
  throw unreadable(path, `at "${place}" ${issue.expected ?? "another value"} was due, found ${found}`);
}
