// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * What other downloaders do with the faults civikit is made for: the facts behind the README's comparison.
 *
 * ```sh
 * deno run -A $(deno run -A tools/registry.ts) tests/demo/peers.ts
 * ```
 *
 * Puts every tool it finds on this machine through `checkClient()`, and prints a Markdown table.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fillIn } from "../../cli/run/sandbox/check_command.ts";
import { sandboxText } from "../../cli/texts/sandbox.ts";
import { checkClient, type TrialResult, type Verdict } from "../../testing/mod.ts";
import { registryFlags } from "../../tools/registry.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A downloader: how its version is asked for, and how it is called, with the places of `civikit sandbox check`. */
interface Peer {
  readonly name: string;
  readonly version: readonly string[];
  readonly command: readonly string[];
}

const again = 'for i in 1 2 3 4 5; do curl -sSfL -C - -H "$3" -o "$1" "$2" && exit 0; done; exit 1';

const aria2 = [
  ...["aria2c", "-q", "-x4", "-s4", "-k1M", "--file-allocation=none", "--auto-file-renaming=false"],
  ...["--header={header}", "-d", "/", "-o", "{out}", "{url}"],
];

const peers: readonly Peer[] = [
  { name: "aria2c -x4 -s4", version: ["aria2c", "--version"], command: aria2 },
  {
    name: "aria2c --checksum",
    version: ["aria2c", "--version"],
    command: [...aria2, "--checksum=sha-256={sha256}"],
  },
  {
    name: "curl -fL",
    version: ["curl", "--version"],
    command: ["curl", "-sSfL", "-H", "{header}", "-o", "{out}", "{url}"],
  },
  {
    name: "curl -fL -C -, five times",
    version: ["curl", "--version"],
    command: ["bash", "-c", again, "curl", "{out}", "{url}", "{header}"],
  },
  {
    name: "wget -c",
    version: ["wget", "--version"],
    command: ["wget", "-q", "-c", "--tries=5", "--waitretry=1", "--header={header}", "-O", "{out}", "{url}"],
  },
  {
    name: "wget2 -c",
    version: ["wget2", "--version"],
    command: ["wget2", "-q", "-c", "--tries=5", "--waitretry=1", "--header={header}", "-O", "{out}", "{url}"],
  },
  {
    name: "axel -n 4",
    version: ["axel", "--version"],
    command: ["axel", "-q", "-n", "4", "-H", "{header}", "-o", "{out}", "{url}"],
  },
];

/** `1.36.0`, or undefined where there is no such program. */
async function versionOf([program, ...args]: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(program!, { args, stderr: "null" }).output();
    return /\d+\.\d+(\.\d+)?/.exec(new TextDecoder().decode(stdout))?.[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function civikit(): Promise<Peer> {
  const start = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", ...await registryFlags(root)];
  const program = [...start, join(root, "cli", "main.ts")];
  return {
    name: "civikit --sha256",
    version: [...program, "--version"],
    command: [
      ...[...program, "download", "{url}", "--sha256", "{sha256}", "--quiet", "--no-monitor"],
      ...["--dir", "{dir}", "--output", "{name}"],
    ],
  };
}

/** Every trial of one tool; each run is a process, killed when it is to stop. */
async function resultsOf({ command }: Peer): Promise<TrialResult[]> {
  const directory = await Deno.makeTempDir({ prefix: "civikit_peers_" });
  // aria2 takes a name below a folder, civikit a folder and a name; a key goes to civikit as everywhere: by a variable
  const filled = command.map((word) => word.replace("{dir}", "{out}/..").replace("{name}", "model.bin"));
  try {
    return await Array.fromAsync(checkClient(async (task) => {
      const [program = "", ...args] = fillIn(filled, task);
      const [key] = Object.values(task.headers);
      const child = new Deno.Command(program, {
        args: args.map((arg) => arg.replace(/^\/(?=.*model\.bin$)/, program === "aria2c" ? "" : "/")),
        cwd: dirname(task.path),
        env: key ? { CIVIKIT_BASE_URL: new URL(task.url).origin, CIVITAI_API_KEY: key.split(" ")[1]! } : {},
        ...{ stdin: "null", stdout: "null", stderr: "null", detached: true },
      }).spawn();
      // with what it started
      task.signal.addEventListener("abort", () => Deno.kill(-child.pid, "SIGKILL"), { once: true });
      return (await child.status).code;
    }, { directory, sendsHeaders: true }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const shown: Readonly<Record<Verdict, string>> = {
  right: "right file",
  refused: "honest error",
  left_broken: "**broken file left**",
  wrong: "**wrong, says ok**",
  leaked: "**key sent along**",
  endless: "**no end**",
};

if (import.meta.main) {
  const rows = new Map<string, string[]>();
  const heads: string[] = [];
  for (const peer of [await civikit(), ...peers]) {
    const version = await versionOf(peer.version);
    if (version === undefined) continue;
    heads.push(`\`${peer.name}\` ${version}`);
    for (const { trial, verdict, isGood } of await resultsOf(peer)) {
      const cells = rows.get(trial.name) ?? [];
      cells.push(isGood ? shown[verdict] : shown[verdict].replace(/^(?!\*)(.*)$/, "**$1**"));
      rows.set(trial.name, cells);
    }
  }
  console.log(`| | ${heads.join(" | ")} |`);
  console.log(`|${"---|".repeat(heads.length + 1)}`);
  for (const [name, cells] of rows) console.log(`| ${sandboxText.en.trials[name]} | ${cells.join(" | ")} |`);
}
