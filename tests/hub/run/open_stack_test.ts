import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { download } from "../../../transport/mod.ts";
import { openStack, rateControl } from "../../../hub/run/mod.ts";
import { fakeClock } from "../../_support/clock.ts";

/** A file server that keeps the ranges it was asked for. */
function files(bytes: Uint8Array<ArrayBuffer>) {
  const ranges: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const range = request.headers.get("range");
    if (range === null) return new Response(bytes);
    ranges.push(range);
    const [, first, last] = /bytes=(\d+)-(\d*)/.exec(range)!;
    const end = Math.min(bytes.length, last ? Number(last) + 1 : bytes.length);
    const headers = { "content-range": `bytes ${first}-${end - 1}/${bytes.length}`, etag: '"one"' };
    return new Response(bytes.slice(Number(first), end), { status: 206, headers });
  });
  return { ranges, url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("openStack() guards memory without a monitor: full memory means small parts, one at a time", async () => {
  await using origin = files(new Uint8Array(300_000));
  const folder = await Deno.makeTempDir();
  try {
    let rss = 0;
    using stack = await openStack({
      baseUrl: origin.url,
      pieceBytes: 128 * 1024,
      guard: { limitBytes: 1024 * 1024, everyMs: 100, rssBytes: () => rss },
    });
    assertEquals(stack.monitor, undefined);
    rss = 2 ** 40;
    // the guard looks every 100 ms of real time: downloads go on until it has seen it
    for (let round = 0; !origin.ranges.some((range) => range === "bytes=0-65535"); round++) {
      assert(round < 500, "never any smaller");
      await download(stack.transport, `${origin.url}/a`, join(folder, String(round)));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openStack() goes without a monitor that cannot be opened, and tells why", async () => {
  await using origin = files(new Uint8Array(10));
  const folder = await Deno.makeTempDir();
  try {
    const told: string[] = [];
    using stack = await openStack({
      baseUrl: origin.url,
      monitor: { store: folder },
      onTrouble: (part, error) => told.push(`${part}: ${error.constructor.name}`),
    });
    assertEquals(told, ["monitor: DiskError"]);
    assertEquals((await (await stack.transport.fetch(new Request(origin.url))).bytes()).length, 10);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("rateControl() changes the rate of those who wait already, by a rule or by none", async () => {
  const clock = fakeClock("2026-01-01T00:00:00Z");
  const control = rateControl((now) => now.getTime() % 86_400_000 < 3_600_000 ? 1000 : 5000, clock);
  assertEquals(control.bytesPerSecond(), 1000);
  control.throttle.take(1_000_000);
  const waiting = control.throttle.take(1)!.then(() => clock.now());
  control.set(() => 100_000);
  await clock.advance(1000);
  control.set(undefined);
  await clock.advance(1000);
  assertEquals([await waiting, control.bytesPerSecond()], [1250, Infinity]);
});
