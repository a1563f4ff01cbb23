import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "../../../transport/mod.ts";
import { everyRight, heapOption } from "../../terminal/deno_flags.ts";

/** How a civikit came to this machine. */
export type ProgramKind = "checkout" | "package" | "bundle" | "binary";

/** How the civikit that runs is started again. */
export interface Program {
  /** How it came here. */
  readonly kind: ProgramKind;
  /** The program and its first arguments; the command follows. */
  readonly words: readonly string[];
  /** Files it is made of that have to be readable: the program, and what it runs. */
  readonly files: readonly string[];
}

/** What a {@linkcode Program} is told by. */
export interface ProgramFacts {
  /** The URL of the module that was started. */
  readonly main: string;
  /** The program that runs it. */
  readonly execPath: string;
  /** Whether the program is a binary of its own. */
  readonly isStandalone: boolean;
  /** What a name of deno.json leads to. */
  readonly resolve: (specifier: string) => string;
}

/** What a service needs of Deno: files, the network, the environment, and how much memory and disk there is; no programs. */
const flags = [heapOption, ...everyRight];

/** The folder of a checkout around `path`, the module that was started. */
function checkoutOf(path: string): string | undefined {
  const folder = dirname(dirname(path));
  return /[\\/](?:cli[\\/]main|tools[\\/]civikit)\.ts$/.test(path) && existsSync(join(folder, "deno.json"))
    ? folder
    : undefined;
}

/** How the civikit that `facts` tell of is started. */
export function programOf({ main, execPath, isStandalone, resolve }: ProgramFacts): Program {
  if (isStandalone) return { kind: "binary", words: [execPath], files: [execPath] };
  const run = [execPath, "run", "--quiet", "--no-prompt"];
  if (!main.startsWith("file:")) {
    const words = [...run, "--no-config", ...flags, `jsr:@civikit/civikit@${version}/cli`];
    return { kind: "package", words, files: [execPath] };
  }
  const path = fileURLToPath(main);
  const folder = checkoutOf(path);
  if (folder === undefined) {
    return { kind: "bundle", words: [...run, "--no-config", ...flags, path], files: [execPath, path] };
  }
  const [config, map, entry] = ["deno.json", "tools/npm_only/import_map.json", "cli/main.ts"]
    .map((name) => join(folder, name)) as [string, string, string];
  // started with the map, it has to be started with it again
  const maps = resolve("@std/cli/unicode-width").startsWith("file:") ? [`--import-map=${map}`] : [];
  return {
    kind: "checkout",
    words: [...run, `--config=${config}`, ...maps, ...flags, entry],
    files: [execPath, entry],
  };
}

/** How the civikit that runs was started. */
export function thisProgram(): Program {
  return programOf({
    main: Deno.mainModule,
    execPath: Deno.execPath(),
    isStandalone: Deno.build.standalone,
    resolve: (specifier) => import.meta.resolve(specifier),
  });
}
