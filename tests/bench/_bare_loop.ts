// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * The least a download can be in Deno: large BYOB reads (small ones put together) and synchronous writes. No journal, no
 * fsync, one connection; with a hash, as `SHA256`, a worker follows through the page cache, and nothing else is made sure of:
 * `deno run -A tests/bench/_bare_loop.ts URL PATH [CA_FILE] [SHA256]`.
 *
 * @module
 */
import type { DigestFollower } from "../../transport/download/digest.ts";

const [url, path, caFile, sha256] = Deno.args as [string, string, string?, string?];
const started = performance.now();
using client = caFile ? Deno.createHttpClient({ caCerts: [Deno.readTextFileSync(caFile)] }) : undefined;
const response = await fetch(url, client && { client });
using file = Deno.openSync(path, { write: true, create: true, truncate: true });
let follower: DigestFollower | undefined;
if (sha256) follower = (await import("../../transport/download/digest.ts")).followDigest(path, ["SHA256"]);
const reader = response.body!.getReader({ mode: "byob" });
const largeBytes = 64 * 1024;
const gathered = new Uint8Array(256 * 1024);
let held = 0;
let written = 0;
let buffer = new ArrayBuffer(1024 ** 2);

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  follower?.advance(written += bytes.length);
}

function flush(): void {
  if (held > 0) write(gathered.subarray(0, held));
  held = 0;
}

for (;;) {
  const { value, done } = await reader.read(new Uint8Array(buffer));
  if (done) break;
  if (held + value.length > gathered.length || value.length >= largeBytes) flush();
  if (value.length >= largeBytes) write(value);
  else {
    gathered.set(value, held);
    held += value.length;
  }
  buffer = value.buffer;
}
flush();
if (follower !== undefined) {
  const digests = await follower.finish(written);
  if (digests.SHA256!.toLowerCase() !== sha256) throw new Error("the hash is wrong");
  follower.close();
}
console.log(JSON.stringify({ insideMs: performance.now() - started }));
