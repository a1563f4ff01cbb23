import type { ErrorCode, ErrorReason } from "../errors/codes.ts";
import type { Fields } from "../fields.ts";
import type { Context } from "../transport.ts";

type KeyReason = Extract<ErrorReason, `key_${string}`>;

const mostNoted = 1000;
/** By the name of the call, which every layer keeps; responses are made anew on their way up. */
const noted = new Map<string, KeyReason>();

/** Notes what became of the key in a call whose answer wants one: only the layer that sends it knows. */
export function noteKey({ id }: Context, reason: KeyReason): void {
  const [oldest] = noted.keys();
  if (noted.size >= mostNoted && oldest !== undefined) noted.delete(oldest);
  noted.set(id, reason);
}

/** Why an answer wants a key: none was there, it was refused, or it was not meant for this host. */
export function keyReason(
  code: ErrorCode,
  request: { readonly headers: Fields },
  context: Context | undefined,
): KeyReason | undefined {
  if (code !== "unauthorized" && code !== "login_required") return undefined;
  if (request.headers.has("authorization")) return "key_refused";
  return context && noted.get(context.id);
}
