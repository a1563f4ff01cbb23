import { isRecord } from "../../transport/internal.ts";
import type { Parts } from "../parts.ts";
import { methods } from "./methods.ts";
import { RpcError, shownError } from "./rpc_error.ts";

/** What the façade tells of by itself, over a WebSocket. */
export const notifications = [
  "aria2.onDownloadStart",
  "aria2.onDownloadPause",
  "aria2.onDownloadStop",
  "aria2.onDownloadComplete",
  "aria2.onDownloadError",
] as const;

/** One answer of JSON-RPC 2.0. */
export type RpcAnswer =
  | { readonly jsonrpc: "2.0"; readonly id: unknown; readonly result: unknown }
  | { readonly jsonrpc: "2.0"; readonly id: unknown; readonly error: { code: number; message: string } };

/** Answers what was sent: one call or several. */
export type Rpc = (sent: unknown, isToken: TokenCheck) => Promise<RpcAnswer | RpcAnswer[]>;

/** Whether this token, or none, opens the façade. */
export type TokenCheck = (token: string | undefined) => boolean;

/** More calls than this come in no one message. */
const mostCalls = 1000;

const names = [...Object.keys(methods), "system.multicall", "system.listMethods", "system.listNotifications"];

/** The token is the first parameter, as `token:SECRET`: aria2c(1), section RPC authorization secret token. */
function withoutToken(params: readonly unknown[], isToken: TokenCheck): readonly unknown[] {
  const [first] = params;
  const isGiven = typeof first === "string" && first.startsWith("token:");
  if (!isToken(isGiven ? first.slice("token:".length) : undefined)) throw new RpcError("Unauthorized");
  return isGiven ? params.slice(1) : params;
}

function bounded(calls: readonly unknown[]): readonly unknown[] {
  if (calls.length <= mostCalls) return calls;
  throw new RpcError(`${calls.length} calls at once: at most ${mostCalls}`, -32600);
}

/** The façade over a queue: aria2's JSON-RPC interface, so that what drives aria2 drives this service. */
export function rpc(parts: Parts): Rpc {
  async function call(method: unknown, params: unknown, isToken: TokenCheck): Promise<unknown> {
    if (typeof method !== "string") throw new RpcError("method: a text is due", -32600);
    if (params !== undefined && !Array.isArray(params)) throw new RpcError("params: a list is due", -32602);
    if (method === "system.listMethods") return names;
    if (method === "system.listNotifications") return notifications;
    if (method === "system.multicall") return await multicall(params ?? [], isToken);
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
    const rest = withoutToken(params ?? [], isToken);
    if (run === undefined) throw new RpcError(`No such method: ${method.slice(0, 100)}`, -32601);
    return await run(parts, rest);
  }

  /** Each with its own token; what fails does so alone, and what succeeds is in a list of one. */
  async function multicall(params: readonly unknown[], isToken: TokenCheck): Promise<unknown[]> {
    const given = params.find(Array.isArray) as readonly unknown[] | undefined;
    if (given === undefined) throw new RpcError("methods: a list is due", -32602);
    const results: unknown[] = [];
    // one after the other: the second may build on the first
    for (const one of bounded(given)) {
      try {
        if (!isRecord(one)) throw new RpcError("a call: an object is due", -32600);
        if (one["methodName"] === "system.multicall") throw new RpcError("system.multicall inside itself", -32600);
        results.push([await call(one["methodName"], one["params"], isToken)]);
      } catch (error) {
        results.push(shownError(error));
      }
    }
    return results;
  }

  async function answer(sent: unknown, isToken: TokenCheck): Promise<RpcAnswer> {
    const id = isRecord(sent) ? sent["id"] ?? null : null;
    try {
      if (!isRecord(sent)) throw new RpcError("Invalid Request.", -32600);
      return { jsonrpc: "2.0", id, result: await call(sent["method"], sent["params"], isToken) };
    } catch (error) {
      return { jsonrpc: "2.0", id, error: shownError(error) };
    }
  }

  return async function rpc(sent, isToken) {
    if (!Array.isArray(sent)) return await answer(sent, isToken);
    const answers: RpcAnswer[] = [];
    try {
      for (const one of bounded(sent)) answers.push(await answer(one, isToken));
    } catch (error) {
      return { jsonrpc: "2.0", id: null, error: shownError(error) };
    }
    return answers;
  };
}
