/**
 * Starts `_victim.ts` as a process.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";

/** What a victim is told. */
export interface VictimOptions {
  readonly url: string;
  readonly path: string;
  /** The SHA-256 it is promised; none: nothing is promised. */
  readonly hash?: string;
  /** Connections (default 1). */
  readonly connections?: number;
  /** Further options of `download()`, as far as JSON can carry them. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** A command that starts it, such as `setpriv` with its arguments. */
  readonly through?: readonly string[];
}

/** What a victim says in the end. */
export interface Said {
  readonly code?: string;
  readonly message?: string;
  readonly bytes?: number;
  readonly verified?: boolean;
  readonly skipped?: boolean;
  readonly resumedBytes?: number;
  readonly digests?: Record<string, string>;
  readonly peakBytes?: number;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A victim at work. */
export async function startVictim(
  { url, path, hash = "", connections = 1, options = {}, through = [] }: VictimOptions,
): Promise<Deno.ChildProcess> {
  const [program, ...args] = [
    ...through,
    Deno.execPath(),
    ...["run", "-A", "--quiet", "--no-check", ...await registryFlags(root), `${root}tests/torture/_victim.ts`],
    ...[url, path, hash, String(connections), JSON.stringify(options)],
  ];
  return new Deno.Command(program!, { args, stdout: "piped", stderr: "piped" }).spawn();
}

/** What it said; undefined when it was killed before it said anything. */
export async function saidBy(victim: Deno.ChildProcess): Promise<Said | undefined> {
  const { stdout, stderr } = await victim.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (text(stderr) !== "") throw new Error(`the victim complains: ${text(stderr)}`);
  return text(stdout) === "" ? undefined : JSON.parse(text(stdout));
}

/** Starts a victim and waits for what it says. */
export async function runVictim(options: VictimOptions): Promise<Said> {
  const said = await saidBy(await startVictim(options));
  if (said === undefined) throw new Error("the victim said nothing");
  return said;
}
