import * as v from "valibot";
import { type Call, type CallOptions, checkedId } from "../client/call.ts";
import { type Listing, listing, type ListOptions } from "../client/listing.ts";
import { asIs, checked, ids, type QueryTable, readQuery, someText, whole } from "../client/query.ts";
import { freeForm, number, optional, text } from "../client/schema_parts.ts";

/** The key owner's vault: models the site keeps for members even when their creators delete them. */
export interface VaultState {
  /** The owner. */
  userId?: number | null;
  /** Room in KiB. */
  storageKb?: number | null;
  /** Room in use, in KiB. */
  usedStorageKb?: number | null;
  /** Anything else. */
  meta?: Record<string, unknown> | null;
  /** ISO 8601. */
  updatedAt?: string | null;
}

/** One version in the vault. Keys not named here are kept. */
export interface VaultItem {
  /** Names the item. */
  id?: number | null;
  /** The version. */
  modelVersionId?: number | null;
  /** Its model. */
  modelId?: number | null;
  /** The model's name. */
  modelName?: string | null;
  /** The version's name. */
  versionName?: string | null;
  /** What the model is. */
  type?: string | null;
  /** What it was made for. */
  baseModel?: string | null;
  /** `Pending`, `Stored`, ... */
  status?: string | null;
}

/** Which items to list. The site's date filters do not work and are not offered. */
export interface VaultQuery {
  /** Rows a page, 1 to 200 (60, or `max` if that is less). */
  limit?: number;
  /** Words to search for. */
  query?: string;
  /** Kinds of models. */
  types?: readonly string[];
  /** Categories. */
  categories?: readonly string[];
  /** Base models. */
  baseModels?: readonly string[];
  /** Order (`Recently Added`). */
  sort?: "Recently Added" | "Recently Created" | "Model Name" | "Model Size";
}

/** The key owner's vault; for members, with a key. */
export interface Vault {
  /** Its state; null for those who have none. */
  get(options?: CallOptions): Promise<VaultState | null>;
  /** What is in it, none twice. */
  list(query?: VaultQuery, options?: ListOptions): Listing<VaultItem>;
  /** Which of these versions are in it: null for those that are not. */
  check(versionIds: Iterable<number>, options?: CallOptions): Promise<Map<number, VaultItem | null>>;
  /** Puts a version in, or takes it out if it is there. Not repeated after a failure. */
  toggle(versionId: number, options?: CallOptions): Promise<{ success: boolean; vaultId?: number | null }>;
}

const stateSchema: v.GenericSchema<unknown, { vault: VaultState | null }> = v.looseObject({
  vault: v.nullable(
    v.looseObject({ userId: number, storageKb: number, usedStorageKb: number, meta: freeForm, updatedAt: text }),
  ),
});
const itemSchema: v.GenericSchema<unknown, VaultItem> = v.looseObject({
  id: number,
  modelVersionId: number,
  modelId: number,
  modelName: text,
  versionName: text,
  type: text,
  baseModel: text,
  status: text,
});
const pageSchema: v.GenericSchema<unknown, { items: VaultItem[]; totalPages?: number | null }> = v.looseObject({
  items: v.array(itemSchema),
  totalPages: optional(v.number()),
});
const checkSchema: v.GenericSchema<unknown, { modelVersionId: number; vaultItem?: VaultItem | null }[]> = v.array(
  v.looseObject({ modelVersionId: v.number(), vaultItem: optional(itemSchema) }),
);
const toggleSchema: v.GenericSchema<unknown, { success: boolean; vaultId?: number | null }> = v.looseObject({
  success: v.boolean(),
  vaultId: number,
});

const parameters: QueryTable<VaultQuery> = {
  limit: whole(1, 200),
  query: someText,
  types: asIs,
  categories: asIs,
  baseModels: asIs,
  sort: asIs,
};

/** Makes {@linkcode Vault} on top of `call`. */
export function vault(call: Call): Vault {
  return {
    async get({ signal } = {}) {
      return (await call({ path: "/vault/get", route: "/vault/get", schema: stateSchema, signal })).vault;
    },
    list(query = {}, options = {}) {
      async function ask(cursor: string | undefined, signal: AbortSignal) {
        const wire = readQuery("listing the vault", query, parameters, { most: 60, max: options.max });
        const page = Number(cursor ?? 1);
        const { items, totalPages } = await call({
          path: "/vault/all",
          route: "/vault/all",
          query: { ...wire, page },
          schema: pageSchema,
          signal,
        });
        const isEnd = items.length === 0 || (items.length < wire.limit && page >= (totalPages ?? 0));
        return { items, next: isEnd ? undefined : String(page + 1) };
      }
      return listing({ route: "GET /vault/all", ask, keyOf: ({ id }) => id ?? undefined }, options);
    },
    async check(versionIds, { signal } = {}) {
      const all = [...new Set(versionIds)];
      const found = new Map<number, VaultItem | null>();
      checked("checking the vault", "versionIds", all, ids);
      if (all.length === 0) return found;
      const query = { modelVersionIds: all.join(",") };
      const path = "/vault/check-vault";
      for (
        const { modelVersionId, vaultItem } of await call({ path, route: path, query, schema: checkSchema, signal })
      ) {
        found.set(modelVersionId, vaultItem ?? null);
      }
      return found;
    },
    toggle: async (versionId, { signal } = {}) =>
      await call({
        path: "/vault/toggle-version",
        route: "/vault/toggle-version",
        method: "POST",
        query: { modelVersionId: checkedId(versionId, "version") },
        schema: toggleSchema,
        signal,
      }),
  };
}
