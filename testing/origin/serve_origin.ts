/**
 * The origin on a port: a raw HTTP/1.1 server, keep-alive, that can do on the wire what no polite server would.
 *
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Desk } from "./answering.ts";
import type { Ending } from "./faults.ts";
import { ascii, headOf, sendBody } from "./send.ts";
import { type Head, type Wire, wire } from "./wire.ts";

/** The connections of a running origin. */
export interface Port {
  /** The port. */
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
  /** Connections open now. */
  open(): number;
  /** Ends every open connection now, by FIN or (default) RST. */
  cutAll(how?: Ending): void;
  /** Ends everything and frees the port. */
  close(): Promise<void>;
}

/** Serves `desk` on `hostname` and `port` (0: a free one). */
export async function serveOrigin(desk: Desk, hostname: string, port: number): Promise<Port> {
  const sockets = new Map<Socket, Wire>();
  let accepted = 0;

  /** Answers one request; true when the connection may carry another one. */
  async function answer(connection: Wire, number: number, { method, target, headers }: Head): Promise<boolean> {
    const { entry, plan, link } = await desk.begin({ method, target, headers, connection: number });
    try {
      if (plan.delayMs > 0) await connection.pause(plan.delayMs);
      if (plan.instead === "hang") await connection.gone;
      else if (plan.instead === "garbage") {
        await connection.write(ascii.encode("\x15\x03\x01 this is not HTTP\r\n\r\n"));
        await connection.end("fin");
      } else if (plan.instead !== undefined) await connection.end(plan.instead);
      if (plan.instead !== undefined) return false;
      entry.status = plan.status;
      entry.answer = plan.headers;
      const isLast = headers.get("connection")?.toLowerCase() === "close";
      if (!await connection.write(headOf(plan, isLast))) return false;
      if (method === "HEAD") return !isLast;
      return await sendBody(connection, plan, entry, link, () => desk.answered(entry)) && !isLast;
    } finally {
      desk.end(entry);
    }
  }

  const server = createServer({ noDelay: true }, async (socket) => {
    const connection = wire(socket);
    const number = ++accepted;
    sockets.set(socket, connection);
    connection.gone.then(() => sockets.delete(socket));
    for (let isOpen = true; isOpen;) {
      const head = await connection.next();
      if (!head) break;
      isOpen = await answer(connection, number, head);
    }
    if (!connection.isGone()) await connection.end("fin");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => resolve());
  });

  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const gone = [...sockets.values()].map((connection) => connection.gone);
    for (const socket of sockets.keys()) socket.destroy();
    await Promise.all([...gone, closed]);
    await desk.idle();
  }
  let stopped: Promise<void> | undefined;

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => accepted,
    open: () => sockets.size,
    cutAll(how = "rst") {
      for (const connection of sockets.values()) connection.end(how);
    },
    close: () => stopped ??= stop(),
  };
}
