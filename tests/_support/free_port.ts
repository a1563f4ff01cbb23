/**
 * A port of this machine that nobody listens on; 10,000 above it lies another one, where a node of a cluster talks.
 *
 * The system itself hands out ports from 32,768 on, to whoever connects and whoever listens on any: one of those may
 * belong to another test before it is used here. These it hands to nobody.
 */
export function freePort(): number {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 10_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
