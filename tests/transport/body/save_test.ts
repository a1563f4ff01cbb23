import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { fetchTransport, NetworkError, save } from "../../../transport/mod.ts";
import { contentAt, type Fault, startOrigin } from "../../_origin/mod.ts";
import { memorySink } from "../../_support/memory.ts";

const size = 1_000_000;

/** Calls `work` with an answer over the bare socket, and the origin's faults. */
async function answered(faults: Fault[], work: (response: Response) => Promise<void>): Promise<void> {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 41 } }, faults });
  using socket = fetchTransport();
  await work(await socket.fetch(new Request(`${origin.url}/a.bin`)));
  // whoever gave up has let go of the connection
  await origin.idle();
}

Deno.test("save() writes every byte once, at its place", () =>
  answered([], async (response) => {
    const sink = memorySink(size);
    assertEquals(await save(response, sink), size);
    assertEquals([sink.isCovered(), sink.twice()], [true, 0]);
    assertEquals(sink.bytes, contentAt(41, 0, size) as Uint8Array<ArrayBuffer>);
  }));

Deno.test("save() waits for a sink that is slow, one write after the other", () =>
  answered([], async (response) => {
    let under = 0;
    let most = 0;
    let written = 0;
    const length = await save(response, {
      async write(bytes, at) {
        assertEquals(at, written);
        most = Math.max(most, ++under);
        await Promise.resolve();
        written += bytes.byteLength;
        under--;
      },
    });
    assertEquals([length, written, most], [size, size, 1]);
  }));

Deno.test("save() ends with the sink's own error, and asks for nothing more", () =>
  answered([{ kind: "stall", after: 500_000 }], async (response) => {
    const full = new Error("the disk is full");
    let writes = 0;
    const refusing = { write: () => (writes++, Promise.reject(full)) };
    assertStrictEquals(await assertRejects(() => save(response, refusing)), full);
    assertEquals(writes, 1);
  }));

Deno.test("save() tells a body that broke off as an error of the network, after what came of it", () =>
  answered([{ kind: "cut", after: 600_000, how: "fin" }], async (response) => {
    const sink = memorySink(size);
    const error = await assertRejects(() => save(response, sink), NetworkError);
    assertEquals(error.code, "connection_reset");
    assertEquals(sink.bytes.subarray(0, 200_000), contentAt(41, 0, 200_000) as Uint8Array<ArrayBuffer>);
  }));

Deno.test("save() of an answer without a body writes nothing", async () => {
  assertEquals(await save(new Response(null, { status: 204 }), memorySink(0)), 0);
});

Deno.test("save() refuses a body that somebody else reads", () =>
  answered([], async (response) => {
    const reader = response.body!.getReader();
    await assertRejects(() => save(response, memorySink(size)), TypeError);
    await reader.cancel();
  }));

Deno.test("save() takes a stream of any chunks, such as a layer's own", async () => {
  const chunks = [3, 0, 70_000, 1];
  const body = ReadableStream.from(chunks.map((length, number) => new Uint8Array(length).fill(number + 1)));
  const sink = memorySink(70_004);
  assertEquals(await save(new Response(body), sink), 70_004);
  assertEquals([sink.bytes[0], sink.bytes[3], sink.bytes[70_003], sink.isCovered()], [1, 3, 4, true]);
});
