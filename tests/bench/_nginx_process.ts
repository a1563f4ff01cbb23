// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * nginx on one more address, in the network namespace this process was started in. Prints "ready" and serves until its
 * input ends: `deno run -A tests/bench/_nginx_process.ts FOLDER ADDRESS:PORT`.
 *
 * @module
 */
import { startNginx } from "../_support/nginx.ts";

const [folder, address] = Deno.args as [string, string];
await using _nginx = await startNginx({ folder, extra: `listen ${address};` });
console.log("ready");
await Deno.stdin.readable.pipeTo(new WritableStream());
