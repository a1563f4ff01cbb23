/**
 * Downloads that take turns, in reversed order every other round: every contestant is a whole process and writes the same
 * file into the same folder, from the same origin, each time with nothing of the one before left to be written.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { lateLoading } from "../../tools/bundle.ts";
import { heapOption } from "../../cli/terminal/deno_flags.ts";
import { registryFlags } from "../../tools/registry.ts";
import { isInstalled, median, root, type Row, run, say, script, type Words } from "./_bench.ts";
import { calibrate, judge, pairedRatio, plus, ratioText, spend, type Spent } from "./_meter.ts";

/** What a contestant has to fetch, and where to. */
export interface Task {
  readonly url: string;
  readonly path: string;
  readonly sha256: string;
  readonly connections: number;
  /** The certificate of the authority that signed the origin's, where that is one of ours. */
  readonly caFile?: string | undefined;
}

/** One way to fetch a file. */
export interface Contestant {
  readonly name: string;
  /** What it makes sure of, in a few words. */
  readonly verifies: string;
  /** Programs it needs. */
  readonly needs: readonly string[];
  /** Whether its file is on the disk when it ends. */
  readonly syncs?: boolean;
  /** The processes to run, one after the other. */
  commands(task: Task): Promise<Words[]>;
}

/** With what the command is installed with beside its rights. */
const asInstalled = ([deno, run, ...rest]: Words): Words => [deno, run!, heapOption, ...rest];

/** The whole stack with `download()`. */
export const civikit: Contestant = {
  name: "civikit",
  verifies: "SHA-256 of the whole file while it comes, CRC-32 journal, fsync before the rename",
  needs: [],
  syncs: true,
  commands: async ({ url, path, sha256, connections, caFile = "" }) => [
    asInstalled(await script("_civikit_download.ts", url, path, sha256, String(connections), caFile)),
  ],
};

/** aria2 as it is mostly used; `args` are the row's own. */
export function aria2(...args: string[]): Contestant {
  return aria2With(["aria2", ...args].join(" "), "nothing", () => args);
}

/** aria2 that reads the file once more and compares its hash: the same work as ours. */
export function aria2Verified(...args: string[]): Contestant {
  const verifies = "SHA-256 of the whole file, afterwards";
  return aria2With("aria2 --checksum", verifies, ({ sha256 }) => [`--checksum=sha-256=${sha256}`, ...args]);
}

function aria2With(name: string, verifies: string, more: (task: Task) => readonly string[]): Contestant {
  return {
    name,
    verifies,
    needs: ["aria2c"],
    commands(task) {
      const { url, path, connections, caFile } = task;
      const at = path.lastIndexOf("/");
      const many = [`-x${connections}`, `-s${connections}`, "--file-allocation=none", ...more(task)];
      const quiet = ["--no-conf", "--quiet", "--allow-overwrite=true"];
      const trust = caFile ? [`--ca-certificate=${caFile}`] : [];
      const where = ["-d", path.slice(0, at), "-o", path.slice(at + 1)];
      return Promise.resolve([["aria2c", ...quiet, ...many, ...trust, ...where, url]]);
    },
  };
}

/** curl and then openssl: one connection, and the hash after the last byte. */
export const curlAndHash: Contestant = {
  name: "curl+openssl",
  verifies: "SHA-256 of the whole file, afterwards",
  needs: ["curl", "openssl"],
  commands({ url, path, caFile }) {
    const trust = caFile ? ["--cacert", caFile] : [];
    return Promise.resolve([["curl", "-sSf", ...trust, "-o", path, url], ["openssl", "dgst", "-sha256", path]]);
  },
};

/** The lower bound in the same runtime. */
export const bareLoop: Contestant = {
  name: "bare loop",
  verifies: "nothing",
  needs: [],
  commands: async ({ url, path, caFile = "" }) => [await script("_bare_loop.ts", url, path, caFile)],
};

/** The lower bound of a download that knows what it has. */
export const bareLoopAndHash: Contestant = {
  name: "bare loop+hash",
  verifies: "SHA-256 of the whole file, by a worker that follows",
  needs: [],
  commands: async ({ url, path, sha256, caFile = "" }) => [await script("_bare_loop.ts", url, path, caFile, sha256)],
};

/** The lower bound of a download that promises what ours does of the bytes on the disk. */
export const bareLoopAndLook: Contestant = {
  ...bareLoopAndHash,
  name: "bare loop+hash+look",
  verifies: "the same, and CRC-32 of what came against what lies there in the end",
  commands: async ({ url, path, sha256, caFile = "" }) => [
    await script("_bare_loop.ts", url, path, caFile, sha256, "look"),
  ],
};

