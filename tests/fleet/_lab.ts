/**
 * A fleet on one machine: Redis, a bucket, an origin that limits every connection, and workers in processes of their own,
 * which may be killed. @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath as fromFileUrl } from "node:url";
import { type BullQueue, bullQueue, openRedis } from "../../fleet/mod.ts";
import { contentAt, embeddedS3, type EmbeddedS3Server } from "../../testing/mod.ts";
import { registryFlags } from "../../tools/registry.ts";
import { type RedisServer, startRedis } from "../_support/redis.ts";

/** What a lab is made of. */
export interface LabOptions {
  /** Files there are. */
  readonly files: number;
  /** Size of each, in bytes. */
  readonly bytes: number;
  /** What a connection gets, in bytes a second. Default: all it can take. */
  readonly bytesPerSecond?: number;
  /** Whether files go into a bucket. Default true. */
  readonly isKept?: boolean;
  /** Further options of Redis' command line. */
  readonly redisOptions?: readonly string[];
}

/** A request that reached the origin. */
export interface Asked {
  readonly at: number;
  readonly index: number;
  sentBytes: number;
}

/** A running lab. */
export interface Lab extends AsyncDisposable {
  readonly redis: RedisServer;
  readonly s3: EmbeddedS3Server;
  readonly queue: BullQueue;
  readonly asked: readonly Asked[];
  /** SHA-256 of each file. */
  readonly hashes: readonly string[];
  /** Puts all files into the queue. */
  addAll(): Promise<void>;
  /** Starts the worker of a machine, with further settings and options. */
  start(machine: string, env?: Readonly<Record<string, string>>, ...args: string[]): Promise<Worker>;
  /** Everything that lies on the machines, but what their settings, caches and state are. */
  lying(): string[];
  /** Waits until as many jobs are over. */
  over(jobs: number): Promise<void>;
}

/** A worker in a process of its own. */
export interface Worker {
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** What it said on its error output, once it has ended. */
  readonly ended: Promise<string>;
}

const stepMs = 20;

function bodyOf(index: number, from: number, to: number, rate: number, note: (bytes: number) => void): ReadableStream {
  let at = from;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const step = rate === Infinity ? 1 << 20 : Math.max(1, Math.floor(rate * stepMs / 1000));
  return new ReadableStream({
    async pull(controller) {
      if (rate !== Infinity) await new Promise((resolve) => timer = setTimeout(resolve, stepMs));
      const end = Math.min(to, at + step);
      controller.enqueue(contentAt(index + 1, at, end - at));
      note(end - at);
      at = end;
      if (at >= to) controller.close();
    },
    cancel: () => clearTimeout(timer),
  });
}

