// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Answers every request with 2 KB of JSON, in a process of its own; with `--cacheable`, that may be stored. Prints its URL
 * and serves until its input ends.
 *
 * @module
 */
const items = Array.from({ length: 16 }, (_, id) => ({ id, name: `model ${id}`, type: "LORA", text: "x".repeat(72) }));
const body = JSON.stringify({ items, metadata: { nextCursor: "16|2024", nextPage: null } });
const freshness = { "cache-control": "public, max-age=3600", etag: '"abc"', vary: "accept-encoding" };
const headers = { "content-type": "application/json", ...(Deno.args.includes("--cacheable") ? freshness : {}) };

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/api/v1/models`),
}, () => new Response(body, { headers }));
await Deno.stdin.readable.pipeTo(new WritableStream());
await server.shutdown();
