import * as v from "valibot";
import type { Call, CallOptions } from "../client/call.ts";
import { badQuery, checked, ids, type Query, someText } from "../client/query.ts";
import { freeForm, maybe, text, username } from "../client/schema_parts.ts";

/** A user of the site. Keys not named here are kept. */
export interface User {
  /** Names the user. */
  id: number;
  /** Null for some deleted users; a number when the name is made of digits. */
  username?: string | number | null;
  /** The avatar's level: a bit mask, or a boolean. */
  avatarNsfw?: number | boolean | string | null;
  /** The avatar. */
  avatarUrl?: string | null;
  /** Anything else. */
  meta?: Record<string, unknown> | null;
}

/** Users. */
export interface Users {
  /** Up to five users whose name is like `query`. */
  search(query: string, options?: CallOptions): Promise<User[]>;
  /** The users with these ids, 100 a call; unknown ones are missing. */
  byIds(ids: Iterable<number>, options?: CallOptions): Promise<Map<number, User>>;
  /** The user with exactly this name (case does not matter), or this id; null when there is none. */
  find(nameOrId: string | number, options?: CallOptions): Promise<User | null>;
}

const userSchema: v.GenericSchema<unknown, User> = v.looseObject({
  id: v.number(),
  username,
  avatarNsfw: maybe(v.union([v.number(), v.boolean(), v.string()])),
  avatarUrl: text,
  meta: freeForm,
});
const answerSchema: v.GenericSchema<unknown, { items: User[] }> = v.looseObject({ items: v.array(userSchema) });
const mostIds = 100;

/** Makes {@linkcode Users} on top of `call`. */
export function users(call: Call): Users {
  async function ask(query: Query, signal: AbortSignal | undefined): Promise<User[]> {
    return (await call({ path: "/users", route: "/users", query, schema: answerSchema, signal })).items;
  }

  const search: Users["search"] = async (query, { signal } = {}) => {
    checked("searching users", "query", query, someText);
    return await ask({ query }, signal);
  };

  const byIds: Users["byIds"] = async (wanted, { signal } = {}) => {
    const all = [...new Set(wanted)];
    const found = new Map<number, User>();
    checked("asking for users", "ids", all, ids);
    for (let at = 0; at < all.length; at += mostIds) {
      for (const user of await ask({ ids: all.slice(at, at + mostIds).join(",") }, signal)) found.set(user.id, user);
    }
    return found;
  };

  const find: Users["find"] = async (nameOrId, options = {}) => {
    if (typeof nameOrId === "number") return (await byIds([nameOrId], options)).get(nameOrId) ?? null;
    if (!/^\w+$/.test(nameOrId)) throw badQuery("asking for a user", "name", nameOrId, "letters, digits and _ are due");
    const wanted = nameOrId.toLowerCase();
    const found = await search(nameOrId, options);
    return found.find(({ username }) => String(username ?? "").toLowerCase() === wanted) ?? null;
  };

  return { search, byIds, find };
}
