// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Builds the `civikit` binary into dist/ and runs it once.
 *
 * `deno compile` puts the program onto a runtime it fetches from dl.deno.land. Where that host is out of reach, the
 * steps that lead up to it still run: the command is type checked, bundled into one file, and the bundle is started.
 * `DENORT_BIN` names a runtime that is on disk already.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle_check.ts";
import { registryFlags } from "./registry.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const ENTRY = "cli/main.ts";

async function run(command: string, args: string[]): Promise<{ success: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: ROOT, stdin: "null" }).output();
  return { success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Starts a program with `--version` and `--help`; throws with its output where either fails. */
async function start(command: string, args: string[]): Promise<void> {
  for (const flag of ["--version", "--help"]) {
    const { success, text } = await run(command, [...args, flag]);
    // A bundle whose entry does not notice that it is the entry prints nothing and succeeds.
    if (!success || text.trim() === "") {
      throw new Error(`Start "${[command, ...args, flag].join(" ")}": failed\n${text}`);
    }
  }
}

/** Compiles the command. Resolves to the binary's path, or undefined where the runtime cannot be fetched. */
export async function compile(): Promise<string | undefined> {
  const flags = await registryFlags();
  const checked = await run(Deno.execPath(), ["check", "--quiet", ...flags, ENTRY]);
  if (!checked.success) throw new Error(`Check "${ENTRY}": failed\n${checked.text}`);

  const folder = await mkdtemp(join(tmpdir(), "civikit_compile_"));
  try {
    const bundled = await bundle(ENTRY, folder);
    if (bundled === undefined) throw new Error(`Bundle "${ENTRY}": failed`);
    await start(Deno.execPath(), ["run", "--no-config", "--no-lock", "--allow-env", "--allow-read", bundled]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }

  const binary = join(ROOT, "dist", Deno.build.os === "windows" ? "civikit.exe" : "civikit");
  const compiled = await run(Deno.execPath(), ["compile", "-P=cli", ...flags, "--output", binary, ENTRY]);
  if (!compiled.success && /denort|dl\.deno\.land/.test(compiled.text)) return undefined;
  if (!compiled.success) throw new Error(`Compile "${ENTRY}": failed\n${compiled.text}`);
  await start(binary, []);
  return binary;
}

if (import.meta.main) {
  const binary = await compile();
  console.log(
    binary === undefined
      ? "compile: checked, bundled and started; skipped the binary, because Deno's runtime part (denort) cannot be " +
        "fetched from dl.deno.land here. Set DENORT_BIN to use one from disk."
      : `compile: ${binary}`,
  );
}
