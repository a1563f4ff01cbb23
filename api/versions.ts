import { InputError } from "../transport/mod.ts";
import { type Call, type CallOptions, checkedId } from "./call.ts";
import { shownInput } from "./input.ts";
import { versionSchema } from "./schema.ts";
import type { OrNull } from "./or_null.ts";
import type { Version } from "./types.ts";

/** Model versions. */
export interface Versions {
  /**
   * The version with this id.
   *
   * @throws {HttpError} `not_found` when it does not exist, is not published, or is not rated yet.
   * @throws {InputError} `invalid_argument` when `id` can be no id.
   */
  get(id: number, options?: CallOptions): Promise<Version>;
  /** As `get`, but null after a failure, which is told to `onError`. */
  getOrNull(id: number, options?: CallOptions): Promise<Version | null>;
  /**
   * The earliest published version with a file of this hash (any kind of the site, either case). The site remembers
   * «not found» for an hour and a half, so a new upload may look unknown.
   *
   * @throws {HttpError} `not_found` when no version has such a file.
   * @throws {InputError} `invalid_argument` when `hash` is not 8 to 64 hexadecimal digits.
   */
  byHash(hash: string, options?: CallOptions): Promise<Version>;
  /** As `byHash`, but null after a failure, which is told to `onError`. */
  byHashOrNull(hash: string, options?: CallOptions): Promise<Version | null>;
}

/** Makes {@linkcode Versions} on top of `call`. */
export function versions(call: Call, orNull: OrNull): Versions {
  const get: Versions["get"] = async (id, { signal } = {}) =>
    await call({
      path: `/model-versions/${checkedId(id, "version")}`,
      route: "/model-versions/:id",
      schema: versionSchema,
      signal,
    });
  const byHash: Versions["byHash"] = async (hash, { signal } = {}) => {
    if (!/^[0-9a-f]{8,64}$/i.test(hash)) {
      const input = shownInput(hash);
      throw new InputError(`asking for hash ${JSON.stringify(input)}: 8 to 64 hexadecimal digits are due`, {
        code: "invalid_argument",
        input,
      });
    }
    return await call({
      path: `/model-versions/by-hash/${hash}`,
      route: "/model-versions/by-hash/:hash",
      schema: versionSchema,
      signal,
    });
  };
  return {
    get,
    getOrNull: (id, options) => orNull(get(id, options)),
    byHash,
    byHashOrNull: (hash, options) => orNull(byHash(hash, options)),
  };
}
