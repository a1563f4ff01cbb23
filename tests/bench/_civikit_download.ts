// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * One download through the whole stack, with its hash, in a process of its own:
 * `deno run -A tests/bench/_civikit_download.ts URL PATH SHA256 PARALLEL [CA_FILE]`.
 *
 * @module
 */
// as `@civikit/civikit/create_transport` and `/transport`: what a program that only downloads imports
import { createTransport } from "../../create_transport.ts";
import { download } from "../../transport/mod.ts";

const [url, path, SHA256, parallel, caFile] = Deno.args as [string, string, string, string, string?];
const trust = caFile ? { caCerts: [Deno.readTextFileSync(caFile)] } : {};
const started = performance.now();
// the origin of some rows is another machine as far as addresses go
using transport = createTransport({ parallel: Number(parallel), socket: { allowHttp: true, ...trust } });
const memoryAt: Record<string, number> = {};
const marks = [1, 5, 10, 20];
const { verified, bytes } = await download(transport, url, path, {
  hashes: { SHA256 },
  onProgress({ downloadedBytes }) {
    if (downloadedBytes >= (marks[0] ?? Infinity) * 1024 ** 3) memoryAt[marks.shift()!] = Deno.memoryUsage().rss;
  },
});
if (!verified) throw new Error("the hash was not compared");
console.log(JSON.stringify({ insideMs: performance.now() - started, bytes, memoryAt, mostMemoryBytes: highWater() }));

/** The most memory this process ever held, where the system tells. */
function highWater(): number | undefined {
  try {
    const kib = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
