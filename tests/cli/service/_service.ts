import { assert } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../../tools/registry.ts";

/** The checkout. */
export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Rights the documents name for everything. */
export const allRights: readonly string[] = [
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-sys",
];

/** The command as a process of its own. */
export async function civikit(
  args: readonly string[],
  env: Record<string, string>,
  rights: readonly string[] = allRights,
): Promise<Deno.Command> {
  const flags = await registryFlags(root);
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-check", `--config=${join(root, "deno.json")}`],
      ...[...flags, ...rights, join(root, "cli", "main.ts"), ...args],
    ],
    env: { NO_COLOR: "1", CIVIKIT_LANG: "en", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs it to its end. */
export async function ran(
  args: readonly string[],
  env: Record<string, string>,
  rights?: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await (await civikit(args, env, rights)).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** A `civikit serve` that runs. */
export interface Served extends AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  /** Its process. */
  readonly pid: number;
}

/** Starts `civikit serve` on a free port; it is ended when it is disposed of. */
export async function serve(env: Record<string, string>, args: readonly string[] = []): Promise<Served> {
  const child = (await civikit(["serve", "--port", "0", ...args], env)).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line = "" } = await reader.read();
  const [, port] = /:(\d+)\/\n$/.exec(line) ?? [];
  assert(port !== undefined, `${line}${line === "" ? await new Response(child.stderr).text() : ""}`);
  return {
    port: Number(port),
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
      await child.stderr.cancel();
    },
  };
}

/** A home of its own, and the environment that makes it one. */
export async function withHome(work: (home: string, env: Record<string, string>) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await work(home, {
      HOME: home,
      USER: "someone",
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_CACHE_HOME: join(home, "cache"),
      CIVIKIT_STATE_DIR: join(home, "state"),
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}
