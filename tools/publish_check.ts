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
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findRegistry } from "./registry.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const ADAPTERS = "tools/npm_only";

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

/** Copies what git knows and does not ignore, with the adapters' map merged into deno.json. */
async function scratchCopy(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).output();
  const files = new TextDecoder().decode(stdout).split("\0").filter((name) => name !== "");
  for (const name of files) await cp(join(ROOT, name), join(folder, name), { force: true }).catch(ignoreMissing);

  const config = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const map = JSON.parse(await Deno.readTextFile(join(ROOT, ADAPTERS, "import_map.json")));
  const adapted = Object.entries(map.imports as Record<string, string>).map(([name, target]) =>
    [name, target.startsWith("./") ? `./${ADAPTERS}/${target.slice(2)}` : target] as const
  );
  config.imports = Object.fromEntries(adapted.filter(([name]) => !name.endsWith("/")));
  config.publish.exclude = config.publish.exclude.filter((pattern: string) => pattern !== "tools");
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(config, null, 2));
}

/** A file deleted in the working tree is still in git's index; it is not part of the package either way. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
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
