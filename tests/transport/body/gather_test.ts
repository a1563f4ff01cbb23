import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Gather } from "../../../transport/body/gather.ts";
import { fetchTransport, rangeTransport, save, type Transport } from "../../../transport/mod.ts";
import { contentAt, startTlsOrigin, testCertificate } from "../../_origin/mod.ts";
import { fakeClock, settle } from "../../_support/clock.ts";
import { memorySink } from "../../_support/memory.ts";
import { rawServer, readHead, writeAll, writeText } from "../../_support/raw.ts";

const KiB = 1024;
const record = 16 * KiB;

/** What a sink was given: place and length of each write. */
function writeLog(): { write: (bytes: Uint8Array, at: number) => void; writes: [at: number, length: number][] } {
  const writes: [number, number][] = [];
  return { writes, write: (bytes, at) => void writes.push([at, bytes.byteLength]) };
}

function never(error: unknown): never {
  throw error;
}

Deno.test("Gather makes one write of many small pieces, and hands on large ones as they are", async () => {
  const { write, writes } = writeLog();
  const clock = fakeClock();
  const gather = new Gather(write, never, clock);
  for (let i = 0; i < 20; i++) gather.add(new Uint8Array(record), i * record);
  assertEquals(writes, [[0, 256 * KiB]]);
  gather.add(new Uint8Array(64 * KiB), 20 * record);
  assertEquals(writes.slice(1), [[256 * KiB, 64 * KiB], [320 * KiB, 64 * KiB]]);
  gather.add(new Uint8Array(5), 384 * KiB);
  await gather.end();
  assertEquals([writes.slice(3), clock.timers], [[[384 * KiB, 5]], 0]);
});

Deno.test("Gather copies what it holds: the reader's buffer may be used again at once", async () => {
  const sink = memorySink(4);
  const gather = new Gather(sink.write, never, fakeClock());
  const buffer = new Uint8Array([1, 2]);
  gather.add(buffer, 0);
  buffer.set([3, 4]);
  gather.add(buffer, 2);
  await gather.end();
  assertEquals(sink.bytes, new Uint8Array([1, 2, 3, 4]));
});

Deno.test("Gather holds nothing back for longer than a moment", async () => {
  const { write, writes } = writeLog();
  const clock = fakeClock();
  const gather = new Gather(write, never, clock);
  gather.add(new Uint8Array(10), 0);
  await clock.advance(40);
  gather.add(new Uint8Array(10), 10);
  assertEquals(writes, []);
  await clock.advance(10);
  assertEquals([writes, clock.timers], [[[0, 20]], 0]);
  await gather.end();
});

Deno.test("Gather lets one write end before the next begins, whoever caused it", async () => {
  const clock = fakeClock();
  const doors: (() => void)[] = [];
  const seen: number[] = [];
  const gather = new Gather(
    (bytes, at) => {
      seen.push(at, bytes.byteLength);
      return new Promise((open) => doors.push(open));
    },
    never,
    clock,
  );
  gather.add(new Uint8Array(10), 0);
  await clock.advance(50);
  const second = gather.add(new Uint8Array(64 * KiB), 10);
  const ended = second!.then(() => gather.end());
  await settle();
  assertEquals([seen, doors.length], [[0, 10], 1]);
  doors[0]!();
  await settle();
  assertEquals(seen.slice(2), [10, 64 * KiB]);
  doors[1]!();
  await ended;
});

Deno.test("Gather tells of a late write that failed, and every call after it fails alike", async () => {
  for (const write of [() => never(full), () => Promise.reject(full)]) {
    const clock = fakeClock();
    const told: unknown[] = [];
    const gather = new Gather(write, (error) => told.push(error), clock);
    gather.add(new Uint8Array(10), 0);
    await clock.advance(50);
    assertEquals(told, [full]);
    assertStrictEquals(await assertRejects(async () => await gather.add(new Uint8Array(1), 10)), full);
    assertStrictEquals(await assertRejects(() => gather.end()), full);
  }
});
const full = new Error("the disk is full");

