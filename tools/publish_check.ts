// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * `deno publish --dry-run`, with and without JSR.
 *
 * The dry run takes its imports from deno.json alone and ignores `--import-map`. On networks without JSR it therefore
 * runs on a scratch copy whose deno.json names the adapters instead. That proves everything about this package (its
 * files, slow types, metadata, exports) except that the pinned `@std/*` versions exist and type check.
 *
 * @module
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { findRegistry } from "./registry.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const TOOLS = join(ROOT, "tools");
const ADAPTERS = "tools/npm_only";
const SKIPPED = new Set([".git", ".tmp", "coverage", "dist", "docs", "node_modules", "tests"]);

async function dryRun(cwd: string): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return success;
}

/** Copies the working tree, with the adapters' map in place of deno.json's imports. */
async function scratchCopy(folder: string): Promise<void> {
  await cp(ROOT, folder, {
    recursive: true,
    // Of tools/ only the adapters, to which the copy's imports point.
    filter: (source) => !SKIPPED.has(relative(ROOT, source)) && !(source.endsWith(".ts") && dirname(source) === TOOLS),
  });

  const config = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const map = JSON.parse(await Deno.readTextFile(join(ROOT, ADAPTERS, "import_map.json")));
  const adapted = Object.entries(map.imports as Record<string, string>).map(([name, target]) =>
    [name, target.startsWith("./") ? `./${ADAPTERS}/${target.slice(2)}` : target] as const
  );
  config.imports = Object.fromEntries(adapted.filter(([name]) => !name.endsWith("/")));
  config.publish.exclude = config.publish.exclude.filter((pattern: string) => pattern !== "tools");
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config, null, 2));
}

/** Runs the dry run; false where it found something. */
export async function publishCheck(): Promise<boolean> {
  if (await findRegistry() === "jsr") return await dryRun(ROOT);
  console.log("publish: JSR is out of reach, so the dry run uses a copy with the npm adapters of tools/npm_only");
  const folder = await mkdtemp(join(tmpdir(), "civikit_publish_"));
  try {
    await scratchCopy(folder);
    return await dryRun(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) Deno.exit(await publishCheck() ? 0 : 1);
