/**
 * Downloads that take turns: every contestant is a whole process and writes the same file into the same folder, from the
 * same origin, each time with nothing of the one before left to be written.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { isInstalled, median, root, run, say, script, type Words } from "./_bench.ts";

/** What a contestant has to fetch, and where to. */
export interface Task {
  readonly url: string;
  readonly path: string;
  readonly sha256: string;
  readonly connections: number;
}

/** One way to fetch a file. */
export interface Contestant {
  readonly name: string;
  /** What it makes sure of, in a few words. */
  readonly verifies: string;
  /** Programs it needs. */
  readonly needs: readonly string[];
  /** The processes to run, one after the other. */
  commands(task: Task): Promise<Words[]>;
}

/** The whole stack with `download()`. */
export const civikit: Contestant = {
  name: "civikit",
  verifies: "SHA-256 of the whole file while it comes, CRC-32 journal, fsync before the rename",
  needs: [],
  commands: async ({ url, path, sha256, connections }) => [
    await script("_civikit_download.ts", url, path, sha256, String(connections)),
  ],
};

/** aria2 as it is mostly used; `args` are the row's own. */
export function aria2(...args: string[]): Contestant {
  return {
    name: ["aria2", ...args].join(" "),
    verifies: "nothing",
    needs: ["aria2c"],
    commands: ({ url, path, connections }) => {
      const at = path.lastIndexOf("/");
      const many = [`-x${connections}`, `-s${connections}`, "--file-allocation=none", ...args];
      const quiet = ["--no-conf", "--quiet", "--allow-overwrite=true"];
      return Promise.resolve([["aria2c", ...quiet, ...many, "-d", path.slice(0, at), "-o", path.slice(at + 1), url]]);
    },
  };
}

/** curl and then openssl: one connection, and the hash after the last byte. */
export const curlAndHash: Contestant = {
  name: "curl+openssl",
  verifies: "SHA-256 of the whole file, afterwards",
  needs: ["curl", "openssl"],
  commands: ({ url, path }) =>
    Promise.resolve([["curl", "-sSf", "-o", path, url], ["openssl", "dgst", "-sha256", path]]),
};

/** The lower bound in the same runtime. */
export const bareLoop: Contestant = {
  name: "bare loop",
  verifies: "nothing",
  needs: [],
  commands: async ({ url, path }) => [await script("_bare_loop.ts", url, path)],
};

/** What was measured of one contestant. */
export interface Measured {
  /** Wall time of each run in milliseconds, start of the process included. */
  readonly ms: number[];
  /** Time inside the process, where it tells. */
  readonly insideMs: number[];
  /** The most memory a run held in bytes, where it tells. */
  readonly memoryBytes: number[];
}

/** What {@linkcode race} takes. */
export interface RaceOptions {
  readonly title: string;
  readonly contestants: readonly Contestant[];
  readonly folder: string;
  readonly sha256: string;
  readonly connections: number;
  readonly runs: number;
  /** Whether a first round is not counted. Default true. */
  readonly warmUp?: boolean;
  /** Starts what one run downloads from. */
  readonly origin: () => Promise<AsyncDisposable & { readonly url: string }>;
  /** Put before every command, such as what enters a namespace. */
  readonly prefix?: readonly string[];
}

/** Runs the contestants in turns; those that are not installed are left out, and named. */
export async function race(options: RaceOptions): Promise<Map<string, Measured>> {
  const { title, contestants, runs, warmUp = true } = options;
  say(`\n${title}`);
  const present = contestants.filter(({ name, needs }) => {
    const missing = needs.filter((program) => !isInstalled(program));
    if (missing.length > 0) say(`  ${name}: skipped, not installed: ${missing.join(", ")}`);
    return missing.length === 0;
  });
  const measured = new Map<string, Measured>();
  for (const { name } of present) measured.set(name, { ms: [], insideMs: [], memoryBytes: [] });
  for (let round = warmUp ? -1 : 0; round < runs; round++) {
    for (const contestant of present) {
      const once = await runOnce(contestant, options, round < 0 || !warmUp);
      if (round < 0) continue;
      const { ms, insideMs, memoryBytes } = measured.get(contestant.name)!;
      ms.push(once.ms);
      if (once.insideMs !== undefined) insideMs.push(once.insideMs);
      if (once.mostMemoryBytes !== undefined) memoryBytes.push(once.mostMemoryBytes);
    }
  }
  for (const { name, verifies } of present) {
    const { ms, insideMs } = measured.get(name)!;
    const seconds = (value: number) => (value / 1000).toFixed(2);
    const spread = `${seconds(Math.min(...ms))} to ${seconds(Math.max(...ms))}`;
    const inside = insideMs.length === 0 ? "" : `, ${seconds(median(insideMs))} s without starting the process`;
    say(`  ${name.padEnd(13)} ${seconds(median(ms)).padStart(6)} s (${spread})${inside}; verifies: ${verifies}`);
  }
  return measured;
}

interface Once {
  ms: number;
  insideMs?: number;
  mostMemoryBytes?: number;
}

async function runOnce(contestant: Contestant, options: RaceOptions, check: boolean): Promise<Once> {
  const { folder, sha256, connections, prefix = [] } = options;
  const path = `${folder}/${contestant.name.replaceAll(/\W/g, "_")}.bin`;
  await using origin = await options.origin();
  const commands = await contestant.commands({ url: origin.url, path, sha256, connections });
  await run(["sync"]);
  try {
    const started = performance.now();
    let said = "";
    for (const words of commands) said = await run([...prefix, ...words] as unknown as Words);
    const ms = performance.now() - started;
    if (check && await hashFile(path) !== sha256) throw new Error(`${contestant.name}: the file is wrong`);
    return { ms, ...(said.startsWith("{") ? JSON.parse(said) : {}) };
  } finally {
    for (const end of ["", ".part", ".part.json", ".aria2"]) await Deno.remove(path + end).catch(() => {});
  }
}

/** SHA-256 of a file in lower-case hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1024 ** 2);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

/** Times of `one` relative to `other`: 2 means twice the throughput. Undefined when one did not run. */
export function speedUp(measured: Map<string, Measured>, one: string, other: string): number | undefined {
  const [fast, slow] = [measured.get(one)?.ms, measured.get(other)?.ms];
  return fast?.length && slow?.length ? median(slow) / median(fast) : undefined;
}

/** The misbehaving origin in a process of its own, serving `/bench.bin`. */
export async function startOriginProcess(
  options: { readonly files: unknown; readonly faults: unknown },
): Promise<AsyncDisposable & { readonly url: string }> {
  const [program, ...args] = await script("_origin_process.ts", JSON.stringify(options));
  const process = new Deno.Command(program, { args, cwd: root, stdin: "piped", stdout: "piped" }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: `${value.trim()}/bench.bin`,
    async [Symbol.asyncDispose]() {
      await process.stdin.close();
      await reader.cancel();
      await process.status;
    },
  };
}
