// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * The misbehaving origin in a process of its own; options as JSON. Prints its URL and serves until its input ends:
 * `deno run -A tests/bench/_origin_process.ts '{"files":{"/a.bin":{"seed":1,"size":1024}},"faults":[]}'`.
 *
 * @module
 */
import { startOrigin } from "../_origin/mod.ts";

await using origin = await startOrigin(JSON.parse(Deno.args[0]!));
console.log(origin.url);
await Deno.stdin.readable.pipeTo(new WritableStream());
