import { InputError } from "../../transport/mod.ts";

/** Where files lie: a bucket, and what their keys begin with. */
export interface S3Place {
  /** The bucket. */
  readonly bucket: string;
  /** What keys begin with: empty, or ending in a slash. */
  readonly prefix: string;
}

function refuse(text: string, state: string): never {
  throw new InputError(`reading the place ${JSON.stringify(text)}: ${state}; it is written s3://bucket/prefix`, {
    code: "invalid_argument",
    input: text,
  });
}

/**
 * Reads `s3://bucket` or `s3://bucket/prefix`.
 *
 * @param text What somebody wrote.
 * @throws {InputError} `invalid_argument` when it cannot be a bucket's name (S3, «General purpose bucket naming rules»), or
 * when the prefix has empty segments, `.` or `..` in it.
 * @example
 * ```ts
 * import { parseS3Place } from "@civikit/civikit/fleet";
 *
 * console.log(parseS3Place("s3://models/lab").prefix); // lab/
 * ```
 */
export function parseS3Place(text: string): S3Place {
  const [, bucket, path] = /^s3:\/\/([^/]*)(?:\/(.*))?$/i.exec(text) ?? refuse(text, "not an s3 address");
  // neither shown nor kept: it may be a key
  if (/[@:]/.test(bucket!)) return refuse("s3://", "an address holds no credentials");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket!) || bucket!.includes("..")) {
    return refuse(text, `${JSON.stringify(bucket)} cannot be the name of a bucket`);
  }
  const prefix = (path ?? "").replace(/\/$/, "");
  if (prefix === "") return { bucket: bucket!, prefix: "" };
  const isOdd = (segment: string) => segment === "" || segment === "." || segment === ".." || /\p{Cc}/u.test(segment);
  if (prefix.split("/").some(isOdd)) {
    return refuse(text, "the prefix has an empty segment, a dot segment or a control sign");
  }
  return { bucket: bucket!, prefix: `${prefix}/` };
}