Deno.test("a body over TLS, which comes in records of 16 KiB, is written in few large writes", async () => {
  const size = 6_000_000;
  await using origin = await startTlsOrigin({ files: { "/a.bin": { size, seed: 3 } } });
  using socket = fetchTransport({ caCerts: [testCertificate] });
  // a clock that stands still: nothing is written because it is late
  const transport = rangeTransport(socket, { parallel: 1, clock: fakeClock() });
  const sink = memorySink(size);
  let writes = 0;
  const write = (bytes: Uint8Array, at: number) => (writes++, sink.write(bytes, at));
  await save(await transport.fetch(new Request(`${origin.url}/a.bin`)), { write });
  assertEquals(sink.bytes, contentAt(3, 0, size) as Uint8Array<ArrayBuffer>);
  assert(sink.twice() === 0 && writes <= size / (200 * KiB), `${writes} writes`);
});

const bit = 10_000;
const total = 2_000_000;

/** A server that sends a head for `total` bytes, then what `send` makes of the connection. */
function slowServer(send: (connection: Deno.Conn, number: number) => Promise<void>, head = "HTTP/1.1 200 OK") {
  let number = 0;
  return rawServer(async (connection) => {
    for (;;) {
      if (await readHead(connection) === "") return;
      await writeText(connection, `${head}\r\nContent-Length: ${total}\r\nETag: "a"\r\n\r\n`);
      await send(connection, number++);
    }
  });
}

Deno.test("save() writes what came of a body that falls silent, and goes on when it speaks again", async () => {
  const some = Promise.withResolvers<void>();
  await using server = slowServer(async (connection) => {
    for (let i = 0; i < 10; i++) await writeAll(connection, new Uint8Array(bit).fill(i));
    await some.promise;
    for (let i = 10; i < 200; i++) await writeAll(connection, new Uint8Array(bit).fill(i));
  });
  using socket = fetchTransport();
  const sink = memorySink(total);
  let written = 0;
  const length = await save(await socket.fetch(new Request(`http://127.0.0.1:${server.port}/`)), {
    write(bytes, at) {
      sink.write(bytes, at);
      // nothing more comes before all that was sent has arrived here
      if ((written += bytes.byteLength) === 10 * bit) some.resolve();
    },
  });
  assertEquals([length, sink.isCovered(), sink.twice()], [total, true, 0]);
  assert(sink.bytes.every((byte, at) => byte === Math.floor(at / bit)));
});

Deno.test("save() has every byte that came of a body cut by FIN", async () => {
  await using server = slowServer(async (connection) => {
    for (let i = 0; i < 7; i++) await writeAll(connection, new Uint8Array(bit).fill(i + 1));
    throw new Error("hang up");
  });
  using socket = fetchTransport();
  for (let round = 0; round < 5; round++) {
    const sink = memorySink(total);
    const response = await socket.fetch(new Request(`http://127.0.0.1:${server.port}/`));
    await assertRejects(() => save(response, sink));
    assertEquals(sink.bytes.filter((byte) => byte > 0).length, 7 * bit);
  }
});

Deno.test("save() ends with the sink's error when a late write fails and the body stands still", async () => {
  await using server = slowServer(async (connection) => {
    await writeAll(connection, new Uint8Array(bit));
    // says no more until the other side hangs up
    await connection.read(new Uint8Array(1));
  });
  using socket = fetchTransport();
  for (const write of [() => never(full), () => Promise.reject(full)]) {
    const response = await socket.fetch(new Request(`http://127.0.0.1:${server.port}/`));
    assertStrictEquals(await assertRejects(() => save(response, { write })), full);
  }
});

/** An inner transport whose bodies come bit by bit, as `pull` says; counts what was asked for. */
function bits(pull: (controller: ReadableByteStreamController, asked: number, pulls: number) => void | Promise<void>) {
  const asked: string[] = [];
  const transport: Transport = {
    fetch(request) {
      const range = request.headers.get("range")!;
      const [, start, end] = /(\d+)-(\d+)/.exec(range)!.map(Number) as [number, number, number];
      const number = asked.push(range);
      let pulls = 0;
      const body = new ReadableStream({
        type: "bytes",
        pull: (controller) => pull(controller, number, pulls++),
      }, { highWaterMark: 0 });
      const last = Math.min(end, total - 1);
      return Promise.resolve(
        new Response(body, {
          status: 206,
          headers: {
            "content-range": `bytes ${start}-${last}/${total}`,
            "content-length": String(last + 1 - start),
            etag: '"a"',
          },
        }),
      );
    },
  };
  return { transport, asked };
}

