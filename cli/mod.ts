/**
 * The `civikit` command as a function, for programs and tests that want to run it in their own process.
 *
 * @module
 */
export { main } from "./main.ts";
export { type Io, processIo } from "./io.ts";
export { ExitCode } from "./exit_code.ts";
export type { JsonEvent } from "./progress/json.ts";
