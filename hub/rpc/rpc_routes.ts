import { createHash, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { clientAddress } from "../../monitor/server/client_address.ts";
import { logInAttempts } from "../../monitor/server/log_in_attempts.ts";
import { readTextAtMost } from "../../transport/internal.ts";
import type { Parts } from "../parts.ts";
import { notices } from "./notices.ts";
import { type Rpc, rpc, type TokenCheck } from "./rpc.ts";

/** Who may call the façade. */
export interface RpcAccess {
  /** What opens it. Without one, only programs of this machine get in, and no page of another origin. */
  readonly token?: string | undefined;
  /** Whether pages of other origins get in by this, where there is no `token`. Default: no. */
  readonly isPaired?: ((given: string) => boolean) | undefined;
  /** Whose pages may call it; for them one of the two is compulsory. Default: none. */
  readonly origins?: readonly string[];
  /** Whose X-Forwarded-For says where a call comes from. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
}

/** The façade's routes. */
export interface RpcRoutes {
  /** Answers at `/jsonrpc`. */
  readonly app: Hono;
  /** Ends its WebSockets. */
  close(): void;
}

const mostBytes = 4 * 1024 ** 2;
/** More do not listen at once. */
const mostSockets = 100;

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();

const parseError = { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error." } } as const;

async function answerText(call: Rpc, text: string | undefined, isToken: TokenCheck): Promise<Awaited<ReturnType<Rpc>>> {
  if (text === undefined) return { ...parseError, error: { code: -32600, message: `longer than ${mostBytes} bytes` } };
  try {
    return await call(JSON.parse(text), isToken);
  } catch {
    return parseError;
  }
}

/**
 * aria2's JSON-RPC over HTTP POST and over WebSocket. GET with parameters, which any page could make a browser do, is
 * not answered.
 */
export function rpcRoutes(
  parts: Parts,
  { token, isPaired, origins = [], trustedProxies = [] }: RpcAccess,
  now: () => number,
): RpcRoutes {
  const app = new Hono();
  const call = rpc(parts);
  const told = notices(parts.queue);
  const wrong = logInAttempts(now);
  const addressOf = clientAddress(trustedProxies);
  const sockets = new Set<WebSocket>();

  const isForeign = (c: Context) => {
    const origin = c.req.header("origin");
    return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== c.req.header("host"));
  };
  const isKnown = (c: Context) => !isForeign(c) || origins.includes(c.req.header("origin") ?? "");

  const isRight = (given: string) =>
    token === undefined ? isPaired?.(given) ?? false : timingSafeEqual(digest(given), digest(token));

  /** The token's check for one connection; undefined where none is asked for. */
  function checkFor(c: Context): TokenCheck | undefined {
    if (!isForeign(c) && token === undefined) return undefined;
    const from = addressOf(c) ?? "";
    return (given) => {
      if (wrong.isLocked(from)) return false;
      if (given !== undefined && isRight(given)) return true;
      wrong.wrong(from);
      return false;
    };
  }

  app.post("/jsonrpc", async (c) => {
    if (!isKnown(c)) return c.json({ error: "origin not allowed" }, 403);
    const text = await readTextAtMost(new Response(c.req.raw.body), mostBytes);
    const answer = await answerText(call, text, checkFor(c) ?? (() => true));
    const isFailed = !Array.isArray(answer) && "error" in answer;
    return c.json(answer, isFailed ? 400 : 200);
  });

  app.get("/jsonrpc", (c) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      return c.json({ error: "POST a JSON-RPC call, or open a WebSocket" }, 405, { allow: "POST" });
    }
    if (!isKnown(c)) return c.json({ error: "origin not allowed" }, 403);
    if (sockets.size >= mostSockets) return c.json({ error: "too many WebSockets" }, 503);
    const check = checkFor(c);
    const { socket, response } = Deno.upgradeWebSocket(c.req.raw);
    sockets.add(socket);
    const send = (message: string): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message);
    };
    let leave: (() => void) | undefined;
    const listen = () => void (leave ??= told.listen(send));
    // who has to show a token hears of nothing before
    const isToken: TokenCheck = (given) => {
      const isLetIn = check?.(given) ?? true;
      if (isLetIn) listen();
      return isLetIn;
    };
    socket.onopen = () => {
      if (check === undefined) listen();
    };
    let answering = Promise.resolve();
    socket.onmessage = ({ data }) => {
      const text = typeof data === "string" && data.length <= mostBytes ? data : undefined;
      answering = answering.then(async () => send(JSON.stringify(await answerText(call, text, isToken))));
    };
    socket.onclose = () => {
      sockets.delete(socket);
      leave?.();
    };
    return response;
  });

  return {
    app,
    close() {
      told.close();
      for (const socket of sockets) socket.close(1001);
    },
  };
}
