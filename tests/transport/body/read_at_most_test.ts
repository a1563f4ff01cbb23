import { assertEquals, assertRejects } from "@std/assert";
import { fetchTransport } from "../../../transport/socket/fetch_transport.ts";
import { readAtMost } from "../../../transport/body/read_at_most.ts";

const kib = 1024;
const most = 256 * kib;

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

/** Answers with zeros until it is told to stop, or 64 MiB were taken; tells how many. */
function zeros(): {
  readonly body: ReadableStream<Uint8Array>;
  readonly taken: number;
  readonly stopped: Promise<void>;
} {
  let taken = 0;
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken >= 64 * kib * kib) return controller.close();
      controller.enqueue(new Uint8Array(64 * kib));
      taken += 64 * kib;
    },
    cancel: () => resolve(),
  });
  return {
    body,
    stopped,
    get taken() {
      return taken;
    },
  };
}

/** Runs `work` with what a real server's `answer` looks like to the socket. */
async function answered(answer: () => Response, work: (response: Response) => Promise<void>): Promise<void> {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  using transport = fetchTransport();
  await work(await transport.fetch(new Request(`http://127.0.0.1:${server.addr.port}/`)));
}

for (const size of [0, 1, most - 1, most, most + 1, 4 * most]) {
  for (const how of ["stated", "chunked", "gzip"] as const) {
    Deno.test(`readAtMost() gives ${size} of at most ${most} bytes, ${how}: ${size <= most}`, async () => {
      const bytes = new Uint8Array(size).fill(7);
      const coded = how === "gzip" ? await gzip(bytes) : bytes;
      const body = how === "chunked" ? new Blob([bytes]).stream() : coded;
      const headers: HeadersInit = how === "gzip" ? { "content-encoding": "gzip" } : {};
      await answered(() => new Response(body, { headers }), async (response) => {
        assertEquals(await readAtMost(response, most), size <= most ? bytes : undefined);
      });
    });
  }
}

Deno.test("readAtMost() counts decoded bytes, not those that Content-Length counts", async () => {
  const coded = await gzip(new Uint8Array(4 * most));
  await answered(() => new Response(coded, { headers: { "content-encoding": "gzip" } }), async (response) => {
    assertEquals(Number(response.headers.get("content-length")), coded.byteLength);
    assertEquals([coded.byteLength < most, await readAtMost(response, most)], [true, undefined]);
  });
});

Deno.test("readAtMost() gives up an endless body at the limit", async () => {
  const source = zeros();
  await answered(() => new Response(source.body), async (response) => {
    assertEquals(await readAtMost(response, most), undefined);
    await source.stopped;
  });
  assertEquals(source.taken < 32 * most, true);
});

Deno.test("readAtMost() reads any kind of stream, and passes on what breaks it", async () => {
  const parts = [new Uint8Array([1, 2]), new Uint8Array(), new Uint8Array([3])];
  assertEquals(await readAtMost(new Response(ReadableStream.from(parts)), 3), new Uint8Array([1, 2, 3]));
  assertEquals(await readAtMost(new Response(ReadableStream.from(parts)), 2), undefined);
  assertEquals(await readAtMost(new Response(null), 0), new Uint8Array());
  const error = new Error("cut");
  const broken = new ReadableStream({ pull: (controller) => controller.error(error) });
  assertEquals(await assertRejects(() => readAtMost(new Response(broken), 3)), error);
});
