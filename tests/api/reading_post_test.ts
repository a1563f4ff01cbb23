import { assertEquals, assertRejects } from "@std/assert";
import { civitai, scan } from "../../api/mod.ts";
import { createTransport } from "../../mod.ts";
import { HttpError } from "../../transport/mod.ts";

const hashes = (count: number) =>
  Array.from({ length: count }, (_, n) => n.toString(16).padStart(64, "0").toUpperCase());

/** An API on a real server whose first answers to POST are these, and then what `good` says; and what it was sent. */
function api(first: readonly (() => Response)[], good = () => Response.json([])) {
  const bodies: string[][] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    bodies.push(JSON.parse(await request.text() || "[]"));
    return (first[bodies.length - 1] ?? good)();
  });
  const transport = createTransport({ retry: { delayMs: 1 }, rateLimit: { pauseMs: 1 } });
  return {
    bodies,
    api: civitai(transport, { baseUrl: `http://127.0.0.1:${server.addr.port}` }),
    async [Symbol.asyncDispose]() {
      transport.close();
      await server.shutdown();
    },
  };
}

const refusal = (status: number, headers: HeadersInit = {}) => () => new Response("busy", { status, headers });
const half = () => {
  const parts = async function* () {
    yield new TextEncoder().encode("[");
    await Promise.resolve();
    throw new Error("cut");
  };
  return new Response(ReadableStream.from(parts()), { headers: { "content-type": "application/json" } });
};

for (
  const [name, answer] of [
    ["503", refusal(503)],
    ["502", refusal(502)],
    ["429 with Retry-After", refusal(429, { "retry-after": "0" })],
    ["half an answer", half],
  ] as const
) {
  Deno.test(`a look-up by POST is asked again with its body after ${name}`, async () => {
    await using site = api([answer]);
    await site.api.versions.byHashes(hashes(2));
    assertEquals(site.bodies, Array(2).fill(hashes(2)));
    await using other = api([answer]);
    await other.api.versions.idsByHashes(hashes(2));
    assertEquals(other.bodies.length, 2);
  });

  Deno.test(`a POST that changes something is not asked again after ${name}`, async () => {
    await using site = api([answer]);
    await assertRejects(() => site.api.vault.toggle(7));
    assertEquals(site.bodies.length, 1);
  });
}

Deno.test("byHashes() waits for a 429 and goes on with every later batch", async () => {
  await using site = api([refusal(429), refusal(429)]);
  await site.api.versions.byHashes(hashes(950));
  assertEquals(new Set(site.bodies.flat()).size, 950);
});

Deno.test("scan() goes on with later batches when one is refused with 429 for good, and ends at a pause too long", async () => {
  const root = await Deno.makeTempDir();
  try {
    for (let n = 0; n < 1000; n++) Deno.writeTextFileSync(`${root}/${n}.safetensors`, `${n}`);
    for (const [retryAfterMs, asks, unasked] of [[1000, 3, 400], [86_400_000, 1, 1000]] as const) {
      let asked = 0;
      const byHashes = () => {
        if (++asked > 1) return Promise.resolve(new Map());
        const options = { code: "rate_limited", status: 429, url: "https://a.example", retryAfterMs } as const;
        return Promise.reject(new HttpError("asking: HTTP 429", options));
      };
      const { files, failures } = await scan({ versions: { byHashes } }, [root]);
      assertEquals([asked, failures.length], [asks, 1]);
      assertEquals(files.filter(({ identity }) => identity === undefined).length, unasked);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
