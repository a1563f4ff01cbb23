/**
 * The `civikit` command: run as a program (`deno run jsr:@civikit/civikit/cli --help`), or as a function, for programs
 * and tests that want it in their own process.
 *
 * @module
 */
import { main } from "./main.ts";

export { main };
export { type Io, processIo } from "./terminal/io.ts";
export { ExitCode } from "./exit_codes.ts";
export type { JsonEvent } from "./terminal/json.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
