// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * A slow, lossy line between two network namespaces, for kernels without tc netem: two TUN devices, and every packet
 * waits here before it goes on, or is lost. Prints "ready" and works until its input ends:
 * `deno run -A tests/bench/_packet_link.ts NAMESPACE_A NAMESPACE_B DELAY_MS LOSS`; loss strikes on the way from A to B.
 *
 * @module
 */
import { randomFrom } from "../../testing/mod.ts";
import { run } from "./_bench.ts";

const [a, b, delay, loss] = Deno.args as [string, string, string, string];
const delayMs = Number(delay);
const lossRate = Number(loss);

const libc = Deno.dlopen("libc.so.6", {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
}).symbols;

const readWriteNonblocking = 0o4002;
const setInterface = 0x400454ca;
const plainPackets = 0x1001;

/** A TUN device, and what its reader holds. */
async function openTun(name: string, namespace: string, address: string): Promise<number> {
  const text = new TextEncoder();
  const file = libc.open(text.encode("/dev/net/tun\0"), readWriteNonblocking);
  const request = new Uint8Array(40);
  request.set(text.encode(name));
  new DataView(request.buffer).setInt16(16, plainPackets, true);
  if (file < 0 || libc.ioctl(file, BigInt(setInterface), request) < 0) throw new Error("opening a TUN device: refused");
  await run(["ip", "link", "set", name, "netns", namespace]);
  await run(["ip", "-n", namespace, "addr", "add", `${address}/24`, "dev", name]);
  await run(["ip", "-n", namespace, "link", "set", name, "up", "txqueuelen", "10000"]);
  return file;
}

interface Packet {
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const buffer = new Uint8Array(65_536);
const random = randomFrom(1);

/** One direction: takes what came, and sends on what has waited long enough. */
function pipe(from: number, to: number, lossRate: number): () => void {
  const waiting: Packet[] = [];
  return () => {
    const now = performance.now();
    for (;;) {
      const count = Number(libc.read(from, buffer, BigInt(buffer.length)));
      if (count <= 0) break;
      if (random() >= lossRate) waiting.push({ at: now + delayMs, bytes: buffer.slice(0, count) });
    }
    let due = 0;
    for (; due < waiting.length && waiting[due]!.at <= now; due++) {
      const { bytes } = waiting[due]!;
      libc.write(to, bytes, BigInt(bytes.length));
    }
    waiting.splice(0, due);
  };
}

const [near, far] = [await openTun("bench-a", a, "10.77.0.1"), await openTun("bench-b", b, "10.77.0.2")];
const [down, up] = [pipe(near, far, lossRate), pipe(far, near, 0)];
setInterval(() => {
  down();
  up();
}, 1);
console.log("ready");
await Deno.stdin.readable.pipeTo(new WritableStream());
Deno.exit();
