import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Something Deno lets a program do only where it was told to. */
export type Right = Deno.PermissionDescriptor;

/** The rights with which everything works. No program is ever started and no native code loaded, so neither is asked for. */
export const everyRight: readonly string[] = [
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
];

/** The line that installs the command again with every right it can use. */
export function installLine(): string {
  const here = new URL("../mod.ts", import.meta.url);
  const source = here.protocol === "file:" ? JSON.stringify(fileURLToPath(here)) : "jsr:@civikit/civikit/cli";
  return ["deno install -g -f -n civikit", ...everyRight, source].join(" ");
}

/** Tells whether all of `rights` were given; asks nobody. */
export function isGranted(rights: readonly Right[]): boolean {
  return rights.every((right) => Deno.permissions.querySync(right).state === "granted");
}

/** What keeping a file in a folder of its own takes: SQLite has more files beside its own. */
export function keeping(path: string): readonly Right[] {
  return (["read", "write"] as const).map((name) => ({ name, path: dirname(path) }));
}
