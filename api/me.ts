import type { Call, CallOptions } from "./call.ts";
import { meSchema } from "./schema.ts";
import type { Me } from "./types.ts";

/** Tells whose key is in use. A wrong or expired key is noticed here alone: elsewhere it counts as none. */
export type MeCall = (options?: CallOptions) => Promise<Me>;

/** Makes {@linkcode MeCall} on top of `call`. */
export function me(call: Call): MeCall {
  return ({ signal } = {}) => call({ path: "/me", route: "/me", schema: meSchema, signal });
}
