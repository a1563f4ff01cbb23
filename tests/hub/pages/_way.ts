/** A way to a service that can fall silent, as one does behind which a machine has slept. */
export interface Way extends AsyncDisposable {
  readonly url: string;
  /** From now on, on the streams of events that are open nothing comes any more, nor do they end; the rest is cut. */
  sleep(): void;
}

interface Passing {
  readonly sockets: readonly [Deno.TcpConn, Deno.TcpConn];
  isStream: boolean;
  isSilent: boolean;
}

/** Opens one to a port of this machine. */
export function openWay(port: number): Way {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Passing>();

  function end(passing: Passing): void {
    if (passing.isSilent || !open.delete(passing)) return;
    for (const socket of passing.sockets) socket.close();
  }

  async function pass(passing: Passing, from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        const start = new TextDecoder().decode(buffer.subarray(0, Math.min(count, 20)));
        if (start.startsWith("GET /events")) passing.isStream = true;
        for (let at = 0; at < count && !passing.isSilent;) at += await to.write(buffer.subarray(at, count));
      }
    } catch {
      // one of both is gone
    }
    end(passing);
  }

  async function take(client: Deno.TcpConn): Promise<void> {
    try {
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      const passing: Passing = { sockets: [client, server], isStream: false, isSilent: false };
      open.add(passing);
      void pass(passing, client, server);
      void pass(passing, server, client);
    } catch {
      client.close();
    }
  }

  const taking = (async () => {
    for await (const client of listener) void take(client);
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    sleep() {
      for (const passing of open) {
        if (passing.isStream) passing.isSilent = true;
        else end(passing);
      }
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await taking.catch(() => {});
      for (const passing of open) {
        passing.isSilent = false;
        end(passing);
      }
    },
  };
}
