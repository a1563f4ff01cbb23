import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { flag, number, rows, text, texts } from "../client/schema_parts.ts";
import type { Availability } from "./enums.ts";
import { type Hashes, hashes } from "./version_parts.ts";

/** A version in short, as `GET /model-versions/mini/:id` sends it. Keys not named here are kept. */
export interface MiniVersion {
  /** Its URN. */
  air?: string | null;
  /** The creator's name for it. */
  versionName?: string | null;
  /** Its model's name. */
  modelName?: string | null;
  /** The creator's id. */
  userId?: number | null;
  /** What it was made for. */
  baseModel?: string | null;
  /** Who may see it. */
  availability?: Availability | null;
  /** ISO 8601. */
  publishedAt?: string | null;
  /** Size of the file in KiB. */
  size?: number | null;
  /** What the file is for. */
  fileType?: string | null;
  /** The file's name. */
  fileName?: string | null;
  /** The file's hashes. */
  hashes?: Hashes | null;
  /** Where the file is. */
  downloadUrls?: string[] | null;
  /** How the weights are stored. */
  format?: string | null;
  /** Tells whether the site can generate with it. */
  canGenerate?: boolean | null;
  /** Shown on the site's front page. */
  isFeatured?: boolean | null;
  /** Tells whether a download needs a key. */
  requireAuth?: boolean | null;
  /** Tells whether the site checks who may use it. */
  checkPermission?: boolean | null;
  /** Until when it is sold, ISO 8601. */
  earlyAccessEndsAt?: string | null;
  /** Free generations before it has to be paid for. */
  freeTrialLimit?: number | null;
  /** Tells whether generating with it costs more. */
  additionalResourceCharge?: boolean | null;
  /** Marked as showing minors. */
  minor?: boolean | null;
  /** Shown with safe content only. */
  sfwOnly?: boolean | null;
  /** Who is paid for generating with it. */
  fees?: Record<string, unknown>[] | null;
  /** Tells whether its creator is paid. */
  payoutEnabled?: boolean | null;
}

/**
 * Asks what a program that generates with a version needs to know: name, size, whether a key is needed.
 *
 * @param options `fileId`: about that file, not the main one.
 * @throws {HttpError} `not_found` when version or file does not exist.
 */
export type MiniVersionCall = (
  id: number,
  options?: CallOptions & { fileId?: number | undefined },
) => Promise<MiniVersion>;

const schema: v.GenericSchema<unknown, MiniVersion> = v.looseObject({
  air: text,
  versionName: text,
  modelName: text,
  userId: number,
  baseModel: text,
  availability: text,
  publishedAt: text,
  size: number,
  fileType: text,
  fileName: text,
  hashes,
  downloadUrls: texts,
  format: text,
  canGenerate: flag,
  isFeatured: flag,
  requireAuth: flag,
  checkPermission: flag,
  earlyAccessEndsAt: text,
  freeTrialLimit: number,
  additionalResourceCharge: flag,
  minor: flag,
  sfwOnly: flag,
  fees: rows(v.record(v.string(), v.unknown())),
  payoutEnabled: flag,
});

/** Makes {@linkcode MiniVersionCall} on top of `call`. */
export function miniVersion(call: Call): MiniVersionCall {
  return async (id, { fileId, signal } = {}) =>
    await call({
      path: `/model-versions/mini/${checkedId(id, "version")}`,
      route: "/model-versions/mini/:id",
      query: { modelFileId: fileId === undefined ? undefined : checkedId(fileId, "file") },
      schema,
      signal,
    });
}