/** The whole stack, bundled into one file in `folder`, as container and binary run it. */
export async function civikitBundled(folder: string): Promise<Contestant> {
  const path = `${folder}/civikit_download.js`;
  const source = `${root}tests/bench/_civikit_download.ts`;
  await run([Deno.execPath(), "bundle", "--quiet", "--minify", ...await registryFlags(root), "-o", path, source]);
  await Deno.writeTextFile(path, lateLoading(await Deno.readTextFile(path), path));
  return {
    ...civikit,
    name: "civikit bundled",
    commands: ({ url, path: to, sha256, connections, caFile = "" }) => {
      const start: Words = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--no-config"];
      return Promise.resolve([asInstalled([...start, path, url, to, sha256, String(connections), caFile])]);
    },
  };
}

/** What was measured of one contestant, round by round. */
export interface Measured {
  /** Wall time in milliseconds, start of the process included. */
  readonly ms: number[];
  /** Processor time of its processes in milliseconds. */
  readonly cpuMs: number[];
  /** Time inside the process, where it tells. */
  readonly insideMs: number[];
  /** The most memory it held in bytes, where it tells. */
  readonly memoryBytes: number[];
  /** The memory it held when so many GiB were there, where it tells. */
  readonly memoryAt?: Record<string, number>[];
  /** Milliseconds of `dd` before and after all rounds. */
  readonly ddMs: (number | undefined)[];
}

/** What {@linkcode race} takes. */
export interface RaceOptions extends Pick<Task, "sha256" | "connections" | "caFile"> {
  readonly title: string;
  readonly contestants: readonly Contestant[];
  readonly folder: string;
  readonly runs: number;
  /** Whether a first round is not counted. Default true. */
  readonly warmUp?: boolean;
  /** Whether those that leave their file in the page cache are followed by `sync FILE`, and `dd` syncs. Default false. */
  readonly isSynced?: boolean;
  /**
   * So much is written into the folder and removed before each run. For folders in memory: a hypervisor backs a guest's memory
   * when it is first touched, and takes back what lies idle, which costs more than the download; so all find the same ground.
   */
  readonly groundBytes?: number;
  /** Starts what one run downloads from. */
  readonly origin: () => Promise<AsyncDisposable & { readonly url: string }>;
  /** Put before every command, such as what enters a namespace. */
  readonly prefix?: readonly string[];
}

/** Runs the contestants in turns; those that are not installed are left out, and named. */
export async function race(options: RaceOptions): Promise<Map<string, Measured>> {
  const { title, contestants, folder, runs, warmUp = true, isSynced } = options;
  say(`\n${title}`);
  const present = contestants.filter(({ name, needs }) => {
    const missing = needs.filter((program) => !isInstalled(program));
    if (missing.length > 0) say(`  ${name}: skipped, not installed: ${missing.join(", ")}`);
    return missing.length === 0;
  });
  const ddMs = [await calibrate(folder, isSynced)];
  const none = () => ({ ms: [], cpuMs: [], insideMs: [], memoryBytes: [], memoryAt: [], ddMs });
  const measured = new Map<string, Measured>(present.map(({ name }) => [name, none()]));
  for (let round = warmUp ? -1 : 0; round < runs; round++) {
    for (const contestant of round % 2 === 0 ? present : present.toReversed()) {
      const once = await runOnce(contestant, options, round < 0 || !warmUp);
      if (round < 0) continue;
      const { ms, cpuMs, insideMs, memoryBytes, memoryAt } = measured.get(contestant.name)!;
      ms.push(once.wallMs);
      if (once.cpuMs !== undefined) cpuMs.push(once.cpuMs);
      if (once.insideMs !== undefined) insideMs.push(once.insideMs);
      if (once.mostMemoryBytes !== undefined) memoryBytes.push(once.mostMemoryBytes);
      if (once.memoryAt !== undefined) memoryAt!.push(once.memoryAt);
    }
  }
  ddMs.push(await calibrate(folder, isSynced));
  const seconds = (value: number) => (value / 1000).toFixed(2);
  for (const { name, verifies } of present) {
    const { ms, cpuMs, insideMs } = measured.get(name)!;
    const spread = `${seconds(Math.min(...ms))} to ${seconds(Math.max(...ms))}`;
    const cpu = cpuMs.length === 0 ? "" : `, CPU ${seconds(median(cpuMs))} s`;
    const inside = insideMs.length === 0 ? "" : `, ${seconds(median(insideMs))} s without starting the process`;
    say(`  ${name.padEnd(16)} ${seconds(median(ms)).padStart(6)} s (${spread})${cpu}${inside}; verifies: ${verifies}`);
  }
  say(`  dd of 256 MiB before and after: ${ddMs.map((ms) => ms === undefined ? "-" : `${seconds(ms)} s`).join(", ")}`);
  return measured;
}

