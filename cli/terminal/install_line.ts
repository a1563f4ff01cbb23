import { fileURLToPath } from "node:url";

/** The rights with which everything works. No program is ever started and no native code loaded, so neither is asked for. */
const everyRight = ["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys"];

/** The line that installs the command again with every right it can use. */
export function installLine(): string {
  const here = new URL("../mod.ts", import.meta.url);
  const source = here.protocol === "file:" ? JSON.stringify(fileURLToPath(here)) : "jsr:@civikit/civikit/cli";
  return ["deno install -g -f -n civikit", ...everyRight, source].join(" ");
}