for (
  const [how, error] of [["a cut", new TypeError("error reading a body from connection")], [
    "its end",
    undefined,
  ]] as const
) {
  Deno.test(`rangeTransport() asks for nothing again that came before ${how}`, async () => {
    const { transport, asked } = bits((controller, number, pulls) => {
      if (number === 1 && pulls === 7) {
        if (error !== undefined) return controller.error(error);
        controller.close();
        return controller.byobRequest?.respond(0);
      }
      controller.enqueue(new Uint8Array(bit).fill(number));
    });
    const clock = fakeClock();
    const ranges = rangeTransport(transport, { parallel: 1, clock, delayMs: 0 });
    const sink = memorySink(total);
    await save(await ranges.fetch(new Request("http://127.0.0.1/a")), sink);
    assertEquals(asked, ["bytes=0-8388607", `bytes=${7 * bit}-${total - 1}`]);
    assertEquals([sink.isCovered(), sink.twice()], [true, 0]);
    assertEquals([sink.bytes[7 * bit - 1], sink.bytes[7 * bit]], [1, 2]);
  });
}

Deno.test("rangeTransport() takes no body for silent that is only slow, and writes what came of it", async () => {
  const clock = fakeClock();
  const steps: ((bytes: number) => void)[] = [];
  const { transport, asked } = bits((controller) =>
    new Promise((resolve) =>
      steps.push((bytes) => {
        controller.enqueue(new Uint8Array(bytes));
        resolve();
      })
    )
  );
  const ranges = rangeTransport(transport, { parallel: 1, clock, idleTimeoutMs: 1000 });
  const sink = memorySink(total);
  let written = 0;
  const write = (bytes: Uint8Array, at: number) => (written += bytes.byteLength, sink.write(bytes, at));
  const saving = save(await ranges.fetch(new Request("http://127.0.0.1/a")), { write });
  // five times the longest silence in all, and never one in a row
  for (let came = 100; came <= 500; came += 100) {
    await settle();
    steps.shift()!(100);
    await clock.advance(900);
    assertEquals(written, came);
  }
  await settle();
  steps.shift()!(total - 500);
  await saving;
  assertEquals([asked.length, sink.isCovered(), sink.twice()], [1, true, 0]);
});

Deno.test("rangeTransport() drops a body that falls silent, keeps what came, and asks for the rest", async () => {
  const clock = fakeClock();
  const silent = Promise.withResolvers<void>();
  const { transport, asked } = bits((controller, number, pulls) => {
    if (number === 1 && pulls === 3) {
      silent.resolve();
      return new Promise(() => {});
    }
    controller.enqueue(new Uint8Array(bit));
  });
  const ranges = rangeTransport(transport, { parallel: 1, clock, idleTimeoutMs: 1000, delayMs: 0 });
  const sink = memorySink(total);
  const saving = save(await ranges.fetch(new Request("http://127.0.0.1/a")), sink);
  await silent.promise;
  await clock.advance(1200);
  await saving;
  assertEquals(asked.slice(1), [`bytes=${3 * bit}-${total - 1}`]);
  assertEquals([sink.isCovered(), sink.twice()], [true, 0]);
});

Deno.test("rangeTransport() that is aborted has written what came, and writes nothing afterwards", async () => {
  const controller = new AbortController();
  const { transport } = bits((body, _, pulls) => {
    if (pulls < 3) return body.enqueue(new Uint8Array(bit).fill(1));
    controller.abort(new Error("enough"));
    return new Promise(() => {});
  });
  const ranges = rangeTransport(transport, { parallel: 1, clock: fakeClock() });
  const sink = memorySink(total);
  const response = await ranges.fetch(new Request("http://127.0.0.1/a", { signal: controller.signal }));
  assertEquals((await assertRejects(() => save(response, sink), Error)).message, "enough");
  assertEquals(sink.bytes.filter((byte) => byte > 0).length, 3 * bit);
});
