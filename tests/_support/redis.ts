/**
 * A private Redis for tests and benches. Not every machine has one: ask {@linkcode hasRedis} first.
 *
 * ```ts ignore
 * Deno.test({ name: "…", ignore: !hasRedis, async fn() {
 *   await using redis = await startRedis();
 *   const client = await openRedis(redis.url);
 * } });
 * ```
 *
 * @module
 */

import type { CertifiedKey } from "../_tls/mod.ts";
import { freePort } from "./free_port.ts";

const places = [
  "/usr/bin/redis-server",
  "/usr/local/bin/redis-server",
  "/usr/bin/valkey-server",
  "/opt/homebrew/bin/redis-server",
];
const program = places.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** Tells whether this machine has Redis or Valkey. */
export const hasRedis: boolean = program !== undefined;

/** A running Redis. */
export interface RedisServer extends AsyncDisposable {
  /** `redis://127.0.0.1:port`. */
  readonly url: string;
  /** Stops it as a crash would, and starts it again on the same port with what it had written down. */
  restart(): Promise<void>;
  /** Stops it as a crash would. */
  stop(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

async function answers(port: number, isTls: boolean): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    if (isTls) return true;
    await connection.write(new TextEncoder().encode("PING\r\n"));
    const answer = new Uint8Array(64);
    const size = await connection.read(answer) ?? 0;
    const text = new TextDecoder().decode(answer.subarray(0, size));
    return text.startsWith("+PONG") || text.startsWith("-NOAUTH");
  } catch {
    return false;
  }
}

/**
 * Starts Redis on a free port, with an append-only file in a folder of its own.
 *
 * @param options Further options of its command line, such as `["--requirepass", "secret"]`.
 * @param role In place of a server that writes down what it is told: words of the command line such as `--sentinel`.
 * @param tls What it shows those who connect by TLS; then it takes nobody without.
 * @throws {Error} When there is none, or it does not come up within a minute.
 */
export async function startRedis(
  options: readonly string[] = [],
  tls?: CertifiedKey,
  role?: readonly string[],
): Promise<RedisServer> {
  if (program === undefined) throw new Error("starting Redis: not installed");
  const folder = await Deno.makeTempDir({ prefix: "civikit-redis-" });
  const port = freePort();
  const listening = ["--port", String(port)];
  if (tls !== undefined) {
    const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    await Deno.writeTextFile(cert, tls.cert);
    await Deno.writeTextFile(key, tls.key);
    listening.splice(0, 2, ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no"]);
    listening.push("--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert);
  }
  let process: Deno.ChildProcess | undefined;

  async function start(): Promise<void> {
    process = new Deno.Command(program!, {
      args: [
        ...role ?? [],
        ...[...listening, "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no"],
        ...role === undefined ? ["--save", "", "--appendonly", "yes"] : [],
        ...options,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const deadline = performance.now() + 60_000;
    while (!await answers(port, tls !== undefined)) {
      if (performance.now() > deadline) {
        await stop();
        throw new Error(`starting Redis on port ${port}: it does not answer`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async function stop(): Promise<void> {
    const running = process;
    process = undefined;
    running?.kill("SIGKILL");
    await running?.status;
  }

  async function close(): Promise<void> {
    await stop();
    await Deno.remove(folder, { recursive: true });
  }

  await start();
  return {
    url: `${tls === undefined ? "redis" : "rediss"}://127.0.0.1:${port}`,
    start,
    stop,
    async restart() {
      await stop();
      await start();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A running cluster of Redis. */
export interface RedisCluster extends AsyncDisposable {
  /** Its nodes; each keeps a part of all keys. */
  readonly nodes: readonly RedisServer[];
}

/**
 * Starts three nodes and makes a cluster of them.
 *
 * @param options Further options of their command lines.
 * @throws {Error} When there is none, or it does not come up within a minute.
 */
export async function startRedisCluster(options: readonly string[] = []): Promise<RedisCluster> {
  await using things = new AsyncDisposableStack();
  const nodes: RedisServer[] = [];
  const own = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", ...options];
  for (let node = 0; node < 3; node++) nodes.push(things.use(await startRedis(own)));
  const cli = program!.replace(/-server$/, "-cli");
  const run = (...args: string[]) => new Deno.Command(cli, { args, stdin: "null" }).output();
  const { success, stdout } = await run(
    ...["--cluster", "create", ...nodes.map(({ url }) => new URL(url).host), "--cluster-yes"],
  );
  if (!success) throw new Error(`making a cluster: ${new TextDecoder().decode(stdout)}`);
  const deadline = performance.now() + 60_000;
  for (const { url } of nodes) {
    const isWhole = async () => {
      const { stdout } = await run("-p", new URL(url).port, "cluster", "info");
      return new TextDecoder().decode(stdout).includes("cluster_state:ok");
    };
    while (!await isWhole()) {
      if (performance.now() > deadline) throw new Error("making a cluster: it is not whole");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const moved = things.move();
  return { nodes, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}
