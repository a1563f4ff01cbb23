import * as v from "valibot";
import { HttpError } from "../../transport/mod.ts";
import type { Call, CallOptions } from "../client/call.ts";
import { flag, freeForm, maybe, text, texts, username } from "../client/schema_parts.ts";

/** The owner of the key. Keys not named here are kept. */
export interface Me {
  /** Names the user. */
  id: number;
  /** The user's name; a number when it is made of digits. */
  username?: string | number | null;
  /** Membership tier. */
  tier?: string | null;
  /** `active`, `muted` or `banned`. */
  status?: string | null;
  /** Tells whether the user pays for membership. */
  isMember?: boolean | null;
  /** Names of memberships. */
  subscriptions?: string[] | null;
  /** Only with the scope for it. */
  email?: string | null;
  /** Only with the scope for it. */
  emailVerified?: boolean | string | null;
  /** What the key may do; a bit mask or a word. */
  tokenScope?: number | string | null;
  /** How much Buzz the key may spend. */
  buzzLimit?: unknown;
  /** What the key stands for. */
  subject?: Record<string, unknown> | null;
}

/** Tells whose key is in use. A wrong or expired key is noticed here alone: elsewhere it counts as none. */
export type MeCall = (options?: CallOptions) => Promise<Me>;

/**
 * Tells whether the key in use is accepted: its owner, or null when there is no key or the site does not take it. To a
 * wrong, expired or banned key all other routes give the anonymous answer with status 200.
 *
 * @example
 * ```ts
 * import { civitai } from "@civikit/civikit/api";
 *
 * const refused = { fetch: () => Promise.resolve(Response.json({ error: "Unauthorized" }, { status: 401 })) };
 * console.log(await civitai(refused).checkKey()); // null
 * ```
 */
export type KeyCheck = (options?: CallOptions) => Promise<Me | null>;

const meSchema: v.GenericSchema<unknown, Me> = v.looseObject({
  id: v.number(),
  username,
  tier: text,
  status: text,
  isMember: flag,
  subscriptions: texts,
  email: text,
  emailVerified: maybe(v.union([v.boolean(), v.string()])),
  tokenScope: username,
  subject: freeForm,
});

/** Makes {@linkcode MeCall} on top of `call`. */
export function me(call: Call): MeCall {
  return ({ signal } = {}) => call({ path: "/me", route: "/me", schema: meSchema, signal });
}

/** Makes {@linkcode KeyCheck} on top of {@linkcode MeCall}. */
export function keyCheck(me: MeCall): KeyCheck {
  return async function checkKey(options) {
    try {
      return await me(options);
    } catch (error) {
      if (error instanceof HttpError && error.status === 401) return null;
      throw error;
    }
  };
}
