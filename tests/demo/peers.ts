// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * What other downloaders do with the faults civikit is made for: the facts behind the README's comparison.
 *
 * ```sh
 * deno run -A $(deno run -A tools/registry.ts) tests/demo/peers.ts
 * ```
 *
 * Runs every tool it finds on this machine against `tests/_origin`, and prints a Markdown table.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registryFlags } from "../../tools/registry.ts";
import { type Fault, type Origin, sha256Of, startOrigin } from "../_origin/mod.ts";
import { exists, sha256OnDisk } from "./evidence.ts";

const MB = 1024 * 1024;
const size = 24 * MB;
const seed = 7;
const otherSeed = 9;
const root = fileURLToPath(new URL("../../", import.meta.url));
const retryInShell = `for i in 1 2 3 4 5; do curl -sSL -C - -o "$1" "$2" && exit 0; done; exit 1`;

/** A downloader: how its version is asked for, and how it is called. */
interface Peer {
  readonly name: string;
  readonly version: readonly string[];
  readonly call: (url: string, path: string, headers: readonly string[]) => readonly string[];
}

const curlHeaders = (headers: readonly string[]) => headers.flatMap((header) => ["-H", header]);

const peers: readonly Peer[] = [
  {
    name: "aria2c -x4 -s4",
    version: ["aria2c", "--version"],
    call: (url, path, headers) => [
      ...["aria2c", "-q", "-x4", "-s4", "-k1M", "--file-allocation=none", "-d", "/", "-o", path.slice(1)],
      ...[...headers.map((header) => `--header=${header}`), url],
    ],
  },
  {
    name: "curl -L",
    version: ["curl", "--version"],
    call: (url, path, headers) => ["curl", "-sSL", ...curlHeaders(headers), "-o", path, url],
  },
  {
    name: "curl -L -C -, again until it succeeds",
    version: ["curl", "--version"],
    call: (url, path, headers) =>
      headers.length > 0
        ? ["curl", "-sSL", "-C", "-", ...curlHeaders(headers), "-o", path, url]
        : ["bash", "-c", retryInShell, "curl", path, url],
  },
  {
    name: "wget -c",
    version: ["wget", "--version"],
    call: (url, path, headers) => [
      ...["wget", "-q", "-c", "--tries=5", "--waitretry=0", "-O", path],
      ...[...headers.map((header) => `--header=${header}`), url],
    ],
  },
  {
    name: "wget2 -c",
    version: ["wget2", "--version"],
    call: (url, path, headers) => [
      ...["wget2", "-q", "-c", "--tries=5", "--waitretry=0", "-O", path],
      ...[...headers.map((header) => `--header=${header}`), url],
    ],
  },
];

async function run(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; text: string }> {
  const [program, ...args] = command;
  const { code, stdout } = await new Deno.Command(program!, { args, cwd, env, stderr: "null" }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

/** `aria2 version 1.36.0`, or undefined where there is no such program. */
async function versionOf({ version }: Peer): Promise<string | undefined> {
  try {
    return /\d+\.\d+(\.\d+)?/.exec((await run(version, root)).text)?.[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function civikit(): Promise<Peer> {
  const start = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", ...await registryFlags(root)];
  const program = [...start, join(root, "cli", "main.ts")];
  const right = sha256Of(seed, size);
  return {
    name: "civikit --sha256",
    version: [...program, "--version"],
    call: (url, path) => [
      ...[...program, "download", url, "--sha256", right, "--quiet"],
      ...["--dir", join(path, ".."), "--output", path.split("/").at(-1)!],
    ],
  };
}

const broken: Fault = { kind: "cut", after: 6 * MB, how: "rst", times: 1 };

/** What happens, in the words of the table. */
const cases: Readonly<Record<string, readonly Fault[]>> = {
  "three resets in mid-body": [{ ...broken, times: 3 }],
  "replaced in mid-download, same size": [broken, { kind: "replace", seed: otherSeed, since: 2, times: 1 }],
  "a 206 with wrong bytes": [broken, { kind: "corrupt", at: 9 * MB, length: 4096, since: 2, times: 1 }],
};

async function judge(code: number, path: string): Promise<string> {
  if (!await exists(path)) return `no file, exit ${code}`;
  const hash = (await sha256OnDisk(path)).toLowerCase();
  const { size: length } = await Deno.stat(path);
  const isRight = hash === sha256Of(seed, size) || hash === sha256Of(otherSeed, size);
  return `${isRight ? "right file" : length < size ? "incomplete file" : "**wrong bytes**"}, exit ${code}`;
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "civikit_peers_" });
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function attempt(peer: Peer, origin: Origin, route: string): Promise<string> {
  return await inFolder(async (folder) => {
    const path = join(folder, "a.bin");
    const { code } = await run(peer.call(`${origin.url}${route}`, path, []), folder);
    return await judge(code, path);
  });
}

async function leaks(peer: Peer): Promise<string> {
  await using storage = await startOrigin({ files: { "/a.bin": { size: 1000, seed } } });
  await using origin = await startOrigin({ faults: [{ kind: "redirect", to: `${storage.url}/a.bin` }] });
  const own = { CIVIKIT_BASE_URL: origin.url, CIVITAI_API_KEY: "demo-key" }; // means nothing to the others
  await inFolder((folder) =>
    run(peer.call(`${origin.url}/a.bin`, join(folder, "a.bin"), ["Authorization: Bearer x"]), folder, own)
  );
  const saw = ({ log }: Origin) => log.some(({ headers }) => headers.has("authorization"));
  if (!saw(origin) || storage.log.length === 0) return "not shown";
  return saw(storage) ? "**sent along**" : "dropped";
}

if (import.meta.main) {
  const own = await civikit();
  console.log(
    `| | ${Object.keys(cases).join(" | ")} | link expires in mid-download | key at a redirect to another host |`,
  );
  console.log(`|${"---|".repeat(Object.keys(cases).length + 3)}`);
  for (const peer of [own, ...peers]) {
    const version = await versionOf(peer);
    if (version === undefined) continue;
    const cells: string[] = [];
    for (const faults of Object.values(cases)) {
      await using origin = await startOrigin({ files: { "/a.bin": { size, seed } }, faults });
      cells.push(await attempt(peer, origin, "/a.bin"));
    }
    const links = { "/link": { to: "/a.bin", bytes: 8 * MB, times: 1 } };
    await using origin = await startOrigin({ files: { "/a.bin": { size, seed } }, links });
    cells.push(await attempt(peer, origin, "/link"));
    cells.push(await leaks(peer));
    console.log(`| \`${peer.name}\` ${version} | ${cells.join(" | ")} |`);
  }
}
