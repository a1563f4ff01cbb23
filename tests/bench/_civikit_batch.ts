// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Many downloads through the whole stack in one process, each with its hash:
 * `deno run -A tests/bench/_civikit_batch.ts LIST FOLDER CONCURRENCY`, where a line of LIST is a hash, a space and a URL.
 *
 * @module
 */
import { basename, join } from "node:path";
import { createTransport } from "../../create_transport.ts";
import { downloadAll } from "../../transport/mod.ts";

const [list, folder, concurrency] = Deno.args as [string, string, string];
const started = performance.now();
using transport = createTransport({ socket: { allowHttp: true } });
const jobs = (await Deno.readTextFile(list)).trim().split("\n").map((line) => {
  const [SHA256, request] = line.split(" ") as [string, string];
  return { request, path: join(folder, basename(new URL(request).pathname)), options: { hashes: { SHA256 } } };
});
for (const { job, result, error } of await downloadAll(transport, jobs, { concurrency: Number(concurrency) }).done) {
  if (error !== undefined) throw error;
  if (!result!.verified) throw new Error(`${job.path}: the hash was not compared`);
}
console.log(JSON.stringify({ insideMs: performance.now() - started }));