/** Starts one. */
export async function startLab(
  { files, bytes, bytesPerSecond = Infinity, isKept = true, redisOptions = [] }: LabOptions,
): Promise<Lab> {
  const things = new AsyncDisposableStack();
  const redis = things.use(await startRedis(redisOptions));
  const s3 = things.use(embeddedS3().listen());
  const folder = await Deno.makeTempDir();
  things.defer(() => Deno.remove(folder, { recursive: true }));
  const asked: Asked[] = [];
  const origin = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const index = Number(/^\/(\d+)\.bin$/.exec(new URL(request.url).pathname)?.[1]);
    if (!(index < files)) return new Response("no such file", { status: 404 });
    const one: Asked = { at: performance.now(), index, sentBytes: 0 };
    asked.push(one);
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
    const from = Number(first ?? 0);
    const to = last ? Math.min(bytes, Number(last) + 1) : bytes;
    return new Response(bodyOf(index, from, to, bytesPerSecond, (sent) => one.sentBytes += sent), {
      status: first === undefined ? 200 : 206,
      headers: {
        "content-length": String(to - from),
        "content-type": "application/octet-stream",
        "accept-ranges": "bytes",
        etag: `"file-${index}"`,
        ...(first !== undefined && { "content-range": `bytes ${from}-${to - 1}/${bytes}` }),
      },
    });
  });
  things.defer(() => origin.shutdown());
  const url = `http://127.0.0.1:${origin.addr.port}`;
  const store = "s3://models/lab";
  const client = things.adopt(await openRedis(redis.url), (one) => one.disconnect());
  const queue = things.use(
    await bullQueue({ redis: client, site: { baseUrl: url }, ...(isKept && { store }) }),
  );
  const hashes = Array.from(
    { length: files },
    (_, index) => createHash("sha256").update(contentAt(index + 1, 0, bytes)).digest("hex"),
  );
  const flags = await registryFlags();
  const main = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  const running = new Set<Worker>();
  things.defer(() => Promise.all([...running].map((one) => one.kill())).then(() => {}));
  return {
    ...{ redis, s3, queue, asked, hashes },
    async addAll() {
      await queue.add(hashes.map((sha256, index) => ({ reference: `${url}/${index}.bin`, options: { sha256 } })));
    },
    async start(machine, env = {}, ...args) {
      const process = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", `--config=${config}`, ...flags, main, "fleet", "worker", "--json", ...args],
        env: {
          CIVIKIT_STATE_DIR: join(folder, machine, "state"),
          XDG_CONFIG_HOME: join(folder, machine, "config"),
          XDG_CACHE_HOME: join(folder, machine, "cache"),
          CIVIKIT_DOWNLOAD_DIRECTORY: join(folder, machine, "files"),
          CIVIKIT_FLEET_REDIS: redis.url,
          CIVIKIT_BASE_URL: url,
          CIVIKIT_RETRY_DELAY: "0.1",
          ...(isKept && {
            CIVIKIT_FLEET_STORE: store,
            CIVIKIT_S3_ENDPOINT: s3.url,
            AWS_ACCESS_KEY_ID: s3.user.accessKeyId,
            AWS_SECRET_ACCESS_KEY: s3.user.secretAccessKey,
          }),
          ...env,
        },
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const ended = new Response(process.stderr).text();
      const worker: Worker = {
        ended,
        async kill() {
          running.delete(worker);
          try {
            process.kill("SIGKILL");
          } catch {
            // it has ended by itself
          }
          await process.status;
          await ended;
        },
      };
      running.add(worker);
      return await Promise.resolve(worker);
    },
    lying() {
      const below = (path: string): string[] =>
        [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
          isDirectory ? below(join(path, name)) : [join(path, name)]
        );
      return below(folder).filter((path) => path.slice(folder.length).split("/")[2] === "files");
    },
    async over(jobs) {
      const isOver = async () => {
        const { done, failed, cancelled } = await queue.counts();
        return done + failed + cancelled >= jobs;
      };
      while (!await isOver()) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    [Symbol.asyncDispose]: () => things.disposeAsync(),
  };
}

/** What a run with deaths came to. */
export interface LabVerdict {
  /** Jobs by state that are not done. */
  readonly notDone: Readonly<Record<string, number>>;
  /** Files in the bucket that are what they are to be. */
  readonly right: number;
  /** Objects in the bucket. */
  readonly objects: number;
  /** Bytes the origin sent more than the files have. */
  readonly wastedBytes: number;
  /** Bytes the bucket was sent more than the files have. */
  readonly sentTwiceBytes: number;
}

/** Looks at everything once it is over. */
export async function verdictOf({ queue, s3, hashes, asked }: Lab, bytes: number): Promise<LabVerdict> {
  const counts = Object.entries(await queue.counts()).filter(([state, jobs]) => state !== "done" && jobs > 0);
  const objects = s3.objects();
  let right = 0;
  for (const sha256 of hashes) {
    const object = objects.get(`lab/sha256/${sha256.slice(0, 2)}/${sha256}`);
    if (object && createHash("sha256").update(object.bytes).digest("hex") === sha256) right++;
  }
  const whole = hashes.length * bytes;
  return {
    notDone: Object.fromEntries(counts),
    ...{ right, objects: objects.size },
    wastedBytes: asked.reduce((sum, one) => sum + one.sentBytes, 0) - whole,
    sentTwiceBytes: s3.log.reduce((sum, one) => sum + one.sentBytes, 0) - whole,
  };
}
