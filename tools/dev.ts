/**
 * Somewhere to try things: the embedded Civitai of `civikit sandbox` with `civikit serve` beside it, until Ctrl-C. What commands
 * record there is kept apart from one's own statistics, in `.tmp/dev`.
 *
 *     deno task dev [port of Civitai, default 8788] [port of the dashboard, default 8787]
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a program of its own: the terminal is where it speaks
import { fileURLToPath } from "node:url";
import { main, processIo } from "../cli/mod.ts";
import { thingsToTry } from "../cli/run/sandbox/things_to_try.ts";
import { embeddedCivitai } from "../testing/mod.ts";

const [port = "8788", dashboardPort = "8787"] = Deno.args;
const civitai = await embeddedCivitai({ bigBytes: 256 * 1024 ** 2 }).listen({ port: Number(port) });
const settings: Record<string, string> = {
  CIVIKIT_BASE_URL: civitai.url,
  CIVIKIT_STATE_DIR: Deno.env.get("CIVIKIT_STATE_DIR") ?? fileURLToPath(new URL("../.tmp/dev", import.meta.url)),
};
const words = Object.entries(settings).map(([name, value]) => `${name}=${/\s/.test(value) ? `'${value}'` : value}`);
console.log(`An embedded Civitai is at ${civitai.url}. Ctrl-C ends it and the dashboard. Elsewhere:`);
console.log(thingsToTry(civitai.url, "en", "deno task civikit", words.join(" ")));
console.log("What these commands do shows on the dashboard:");

const io = processIo();
const code = await main(["serve", "--port", dashboardPort], { ...io, env: (name) => settings[name] ?? io.env(name) });
await civitai.close();
Deno.exit(code);
