import { missingRight } from "../../transport/internal.ts";
import { CivikitError, InputError } from "../../transport/mod.ts";

/** Why a server could not listen on `place`, `127.0.0.1:8787`: the right, the port, or the address. */
export function listenError(error: unknown, place: string): CivikitError {
  const right = missingRight(error);
  if (right !== undefined) {
    const { reason, state } = right;
    return new CivikitError(`listening on "${place}": ${state}`, { code: "permission_denied", reason, cause: error });
  }
  const state = error instanceof Deno.errors.AddrInUse
    ? "in use"
    : error instanceof Deno.errors.PermissionDenied
    ? "not allowed; choose a --port above 1023"
    : "cannot be listened on";
  return new InputError(`listening on "${place}": ${state}`, {
    code: "invalid_argument",
    reason: error instanceof Deno.errors.AddrInUse ? "port_in_use" : undefined,
    input: place,
    cause: error,
  });
}
