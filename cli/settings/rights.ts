import { dirname } from "node:path";

/** Something Deno lets a program do only where it was told to. */
export type Right = Deno.PermissionDescriptor;

/** Tells whether all of `rights` were given; asks nobody. */
export function isGranted(rights: readonly Right[]): boolean {
  return rights.every((right) => Deno.permissions.querySync(right).state === "granted");
}

/** What keeping a file in a folder of its own takes: SQLite has more files beside its own. */
export function keeping(path: string): readonly Right[] {
  return (["read", "write"] as const).map((name) => ({ name, path: dirname(path) }));
}
