/** A server of bare connections, for what no HTTP server would do. */
export interface RawServer extends AsyncDisposable {
  /** Where it listens, on 127.0.0.1. */
  port: number;
}

/** A certificate and what to negotiate, for a server that speaks TLS. */
export interface RawTls {
  cert: string;
  key: string;
  alpnProtocols?: string[];
}

/** Runs `handle` for each connection and closes it after; what a handler throws is its connection's end. */
export function rawServer(handle: (connection: Deno.Conn) => Promise<void>, tls?: RawTls): RawServer {
  const where = { hostname: "127.0.0.1", port: 0 };
  const listener: Deno.Listener = tls ? Deno.listenTls({ ...where, ...tls }) : Deno.listen(where);
  const open = new Set<Deno.Conn>();
  const running: Promise<void>[] = [];
  async function serve(connection: Deno.Conn): Promise<void> {
    open.add(connection);
    try {
      await handle(connection);
    } catch {
      // the other side hung up, or the handler meant to
    }
    if (open.delete(connection)) hangUp(connection);
  }
  const accepting = (async () => {
    try {
      for await (const connection of listener) running.push(serve(connection));
    } catch {
      // closed
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) hangUp(connection);
      open.clear();
      await accepting;
      await Promise.all(running);
    },
  };
}

/** Closes a connection that may be closed already. */
export function hangUp(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // it was
  }
}

/** Reads up to the blank line that ends the head of a request (or of anything); empty at the end of the stream. */
export async function readHead(connection: Deno.Conn): Promise<string> {
  const byte = new Uint8Array(1);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    if (await connection.read(byte) === null) return "";
    head += String.fromCharCode(byte[0]!);
  }
  return head;
}

/** Writes all of `text`. */
export async function writeText(connection: Deno.Conn, text: string): Promise<void> {
  await writeAll(connection, new TextEncoder().encode(text));
}

/** Writes all of `bytes`. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
