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

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function answers(port: number): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
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
 * @throws {Error} When there is none, or it does not come up within ten seconds.
 */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  if (program === undefined) throw new Error("starting Redis: not installed");
  const folder = await Deno.makeTempDir({ prefix: "civikit-redis-" });
  const port = freePort();
  let process: Deno.ChildProcess | undefined;

  async function start(): Promise<void> {
    process = new Deno.Command(program!, {
      args: [
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"],
        ...["--daemonize", "no", ...options],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const deadline = performance.now() + 10_000;
    while (!await answers(port)) {
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
    url: `redis://127.0.0.1:${port}`,
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
