/**
 * `@std/http/etag` for networks that reach npm but not JSR: the parts that are used.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A strong entity tag for a text: its length and its SHA-256. */
export function eTag(entity: string): Promise<string> {
  const digest = createHash("sha256").update(entity).digest("base64url");
  return Promise.resolve(`"${entity.length.toString(16)}-${digest}"`);
}

const opaque = (tag: string): string => tag.trim().replace(/^W\//, "");

/** Whether the entity has to be sent: `value`, an If-None-Match field, names another one, or none. */
export function ifNoneMatch(value: string | null, etag: string | undefined): boolean {
  if (!value || etag === undefined) return true;
  return value.trim() !== "*" && !value.split(",").map(opaque).includes(opaque(etag));
}
