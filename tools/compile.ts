// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Builds the `civikit` binary into dist/: the bundle of `deno task bundle` behind Deno's runtime.
 *
 *     deno task compile                  for this system
 *     deno task compile --target all     for every system there is a binary for
 *     deno task compile --target x86_64-pc-windows-msvc
 *
 * `deno compile` fetches that runtime from dl.deno.land. Where the host is out of reach the steps before it still run: the
 * bundle is made and started. `DENORT_BIN` names a runtime that is on disk already; another program in its place shows
 * what would be embedded, and is never started.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { everyRight, heapFlags, heapOption } from "../cli/terminal/deno_flags.ts";
import { bundleCommand, bundleEntry } from "./bundle.ts";
import { readEmbedded } from "./embedded.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** The systems there is a binary for. */
export const targets = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** One of {@linkcode targets}. */
export type Target = (typeof targets)[number];

/** What a binary is called: `civikit-x86_64-unknown-linux-gnu`, and `.exe` behind it on Windows. */
export function binaryName(target: Target): string {
  return `civikit-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/** What became of one target. */
export interface Compiled {
  /** The binary; undefined where Deno's runtime for the target cannot be had. */
  readonly path: string | undefined;
  /** Whether it was started: it is for this system, and has the real runtime. */
  readonly isStarted: boolean;
}

async function run(command: string, args: readonly string[]): Promise<{ success: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd: ROOT, stdin: "null" })
    .output();
  return { success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Starts a program with `--version` and `--help`; throws with its output where either fails. */
async function start(command: string, args: readonly string[]): Promise<void> {
  for (const [flag, due] of [["--version", "civikit "], ["--help", "download"]] as const) {
    const { success, text } = await run(command, [...args, flag]);
    // a bundle whose entry does not notice that it is the entry prints nothing and succeeds
    if (!success || !text.includes(due)) {
      throw new Error(`Start "${[command, ...args, flag].join(" ")}": failed\n${text}`);
    }
  }
}

/** Compares what is embedded in a binary with the folder it was made of; throws where anything differs. */
async function checkEmbedded(path: string, folder: string): Promise<void> {
  const { entry, permissions, v8Flags, files } = readEmbedded(await readFile(path));
  const granted = Object.keys(permissions).filter((name) => name.startsWith("allow_") && permissions[name] !== null);
  const due = everyRight.map((right) => right.slice(2).replace("-", "_")).concat("allow_import").sort();
  if (granted.sort().join() !== due.join()) throw new Error(`Compile "${path}": has the rights ${granted}, not ${due}`);
  if (!heapFlags.every((flag) => v8Flags.includes(flag))) throw new Error(`Compile "${path}": tells V8 ${v8Flags}`);
  if (basename(entry) !== bundleEntry) throw new Error(`Compile "${path}": starts ${entry}`);
  const named = new Map([...files].map(([name, bytes]) => [basename(name), bytes]));
  for await (const { name } of Deno.readDir(folder)) {
    const there = named.get(name);
    const same = (await readFile(join(folder, name))).every((byte, index) => there?.[index] === byte);
    if (!same) throw new Error(`Compile "${path}": ${name} is not embedded as it is`);
  }
}

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** The system it is for. Default: this one. */
  readonly target?: Target;
  /** The bundle. Default: the one of `deno task bundle`. */
  readonly bundle: string;
  /** Where the binary goes. Default: dist/civikit, with the target in its name where one is given. */
  readonly output?: string;
  /** Whether what is in the place of the runtime cannot be started. Default: false. */
  readonly isStandIn?: boolean;
}

/**
 * Compiles the bundle into a binary, and checks what was embedded.
 *
 * @throws {Error} When it fails for another reason than a runtime that cannot be had, or the binary is not right.
 */
export async function compile({ target, bundle, output, isStandIn = false }: CompileOptions): Promise<Compiled> {
  const isWindows = Deno.build.os === "windows";
  const path = output ?? join(ROOT, "dist", target ? binaryName(target) : isWindows ? "civikit.exe" : "civikit");
  const { success, text } = await run(Deno.execPath(), [
    ...["compile", "--no-config", "--no-lock", "--no-check", "--no-prompt", heapOption, ...everyRight],
    ...(target ? ["--target", target] : []),
    ...["--include", bundle, "--output", path, join(bundle, bundleEntry)],
  ]);
  if (!success && /denort|dl\.deno\.land/.test(text)) return { path: undefined, isStarted: false };
  if (!success) throw new Error(`Compile "${path}": failed\n${text}`);
  await checkEmbedded(path, bundle);
  const isStarted = !isStandIn && (target === undefined || target === Deno.build.target);
  if (isStarted) await start(path, []);
  return { path, isStarted };
}

async function main(args: readonly string[]): Promise<void> {
  const [flag, wanted] = args;
  const known = targets.filter((target) => wanted === "all" || target === wanted);
  if (flag !== undefined && (flag !== "--target" || known.length === 0)) {
    throw new Error(`${args.join(" ")}: --target and all or one of ${targets.join(", ")} is due`);
  }
  const { entry, bytes } = await bundleCommand();
  await start(Deno.execPath(), ["run", "--quiet", "--no-config", "--no-lock", heapOption, ...everyRight, entry]);
  console.log(`compile: bundled (${(bytes / 1e6).toFixed(1)} MB) and started ${entry}`);
  for (const target of flag === undefined ? [undefined] : known) {
    const { path, isStarted } = await compile({ bundle: dirname(entry), ...(target && { target }) });
    const skipped =
      `skipped the binary${target ? ` for ${target}` : ""}, because Deno's runtime part (denort) cannot be ` +
      "fetched from dl.deno.land here. Set DENORT_BIN to use one from disk.";
    const made = `${path}, ${isStarted ? "started" : "not started: it is for another system"}`;
    console.log(`compile: ${path === undefined ? skipped : made}`);
  }
}

if (import.meta.main) await main(Deno.args);
