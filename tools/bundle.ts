// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Bundles the `civikit` command into dist/bundle/: one small entry, `civikit.js`, and minified chunks that are read when
 * they are due. The folder needs Deno and nothing else: no registry, no cache, no deno.json.
 *
 * @module
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { everyRight, heapOption } from "../cli/terminal/deno_flags.ts";
import { registryFlags } from "./registry.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Where `deno task bundle` puts it. */
export const bundleFolder: string = join(ROOT, "dist", "bundle");

/** The file of the bundle that is started. */
export const bundleEntry = "civikit.js";

const firstLine = `#!/usr/bin/env -S deno run --quiet --no-config --no-lock ${[heapOption, ...everyRight].join(" ")}\n`;

/** Every bundle starts with one that Deno adds for CommonJS; it loads 15 ms of node: modules that hardly anyone needs. */
const eagerRequire =
  /import\s*\{\s*createRequire as (\w+)\s*\}\s*from\s*"node:module";\s*var (\w+)\s*=\s*\1\(import\.meta\.url\);/;

/** Late imports whose paths Deno would read ahead, with everything behind them, before the first line runs. */
const lateImport = /\bimport\("(\.[^"]+)"\)/g;

/**
 * One file of the bundle, so that it loads what it needs when it needs it.
 *
 * @param name Where it lies in the bundle.
 */
export function lateLoading(text: string, name: string): string {
  const late = text
    .replace(
      eagerRequire,
      (_, _create, require) =>
        `var ${require}=(id)=>process.getBuiltinModule("node:module").createRequire(import.meta.url)(id);`,
    )
    .replace(lateImport, (_, path) => `import(""||"${path}")`);
  return name === bundleEntry ? firstLine + late : late;
}

/** What came out. */
export interface Bundle {
  /** The file to start. */
  readonly entry: string;
  /** Files, the entry among them. */
  readonly files: number;
  /** Size of all of them. */
  readonly bytes: number;
}

/**
 * Bundles the command into `folder`, which is replaced as a whole.
 *
 * @throws {Error} When it cannot be bundled; what was there stays.
 */
export async function bundleCommand(folder: string = bundleFolder): Promise<Bundle> {
  await mkdir(join(folder, ".."), { recursive: true });
  const made = await mkdtemp(join(folder, "..", ".bundle_"));
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        // with the types comes what the command loads by paths that are hidden from Deno
        ...["bundle", "--quiet", "--check", "--minify", "--code-splitting"],
        ...[...await registryFlags(), "--outdir", made, "cli/main.ts"],
      ],
      cwd: ROOT,
      stdin: "null",
    }).output();
    if (!success) throw new Error(`bundling the command: failed\n${new TextDecoder().decode(stderr)}`);
    await rename(join(made, "main.js"), join(made, bundleEntry));
    let files = 0;
    let bytes = 0;
    for (const name of await readdir(made, { recursive: true })) {
      if (!name.endsWith(".js")) continue;
      const text = lateLoading(await readFile(join(made, name), "utf8"), name);
      await writeFile(join(made, name), text);
      files++;
      bytes += new TextEncoder().encode(text).length;
    }
    await chmod(join(made, bundleEntry), 0o755);
    await chmod(made, 0o755);
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
    return { entry: join(folder, bundleEntry), files, bytes };
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
}

if (import.meta.main) {
  const { entry, files, bytes } = await bundleCommand();
  console.log(`bundle: ${entry} (${files} files, ${(bytes / 1e6).toFixed(1)} MB)`);
}
