import { isRecord } from "../../transport/internal.ts";
import { createHash } from "node:crypto";
import type { JsonObject } from "../disk/json_file.ts";

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value) ?? "").digest("hex").slice(0, 16);
}

function writtenOf({ extensions }: JsonObject): Record<string, unknown> {
  const own = isRecord(extensions) ? extensions.civikit : undefined;
  return isRecord(own) && isRecord(own.written) ? own.written : {};
}

/**
 * What a sidecar should say, of what it says and what the site says now. Keys that are missing or null are filled in;
 * keys that still hold what was written here before are brought up to date; everything else, a user's edits, other
 * tools' keys and their own `extensions`, stays as it is. What was written is remembered under `extensions.civikit`.
 */
export function mergeInfo(existing: JsonObject, fresh: JsonObject): JsonObject {
  const before = writtenOf(existing);
  const written: Record<string, unknown> = { ...before };
  const merged: JsonObject = { ...existing };
  for (const [key, value] of Object.entries(fresh)) {
    if (key === "extensions" || value === undefined) continue;
    const current = existing[key];
    const now = digest(current);
    const isOurs = before[key] === now;
    const isEmpty = before[key] === undefined && (current ?? null) === null;
    if (isOurs || isEmpty) merged[key] = value;
    if (isOurs || isEmpty || now === digest(value)) written[key] = digest(value);
  }
  const { extensions } = existing;
  merged.extensions = { ...(isRecord(extensions) && extensions), civikit: { version: 1, written } };
  return merged;
}
