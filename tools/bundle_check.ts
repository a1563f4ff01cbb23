// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Bundles the library's faces into single files and imports each: what a user's own bundler has to cope with.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { packageExports } from "./exports.ts";
import { registryFlags } from "./registry.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Bundles one module into `folder`; the path of the bundle, or undefined where bundling failed. */
export async function bundle(entry: string, folder: string): Promise<string | undefined> {
  const output = join(folder, `${entry.replaceAll("/", "_").replace(/\.ts$/, "")}.js`);
  const { success } = await new Deno.Command(Deno.execPath(), {
    // with the types comes what cli/ loads by paths that are hidden from Deno
    args: [
      ...["bundle", "--quiet", ...(entry.startsWith("cli/") ? ["--check"] : [])],
      ...[...await registryFlags(), "--output", output, entry],
    ],
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return success ? output : undefined;
}

/** Bundles every export of deno.json; false where one cannot be bundled, or its bundle exports nothing. */
export async function bundleCheck(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "civikit_bundle_"));
  let isFine = true;
  try {
    for (const entry of Object.values(await packageExports())) {
      const output = await bundle(entry.replace(/^\.\//, ""), folder);
      const names = output === undefined ? [] : Object.keys(await import(pathToFileURL(output).href));
      console.log(`bundle "${entry}": ${names.length === 0 ? "failed" : `${names.length} exports`}`);
      isFine &&= names.length > 0;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return isFine;
}

if (import.meta.main) Deno.exit(await bundleCheck() ? 0 : 1);
