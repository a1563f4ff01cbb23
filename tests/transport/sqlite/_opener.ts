/**
 * Opens a database and adds rows, as one of many processes: `deno run -A _opener.ts FILE ROWS`.
 *
 * @module
 */
import { notes } from "./_notes.ts";

const [path = "", rows = "1"] = Deno.args;
// all begin at the same moment, when the last of them is there
await Deno.stdout.write(new Uint8Array([33]));
await Deno.stdin.read(new Uint8Array(1));
using file = notes(path);
for (let row = 0; row < Number(rows); row++) file.transaction("writing", () => file.run.add.run(`${Deno.pid}`));