interface Once extends Spent {
  insideMs?: number;
  mostMemoryBytes?: number;
  memoryAt?: Record<string, number>;
}

async function runOnce(contestant: Contestant, options: RaceOptions, check: boolean): Promise<Once> {
  const { folder, sha256, connections, caFile, isSynced, groundBytes, prefix = [] } = options;
  const path = `${folder}/${contestant.name.replaceAll(/\W/g, "_")}.bin`;
  await using origin = await options.origin();
  const commands = await contestant.commands({ url: origin.url, path, sha256, connections, caFile });
  if (isSynced && !contestant.syncs) commands.push(["sync", path]);
  await run(["sync"]);
  if (groundBytes !== undefined) await layGround(folder, groundBytes);
  try {
    let spent: Spent = { wallMs: 0, cpuMs: 0 };
    let said = "";
    for (const words of commands) {
      const once = await spend([...prefix, ...words] as unknown as Words);
      if (once.out.startsWith("{")) said = once.out;
      spent = plus(spent, once);
    }
    if (check && await hashFile(path) !== sha256) throw new Error(`${contestant.name}: the file is wrong`);
    return { ...(said === "" ? {} : JSON.parse(said)), ...spent };
  } finally {
    for (const end of ["", ".part", ".part.json", ".aria2"]) await Deno.remove(path + end).catch(() => {});
  }
}

async function layGround(folder: string, bytes: number): Promise<void> {
  if (!isInstalled("dd")) return;
  const path = `${folder}/ground.bin`;
  try {
    await run(["dd", "if=/dev/zero", `of=${path}`, "bs=1M", `count=${Math.ceil(bytes * 1.25 / 1024 ** 2)}`]);
  } finally {
    await Deno.remove(path).catch(() => {});
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

/** What a row asks of civikit beside another contestant. */
export interface Wanted {
  /** How many times as fast as the other one. */
  readonly least?: number;
  /** How many times the other one's processor time. */
  readonly mostCpu?: number;
  /** How many times the other one's wall time. */
  readonly most?: number;
  /** Wall and processor time beside the other one's, with nothing asked of them. */
  readonly isShown?: boolean;
  /** How many times as fast as the other one, with nothing asked. */
  readonly isThroughput?: boolean;
  /** Whose row it is, where not civikit's: what a bound would reach. */
  readonly own?: string;
}

/** One row for each thing asked of civikit, or `own`, beside `other`; none when one of them did not run. */
export function compare(
  name: string,
  what: string,
  measured: Map<string, Measured>,
  other: string,
  { least, most, mostCpu, isShown = false, isThroughput = false, own: whose = civikit.name }: Wanted,
): Row[] {
  const [own, peer] = [measured.get(whose), measured.get(other)];
  const who = whose === civikit.name ? "" : `${whose}: `;
  if (!own?.ms.length || !peer?.ms.length) return [];
  const seconds = (values: readonly number[]) => values.length === 0 ? undefined : median(values) / 1000;
  const spent = { wallS: seconds(own.ms), cpuS: seconds(own.cpuMs), ddS: own.ddMs.map((ms) => ms && ms / 1000) };
  const row = (
    kind: string,
    [upper, lower]: readonly (readonly number[])[],
    sign: string,
    bound?: { least: number } | { most: number },
  ): Row => {
    const ratio = pairedRatio(upper!, lower!);
    const target = bound === undefined ? "-" : `${sign} ${"least" in bound ? bound.least : bound.most}x`;
    return {
      ...{ name, what: `${what}, ${who}${kind} vs ${other}`, target, result: ratioText(ratio) },
      ...{ reached: bound && judge(ratio, bound), ...spent },
    };
  };
  return [
    ...(least === undefined ? [] : [row("throughput", [peer.ms, own.ms], ">=", { least })]),
    ...(isThroughput ? [row("throughput", [peer.ms, own.ms], "-")] : []),
    ...(most === undefined ? [] : [row("time", [own.ms, peer.ms], "<=", { most })]),
    ...(isShown ? [row("time", [own.ms, peer.ms], "-")] : []),
    ...(mostCpu === undefined && !isShown || own.cpuMs.length === 0 || peer.cpuMs.length === 0
      ? []
      : [row("CPU", [own.cpuMs, peer.cpuMs], "<=", mostCpu === undefined ? undefined : { most: mostCpu })]),
  ];
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
