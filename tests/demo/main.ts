// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno task demo`: downloads through the whole stack from an embedded Civitai that misbehaves, and proves the result.
 * `--megabytes N` chooses the size of the model.
 *
 * @module
 */
import { processIo } from "../../cli/mod.ts";
import { demo } from "./demo.ts";

const usage = 2;

function readMegabytes(args: readonly string[]): number | undefined {
  const [flag, text, ...rest] = args.flatMap((arg) => arg.split("="));
  if (flag === undefined) return 300;
  const megabytes = Number(text);
  const isFit = flag === "--megabytes" && rest.length === 0 && Number.isInteger(megabytes);
  return isFit && megabytes >= 16 && megabytes <= 8192 ? megabytes : undefined;
}

if (import.meta.main) {
  const megabytes = readMegabytes(Deno.args);
  if (megabytes === undefined) console.error("usage: deno task demo [--megabytes N]   (16 to 8192, default 300)");
  const io = processIo();
  const isTerminal = io.isTerminal && Deno.stdout.isTerminal();
  Deno.exit(megabytes === undefined ? usage : await demo({ ...io, isTerminal }, { megabytes }));
}
