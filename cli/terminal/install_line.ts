import { fileURLToPath } from "node:url";

/** The rights with which everything works. No program is ever started and no native code loaded, so neither is asked for. */
const everyRight = ["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys"];

/** What is installed: the package, the checkout's own entry, or the bundle this runs from. */
function installedSource(): string {
  const here = import.meta.url;
  if (!here.startsWith("file:")) return "jsr:@civikit/civikit/cli";
  const isBundled = !here.endsWith("/cli/terminal/install_line.ts");
  return JSON.stringify(fileURLToPath(isBundled ? Deno.mainModule : new URL("../mod.ts", here)));
}

/** The line that installs the command again with every right it can use. */
export function installLine(): string {
  return ["deno install -g -f -n civikit", ...everyRight, installedSource()].join(" ");
}
