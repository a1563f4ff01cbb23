import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Io, main } from "../../cli/mod.ts";
import { formatBytes, formatSpeed } from "../../transport/internal.ts";
import { registryFlags } from "../../tools/registry.ts";
import { type Civitai, startCivitai } from "../_civitai/mod.ts";
import { exists, flipBit, journalSpans, observer, type Seen, sha256OnDisk, sizeOf } from "./evidence.ts";
import { type Stage, stage } from "./stage.ts";

/** Settings of {@linkcode demo}. */
export interface DemoOptions {
  /** Size of the model, in MB of 1024 KB. Default 300, 16 to 8192. */
  megabytes?: number;
}

const MB = 1024 * 1024;
const root = fileURLToPath(new URL("../../", import.meta.url));
const version = 2100;
const fileId = 3100;
const fileName = "bigHarbour_v10.safetensors";
const mislabelled = 2060;
const mislabelledName = "mislabelled.safetensors";
const connectionBytesPerSecond = 16 * MB;
const pollMs = 5;
const showCursor = "\x1b[?25h";

/** What every act needs. */
interface Scene {
  readonly io: Io;
  readonly stage: Stage;
  readonly civitai: Civitai;
  /** What the servers saw since the last time someone asked. */
  readonly look: () => Seen;
  readonly folder: string;
  readonly target: string;
  readonly size: number;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Downloads a model through everything that goes wrong in practice, with the code of the `civikit` command, and checks
 * each claim against the servers' own logs and the file on disk.
 *
 * @returns 0 when everything happened and was proved, 1 when a claim failed, 130 after Ctrl-C.
 */
export async function demo(io: Io, { megabytes = 300 }: DemoOptions = {}): Promise<number> {
  const started = io.now();
  const tale = stage(io);
  const stop = new AbortController();
  const folder = await Deno.makeTempDir({ prefix: "civikit_demo_" });
  const forget = io.onInterrupt(() => stop.abort());
  try {
    await using civitai = await startCivitai({ bigBytes: megabytes * MB });
    const { size } = civitai.file(fileId).file.content;
    const target = join(folder, "models", fileName);
    const scene = { io, stage: tale, civitai, look: observer(civitai), folder, target, size, signal: stop.signal };
    await prologue(scene);
    for (const act of [firstRun, damage, secondRun, thirdRun, wrongHash]) {
      await act(scene);
      if (stop.signal.aborted || tale.broken.length > 0) break;
    }
  } finally {
    forget();
    await Deno.remove(folder, { recursive: true });
  }
  if (stop.signal.aborted) return 130;
  const { claims, broken, style } = tale;
  const seconds = ((io.now() - started) / 1000).toFixed(1);
  io.stdout(
    broken.length === 0
      ? `\n${style.good(`All ${claims} claims hold.`)} ${seconds} s, the folder is removed.\n`
      : `\n${style.bad("A claim does not hold:")} ${broken.join("; ")}\n`,
  );
  return broken.length === 0 ? 0 : 1;
}

async function prologue({ stage, civitai, size }: Scene): Promise<void> {
  stage.say(`civikit downloads one model of ${formatBytes(size)} while everything goes wrong that usually does.
The Civitai it talks to runs in this process, on 127.0.0.1: the API, the download route that signs links, and a
storage host that gives each connection ${formatSpeed(connectionBytesPerSecond)}. Nothing leaves this machine.`);
  const sha256 = await civitai.sha256(fileId);
  stage.say(`SHA-256 of the model, computed at the source: ${sha256}`);
}

const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;

/** The environment of the command: the embedded Civitai, and its key. */
function variables({ civitai, folder }: Scene): Record<string, string> {
  const homes = { XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder };
  return { CIVIKIT_BASE_URL: civitai.url, CIVITAI_API_KEY: "demo-key", CIVIKIT_LANG: "en", ...homes };
}

/** The command in this process. */
async function civikit(scene: Scene, ...args: readonly string[]): Promise<number> {
  const { io, folder, stage } = scene;
  const own = variables(scene);
  stage.command(`civikit ${args.join(" ")}`);
  return await main([...args, "--dir", join(folder, "models")], { ...io, env: (name) => own[name] ?? io.env(name) });
}

/** The command in a process of its own, with the least rights it needs. */
async function spawn(scene: Scene, ...args: readonly string[]): Promise<Deno.ChildProcess> {
  const { io, folder, stage } = scene;
  stage.command(`civikit ${args.join(" ")}`);
  const flags = await registryFlags(root);
  const output = io.isTerminal ? "inherit" : "piped";
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-P=strict", "--allow-net=127.0.0.1", `--allow-write=${folder}`, "--quiet", ...flags],
      ...[join(root, "cli", "main.ts"), ...args, "--dir", join(folder, "models")],
    ],
    cwd: folder,
    env: variables(scene),
    stdin: "null",
    stdout: "null",
    stderr: output,
  }).spawn();
}

async function relay(stream: ReadableStream<Uint8Array<ArrayBuffer>>, io: Io): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) io.stderr(text);
}

/** What the storage does to every download of the model. */
function trouble({ civitai, size }: Scene): void {
  civitai.faults.limitConnections(connectionBytesPerSecond);
  civitai.faults.killConnectionsEvery(3, Math.floor(size / 100));
}

