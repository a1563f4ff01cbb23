/**
 * nginx at the far end of a long line: two network namespaces, 40 ms there and back, one packet in 200 lost on the way
 * down. By tc netem where the kernel has it, else by `_packet_link.ts`. Linux, as root.
 *
 * @module
 */
import { root, run, script, type Words } from "./_bench.ts";

/** A line with nginx behind it. */
export interface Link extends AsyncDisposable {
  /** Where nginx is, seen from this end: `http://10.77.0.1:8080`. */
  readonly url: string;
  /** What a command has to be prefixed with to be at this end. */
  readonly prefix: readonly string[];
  /** How the line was made. */
  readonly kind: string;
}

const delayMs = 20;
const loss = 0.005;
const address = "10.77.0.1";
const port = 8080;

/**
 * Lays the line.
 *
 * @throws {Error} Where that is not allowed, or something it needs is missing; nothing is left behind.
 */
export async function openLink(folder: string): Promise<Link> {
  await using stack = new AsyncDisposableStack();
  const [far, near] = await Promise.all(["far", "near"].map(async (end) => {
    const name = `civikit-${Deno.pid}-${end}`;
    await run(["ip", "netns", "add", name]);
    stack.defer(async () => void await run(["ip", "netns", "del", name]).catch(() => {}));
    await run(["ip", "-n", name, "link", "set", "lo", "up"]);
    return name;
  })) as [string, string];
  let kind = "tc netem";
  try {
    await layNetem(far, near);
  } catch {
    kind = "packets held and dropped by a program of ours: this kernel has no netem";
    stack.use(await start(await script("_packet_link.ts", far, near, String(delayMs), String(loss))));
  }
  // whatever the machine's own choice is; with BBR loss would hardly matter
  const route = ["10.77.0.0/24", "dev", "bench-a", "proto", "kernel", "scope", "link", "src", address];
  await run(["ip", "-n", far, "route", "replace", ...route, "congctl", "cubic"]);
  const server = await script("_nginx_process.ts", folder, `${address}:${port}`);
  stack.use(await start(["ip", "netns", "exec", far, ...server]));
  const owned = stack.move();
  return {
    url: `http://${address}:${port}`,
    prefix: ["ip", "netns", "exec", near],
    kind,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function layNetem(far: string, near: string): Promise<void> {
  await run(["ip", "-n", far, "link", "add", "bench-a", "type", "veth", "peer", "name", "bench-b", "netns", near]);
  const wait = ["netem", "limit", "100000", "delay", `${delayMs}ms`];
  try {
    for (
      const [space, device, ip, more] of [
        [far, "bench-a", address, ["loss", `${loss * 100}%`]],
        [near, "bench-b", "10.77.0.2", []],
      ] as const
    ) {
      // a packet that stands for many would make one loss many losses
      await run(["ip", "-n", space, "link", "set", device, "gso_max_segs", "1", "up"]);
      await run(["ip", "-n", space, "addr", "add", `${ip}/24`, "dev", device]);
      await run(["tc", "-n", space, "qdisc", "add", "dev", device, "root", ...wait, ...more]);
    }
  } catch (error) {
    await run(["ip", "-n", far, "link", "del", "bench-a"]);
    throw error;
  }
}

/** Starts a program that says "ready" and ends with its input. */
async function start([program, ...args]: Words): Promise<AsyncDisposable> {
  const process = new Deno.Command(program, { args, cwd: root, stdin: "piped", stdout: "piped" }).spawn();
  const reader = process.stdout.getReader();
  const { done } = await reader.read();
  await reader.cancel();
  if (done) throw new Error(`starting ${args.at(-1)}: exit code ${(await process.status).code}`);
  return {
    async [Symbol.asyncDispose]() {
      await process.stdin.close();
      await process.status;
    },
  };
}
