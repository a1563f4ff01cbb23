import { messageOf } from "../../transport/internal.ts";
import { CivikitError, hint } from "../../transport/mod.ts";

/** What JSON-RPC 2.0, 5.1 and aria2 name an error by; 1 is aria2's for everything of its own. */
export type RpcCode = 1 | -32700 | -32600 | -32601 | -32602;

/** A call that cannot be done. */
export class RpcError extends Error {
  /** Tells kinds apart. */
  readonly code: RpcCode;

  /** @param message What is told to whoever called. */
  constructor(message: string, code: RpcCode = 1) {
    super(message);
    this.name = "RpcError";
    this.code = code;
  }
}

/** An error as it is told; of what is none of ours nothing is said, as it may hold anything. */
export function shownError(error: unknown): { code: RpcCode; message: string } {
  if (error instanceof RpcError) return { code: error.code, message: error.message };
  if (error instanceof CivikitError) return { code: 1, message: `${messageOf(error)}. ${hint(error).action}` };
  return { code: 1, message: "the service itself failed; look into its log" };
}
