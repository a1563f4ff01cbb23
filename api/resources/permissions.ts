import * as v from "valibot";
import type { Call, CallOptions } from "../client/call.ts";
import { checked, id, ids } from "../client/query.ts";

/** What users may do. */
export interface Permissions {
  /**
   * Tells for each version whether it may be generated with: by anyone, or by the user with `userId`.
   *
   * @throws {InputError} `invalid_argument` when an id can be none.
   */
  check(
    versionIds: Iterable<number>,
    options?: CallOptions & { userId?: number | undefined },
  ): Promise<Map<number, boolean>>;
}

// an empty answer is an array
const schema: v.GenericSchema<unknown, Record<string, boolean> | unknown[]> = v.union([
  v.array(v.unknown()),
  v.record(v.string(), v.boolean()),
]);

/** Makes {@linkcode Permissions} on top of `call`. */
export function permissions(call: Call): Permissions {
  return {
    async check(versionIds, { userId, signal } = {}) {
      const all = [...new Set(versionIds)];
      checked("checking permissions", "versionIds", all, ids);
      if (userId !== undefined) checked("checking permissions", "userId", userId, id);
      if (all.length === 0) return new Map();
      const query = { entityIds: all.join(","), entityType: "ModelVersion", permission: "Generate", userId };
      const path = "/permissions/check";
      const answer = await call({ path, route: path, query, schema, signal });
      return new Map(
        Array.isArray(answer) ? [] : Object.entries(answer).map(([version, allowed]) => [Number(version), allowed]),
      );
    },
  };
}
