import { fileURLToPath } from "node:url";
import { everyRight, heapOption } from "./deno_flags.ts";

const quoted = (url: string | URL) => JSON.stringify(fileURLToPath(url));

/** What is installed: the package, the checkout's own entry, or the bundle this runs from. */
function installedSource(): string[] {
  const here = import.meta.url;
  if (!here.startsWith("file:")) return ["jsr:@civikit/civikit/cli"];
  if (!here.endsWith("/cli/terminal/install_line.ts")) return [quoted(Deno.mainModule)];
  // started with the map, it has to be installed with it
  const isMapped = import.meta.resolve("@std/cli/unicode-width").startsWith("file:");
  const map = isMapped ? [`--import-map=${quoted(new URL("../../tools/npm_only/import_map.json", here))}`] : [];
  return [...map, quoted(new URL("../mod.ts", here))];
}

/**
 * The line that installs the command again with every right it can use.
 *
 * @param more Rights beyond those, which one thing alone takes.
 */
export function installLine(more: readonly string[] = []): string {
  return ["deno install -g -f -n civikit", heapOption, ...everyRight, ...more, ...installedSource()].join(" ");
}