async function firstRun(scene: Scene): Promise<void> {
  const { io, stage, civitai, look, target, size, signal } = scene;
  stage.act("Connections are reset, the signed link expires, and the process is killed");
  trouble(scene);
  civitai.faults.expireLinksAfterBytes(Math.floor(size * 0.35), 1);
  // what lies behind comes too slowly for a process to be done before it is killed, on the busiest machine
  const killAt = Math.floor(size * 0.6);
  civitai.storage.add({ kind: "rate", bytesPerSecond: 64 * 1024, from: killAt });

  const child = await spawn(scene, "download", String(version));
  const relayed = io.isTerminal ? undefined : relay(child.stderr, io);
  let ended: Deno.CommandStatus | undefined;
  child.status.then((status) => ended = status);
  let isKilled = false;
  const isFarEnough = () => {
    if (civitai.storage.sent() < killAt) return false;
    const spans = journalSpans(`${target}.part.json`);
    return spans.length > 1 && sizeOf(spans) > size / 4;
  };
  while (ended === undefined) {
    if (signal.aborted || isFarEnough()) {
      isKilled = true;
      child.kill("SIGKILL");
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  await child.status;
  await relayed;
  if (io.isTerminal) io.stderr(showCursor);
  if (signal.aborted) return;
  await civitai.storage.idle();

  const seen = look();
  const claimed = sizeOf(journalSpans(`${target}.part.json`));
  stage.check(isKilled, `kill -9 hit the process after the storage had sent ${formatBytes(seen.sentBytes)}`);
  stage.check(
    seen.resets > 0,
    `before that, the storage reset ${count(seen.resets, "connection")} in the middle of a body`,
  );
  stage.check(
    seen.refused > 0 && seen.links > 1,
    `the link expired: ${count(seen.refused, "refusal")} with 403, the API gave ${count(seen.links - 1, "new link")}`,
  );
  stage.check(
    !await exists(target) && await exists(`${target}.part`),
    `no ${fileName}, but a part file, whose journal vouches for ${formatBytes(claimed)}`,
  );
}

async function damage({ stage, target }: Scene): Promise<void> {
  stage.act("While nothing runs, the disk turns over one bit of what is there");
  const [smallest] = (journalSpans(`${target}.part.json`)).toSorted((a, b) => sizeOf([a]) - sizeOf([b]));
  const at = Math.floor((smallest!.start + smallest!.end) / 2);
  await flipBit(`${target}.part`, at);
  stage.say(`byte ${at} of the part file is wrong now`);
}

async function secondRun(scene: Scene): Promise<void> {
  const { stage, civitai, look, target, size } = scene;
  const spans = journalSpans(`${target}.part.json`);
  const claimed = sizeOf(spans);
  const lost = Math.min(...spans.map((span) => sizeOf([span])));
  stage.act("The same command again; connections are still reset");
  civitai.faults.heal();
  trouble(scene);
  const code = await civikit(scene, "download", String(version));
  await civitai.storage.idle();
  if (scene.signal.aborted) return;

  const { resets, askedBytes, sentBytes } = look();
  const kept = size - askedBytes;
  stage.check(code === 0, `exit code ${code}`);
  stage.check(resets > 0, `the storage reset ${count(resets, "more connection")} in the middle of a body`);
  stage.check(
    kept === claimed - lost,
    `${formatBytes(kept)} were kept; the ${formatBytes(lost)} around the bad bit failed their checksum and came again`,
  );
  stage.say(
    `        (${formatBytes(claimed)} were in the journal, and the storage sent ${formatBytes(sentBytes)} this time)`,
  );
  const wanted = await civitai.sha256(fileId);
  const got = await exists(target) ? await sha256OnDisk(target) : "no file";
  stage.check(got === wanted, `SHA-256 of ${fileName}: ${got}`);
  stage.check(
    !await exists(`${target}.part`) && !await exists(`${target}.part.json`),
    "the part file and the journal are gone",
  );
  const withKey = civitai.log.filter(({ headers }) => headers.get("authorization") === "Bearer demo-key").length;
  const leaked = civitai.storage.log.filter(({ headers }) => headers.has("authorization")).length;
  stage.check(
    withKey > 0 && leaked === 0,
    `the key went to the API ${
      count(withKey, "time")
    }, and with none of ${civitai.storage.log.length} requests to the storage`,
  );
}

async function thirdRun(scene: Scene): Promise<void> {
  const { stage, look } = scene;
  stage.act("And once more: what is finished is checked, not fetched");
  const code = await civikit(scene, "download", String(version));
  const { requests } = look();
  stage.check(code === 0 && requests === 0, `exit code ${code}, ${requests} requests to the storage`);
}

async function wrongHash(scene: Scene): Promise<void> {
  const { stage, civitai, folder } = scene;
  stage.act("A file that is not what the API promises never gets its name");
  civitai.faults.heal();
  const code = await civikit(scene, "download", String(mislabelled));
  const name = join(folder, "models", mislabelledName);
  stage.check(code === 7, `exit code ${code}: verification failed`);
  stage.check(
    !await exists(name) && await exists(`${name}.quarantine`),
    `no ${mislabelledName}; the bytes are kept as ${mislabelledName}.quarantine`,
  );
}
