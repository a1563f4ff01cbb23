// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * A line of limited width for all connections together: bytes from a server pass through one token bucket, whatever they are.
 * Prints its port, and when its input ends, as JSON, the processor time it took itself:
 * `deno run -A tests/bench/_relay_process.ts UPSTREAM_PORT BYTES_PER_SECOND`.
 *
 * @module
 */
import { stopwatch } from "./_meter.ts";

const [upstreamPort, rate] = Deno.args.map(Number) as [number, number];
const hostname = "127.0.0.1";
/** What may pass at once after a silence. */
const burstBytes = 1024 ** 2;
const chunkBytes = 128 * 1024;
/** When the bucket is empty no more. */
let freeAt = 0;

/** Waits until so many bytes may pass; whoever asks first goes first. */
async function take(bytes: number): Promise<void> {
  const now = performance.now();
  freeAt = Math.max(freeAt, now - burstBytes / rate * 1000) + bytes / rate * 1000;
  if (freeAt > now) await new Promise((resolve) => setTimeout(resolve, freeAt - now));
}

async function down(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(chunkBytes);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    await take(count);
    for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
  }
}

async function relay(client: Deno.Conn): Promise<void> {
  using near = client;
  using far = await Deno.connect({ hostname, port: upstreamPort });
  // whichever end goes first takes the other with it
  await Promise.race([near.readable.pipeTo(far.writable, { preventClose: true }), down(far, near)]).catch(() => {});
}

const elapsed = stopwatch();
const listener = Deno.listen({ hostname, port: 0 });
console.log(listener.addr.port);
(async () => {
  for await (const client of listener) relay(client).catch(() => {});
})();
for await (const _ of Deno.stdin.readable);
console.log(JSON.stringify(elapsed()));
Deno.exit(0);
