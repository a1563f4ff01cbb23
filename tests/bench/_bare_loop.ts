// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * The least a download can be in Deno: large BYOB reads and synchronous writes. No hash, no journal, no fsync, one
 * connection: `deno run -A tests/bench/_bare_loop.ts URL PATH`.
 *
 * @module
 */
const [url, path] = Deno.args as [string, string];
const started = performance.now();
const response = await fetch(url);
using file = Deno.openSync(path, { write: true, create: true, truncate: true });
const reader = response.body!.getReader({ mode: "byob" });
let buffer = new ArrayBuffer(1024 ** 2);
for (;;) {
  const { value, done } = await reader.read(new Uint8Array(buffer));
  if (done) break;
  for (let at = 0; at < value.length;) at += file.writeSync(value.subarray(at));
  buffer = value.buffer;
}
console.log(JSON.stringify({ insideMs: performance.now() - started }));
