/**
 * The command from the checkout, in the folder of whoever calls `deno task civikit`: a task runs beside deno.json, and
 * says in INIT_CWD where it was called from.
 *
 * @module
 */
import { main } from "../cli/mod.ts";

Deno.chdir(Deno.env.get("INIT_CWD") ?? ".");
Deno.exit(await main(Deno.args));
