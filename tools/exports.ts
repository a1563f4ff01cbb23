// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Prints the modules deno.json exports, for commands that take each of them.
 *
 * @module
 */

/** The exports of deno.json: the name a user imports, and the module's path from the root. */
export async function packageExports(): Promise<Record<string, string>> {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url))) as {
    exports: Record<string, string>;
  };
  return exports;
}

if (import.meta.main) console.log(Object.values(await packageExports()).join(" "));
