// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * The least a download can be in Deno: large BYOB reads (small ones put together) and synchronous writes. No journal, no
 * fsync, one connection; with a hash, as `SHA256`, a worker follows through the page cache; with `look` each write is given a
 * CRC-32, and all of them are compared with the file in the end. Nothing else is made sure of:
 * `deno run -A tests/bench/_bare_loop.ts URL PATH [CA_FILE] [SHA256] [look]`.
 *
 * @module
 */
import type { DigestFollower } from "../../transport/download/digest.ts";
import type { SpanRecorder } from "../../transport/download/span_recorder.ts";

const [url, path, caFile, sha256, look] = Deno.args as [string, string, string?, string?, string?];
const started = performance.now();
using client = caFile ? Deno.createHttpClient({ caCerts: [Deno.readTextFileSync(caFile)] }) : undefined;
const response = await fetch(url, client && { client });
using file = Deno.openSync(path, { write: true, create: true, truncate: true });
let follower: DigestFollower | undefined;
if (sha256) follower = (await import("../../transport/download/digest.ts")).followDigest(path, ["SHA256"]);
let recorder: SpanRecorder | undefined;
const looking = look ? await import("../../transport/download/span_recorder.ts") : undefined;
if (looking !== undefined) recorder = new looking.SpanRecorder();
const reader = response.body!.getReader({ mode: "byob" });
const largeBytes = 64 * 1024;
const gathered = new Uint8Array(256 * 1024);
let held = 0;
let written = 0;
let buffer = new ArrayBuffer(1024 ** 2);

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  recorder?.record(bytes, written);
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
  const finished = follower.finish(written);
  const spans = recorder?.entries() ?? [];
  // as the whole stack does it: beside the last of the hashing, and with the worker once it has hashed
  const { share } = follower;
  if ((await looking?.proveSpans(path, spans, { share }) ?? []).length < spans.length) {
    throw new Error("the file is another one");
  }
  const digests = await finished;
  if (digests.SHA256!.toLowerCase() !== sha256) throw new Error("the hash is wrong");
  follower.close();
}
console.log(JSON.stringify({ insideMs: performance.now() - started }));
