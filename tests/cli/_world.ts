import { join } from "node:path";
import { main } from "../../cli/mod.ts";
import { type Civitai, startCivitai } from "../_civitai/mod.ts";
import { type TestIo, testIo, type TestIoOptions } from "./_io.ts";

/** A run of the command. */
export interface Ran {
  readonly code: number;
  readonly io: TestIo;
}

/** A Civitai, a folder, and the command run in this very process. */
export interface World {
  readonly civitai: Civitai;
  /** An empty folder. */
  readonly folder: string;
  /** Runs `civikit`. */
  run(args: readonly string[], options?: TestIoOptions): Promise<Ran>;
}

/** Calls `work` with a {@linkcode World} of its own. */
export async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  await using civitai = await startCivitai({ bigBytes: 4 * 1024 ** 2, loraBytes: 64 * 1024 });
  const outer = await Deno.makeTempDir();
  const folder = join(outer, "work");
  Deno.mkdirSync(folder);
  try {
    await work({
      civitai,
      folder,
      async run(args, { env = {}, ...options } = {}) {
        const place = { CIVIKIT_BASE_URL: civitai.url, XDG_CONFIG_HOME: outer, XDG_CACHE_HOME: join(outer, "cache") };
        const io = testIo({ ...options, env: { ...place, ...env } });
        return { code: await main(args, io), io };
      },
    });
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
}

/** The lines of `--json`. */
export function events({ out }: TestIo): Record<string, unknown>[] {
  return out.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** SHA-256 of a file, upper case. */
export async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(digest).toHex().toUpperCase();
}

/** Every file below `folder` but hidden ones, as paths below it, in order. */
export function tree(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(join(folder, below))].filter(({ name }) => !name.startsWith(".")).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory ? tree(folder, path) : [path];
  }).sort();
}
