import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { civitai } from "../../api/mod.ts";
import { createTransport } from "../../mod.ts";
import { ContentError } from "../../transport/mod.ts";

const mib = 1024 ** 2;
const json = { "content-type": "application/json" };

/** JSON of `bytes` bytes that would be a fine answer of GET /creators, a piece at a time. */
function* creators(bytes: number): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const head = `{"items":[],"metadata":{"note":"`;
  yield encoder.encode(head);
  const piece = encoder.encode("x".repeat(64 * 1024));
  for (let left = bytes - head.length; left > 0; left -= piece.byteLength) yield piece.slice(0, left);
  yield encoder.encode(`"}}`);
}

/** Asks a real server that answers so, over the whole stack: the error, and how often it was asked. */
async function ask(answer: () => Response): Promise<{ error: unknown; asked: number }> {
  let asked = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    asked++;
    return answer();
  });
  using transport = createTransport();
  const api = civitai(transport, { baseUrl: `http://127.0.0.1:${server.addr.port}` });
  const error = await assertRejects(() => Array.fromAsync(api.creators.list()));
  return { error, asked };
}

Deno.test("an API answer of 70 MiB is given up with unexpected_content and not asked for again, stated or not", async () => {
  for (const isStated of [true, false]) {
    const { error, asked } = await ask(() => {
      const headers = isStated ? { ...json, "content-length": String(70 * mib + 3) } : json;
      return new Response(ReadableStream.from(creators(70 * mib)), { headers });
    });
    assertInstanceOf(error, ContentError);
    assertEquals([error.code, asked], ["unexpected_content", 1]);
    assert(error.message.endsWith(`: the answer is longer than 64 MiB`), error.message);
  }
});

Deno.test("an API answer that unfolds to 70 MiB of JSON from a few KiB is given up as well", async () => {
  const unfolded = ReadableStream.from(creators(70 * mib)) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const coded = await new Response(unfolded.pipeThrough(new CompressionStream("gzip"))).bytes();
  assert(coded.byteLength < mib);
  const { error, asked } = await ask(() => new Response(coded, { headers: { ...json, "content-encoding": "gzip" } }));
  assertInstanceOf(error, ContentError);
  assertEquals([error.code, asked], ["unexpected_content", 1]);
});

Deno.test("an endless API answer ends at the limit, and its connection is given up", async () => {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  function* endless() {
    try {
      yield* creators(80 * mib);
      throw new Error("it was read to the end");
    } finally {
      stop();
    }
  }
  const { error, asked } = await ask(() => new Response(ReadableStream.from(endless()), { headers: json }));
  assertInstanceOf(error, ContentError);
  assertEquals([error.code, asked], ["unexpected_content", 1]);
  await stopped;
});
