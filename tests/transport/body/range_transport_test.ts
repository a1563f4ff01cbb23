import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ContentError,
  fetchTransport,
  HttpError,
  type RangeOptions,
  rangeTransport,
  resumeTransport,
  save,
  type Transport,
} from "../../../transport/mod.ts";
import { createTransport } from "../../../create_transport.ts";
import { contentAt, type Fault, type Origin, startOrigin } from "../../_origin/mod.ts";
import { eventLog, memorySink } from "../../_support/memory.ts";

const size = 6_000_000;
const expected = contentAt(21, 0, size);

interface Outcome {
  status: number;
  headers: Headers;
  written: number;
  bytes: Uint8Array;
  twice: number;
  origin: Origin;
  events: ReturnType<typeof eventLog>["events"];
}

async function run(
  faults: Fault[],
  { init, options, covers = size, resume = false }: {
    init?: RequestInit;
    options?: RangeOptions;
    covers?: number;
    resume?: boolean;
  } = {},
): Promise<Outcome> {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 21 } }, faults });
  using socket = fetchTransport();
  const log = eventLog();
  const inner = resume ? resumeTransport(socket, { delayMs: 0 }) : socket;
  const transport = rangeTransport(inner, {
    pieceBytes: 256 * 1024,
    delayMs: 0,
    enoughBytesPerSecond: 1e12,
    ...options,
  });
  const response = await transport.fetch(new Request(`${origin.url}/a.bin`, init), log);
  const { status, headers } = response;
  const sink = memorySink(covers);
  const written = await save(response, sink);
  assert(sink.isCovered());
  return { status, headers, written, bytes: sink.bytes, twice: sink.twice(), origin, events: log.events };
}

const slow: Fault = { kind: "rate", bytesPerSecond: 4_000_000 };

Deno.test("rangeTransport() answers a plain GET with 200 and the whole file, over several connections", async () => {
  const { status, headers, written, bytes, twice, origin } = await run([slow]);
  assertEquals([status, written, twice], [200, size, 0]);
  assertEquals(headers.get("content-length"), String(size));
  assertEquals(headers.get("content-range"), null);
  assertEquals(bytes, expected);
  assert(origin.peak() > 1, `${origin.peak()}`);
  assert(origin.log.every(({ range }) => range !== null));
});

Deno.test("rangeTransport() has no more bodies open at once than it may", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 21 } }, faults: [slow] });
  using socket = fetchTransport();
  let [open, most] = [0, 0];
  // counted here: the origin hears of a body that was given up only later
  const counting: Transport = {
    async fetch(request, context) {
      most = Math.max(most, ++open);
      const { url, body, status, headers } = await socket.fetch(request, context);
      const end = () => void open--;
      const counted = body!.pipeThrough(new TransformStream({ flush: end, cancel: end }));
      return Object.defineProperty(new Response(counted, { status, headers }), "url", { value: url });
    },
  };
  const transport = rangeTransport(counting, { pieceBytes: 256 * 1024, enoughBytesPerSecond: 1e12 });
  const sink = memorySink(size);
  await save(await transport.fetch(new Request(`${origin.url}/a.bin`)), sink);
  assert(sink.isCovered());
  assertEquals([open, most > 1, most <= 4], [0, true, true], `${most}`);
});

Deno.test("rangeTransport() answers a ranged GET with 206 and just that range", async () => {
  const { status, headers, bytes } = await run([], {
    init: { headers: { range: "bytes=1000000-3999999" } },
    covers: 3_000_000,
  });
  assertEquals(status, 206);
  assertEquals(headers.get("content-range"), `bytes 1000000-3999999/${size}`);
  assertEquals(bytes, expected.subarray(1_000_000, 4_000_000));
});

Deno.test("rangeTransport() splits an open range as well", async () => {
  const { headers, bytes } = await run([], { init: { headers: { range: "bytes=5000000-" } }, covers: 1_000_000 });
  assertEquals(headers.get("content-range"), `bytes 5000000-5999999/${size}`);
  assertEquals(bytes, expected.subarray(5_000_000));
});

Deno.test("rangeTransport() delivers in order to whoever reads the body", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 21 } }, faults: [slow] });
  using socket = fetchTransport();
  const transport = rangeTransport(socket, { pieceBytes: 256 * 1024 });
  const response = await transport.fetch(new Request(`${origin.url}/a.bin`));
  assertEquals(await response.bytes(), expected as Uint8Array<ArrayBuffer>);
  assert(origin.peak() > 1);
});

Deno.test("rangeTransport() needs one request for a file that fits into one part", async () => {
  await using origin = await startOrigin({ files: { "/a.txt": "hello" } });
  using socket = fetchTransport();
  const response = await rangeTransport(socket).fetch(new Request(`${origin.url}/a.txt`));
  assertEquals([response.status, await response.text(), origin.log.length], [200, "hello", 1]);
});

Deno.test("rangeTransport() asks plainly for an empty file", async () => {
  await using origin = await startOrigin({ files: { "/empty": "" } });
  using socket = fetchTransport();
  const response = await rangeTransport(socket).fetch(new Request(`${origin.url}/empty`));
  assertEquals([response.status, await response.text()], [200, ""]);
});

Deno.test("rangeTransport() leaves alone what is not a GET, and what it was told not to split", async () => {
  const seen: (string | null)[] = [];
  const inner = {
    fetch: (request: Request) => Promise.resolve(new Response(seen.push(request.headers.get("range")) + "")),
  };
  const transport = rangeTransport(inner, { when: (request) => request.headers.has("range") });
  for (const init of [{ method: "POST" }, { method: "GET" }, { headers: { range: "bytes=-5" } }]) {
    await (await transport.fetch(new Request("http://127.0.0.1/", init))).body?.cancel();
  }
  assertEquals(seen, [null, null, "bytes=-5"]);
});

for (const status of [400, 403, 404, 405, 416, 501, 503]) {
  Deno.test(`rangeTransport() asks plainly when the probe is refused with ${status}, and remembers the host`, async () => {
    await using origin = await startOrigin({
      files: { "/a.bin": { size, seed: 21 } },
      faults: [{ kind: "status", status, ranged: true }],
    });
    using socket = fetchTransport();
    const transport = rangeTransport(socket);
    for (let round = 0; round < 2; round++) {
      const response = await transport.fetch(new Request(`${origin.url}/a.bin`));
      assertEquals([response.status, (await response.bytes()).byteLength], [200, size]);
    }
    // an empty file is told by a 416 too: that one is asked about each time
    const ranges = status === 416 ? [false, true, false, true] : [false, true, true];
    assertEquals(origin.log.map(({ range }) => range === null), ranges);
  });
}

Deno.test("rangeTransport() hands back a refusal that is not about ranges, or that was asked for", async () => {
  await using origin = await startOrigin({ faults: [{ kind: "status", status: 429 }] });
  using socket = fetchTransport();
  const transport = rangeTransport(socket);
  for (const init of [{}, { headers: { range: "bytes=0-" } }]) {
    const response = await transport.fetch(new Request(`${origin.url}/a.bin`, init));
    assertEquals(response.status, 429);
    await response.body?.cancel();
  }
  assertEquals(origin.log.length, 2);
});

Deno.test("rangeTransport() hands back the plain response when the server knows no ranges, and remembers the host", async () => {
  await using origin = await startOrigin({
    files: { "/a.bin": { size, seed: 21 } },
    faults: [{ kind: "ignore_range" }],
  });
  using socket = fetchTransport();
  const transport = rangeTransport(socket);
  for (let round = 0; round < 2; round++) {
    const response = await transport.fetch(new Request(`${origin.url}/a.bin`));
    assertEquals(response.status, 200);
    assertEquals(await response.bytes(), expected as Uint8Array<ArrayBuffer>);
  }
  assertEquals(origin.log.map(({ range }) => range === null), [false, true]);
});

Deno.test("rangeTransport() goes on with one stream when a later part is answered with the whole file", async () => {
  const { bytes, events } = await run([{ kind: "ignore_range", from: 1, times: 1 }]);
  assertEquals(bytes, expected);
  assert(events.some(({ type }) => type === "fallback"));
});

const survivable: Record<string, Fault[]> = {
  "bodies cut by FIN": [{ kind: "cut", after: 50_000, how: "fin", times: 5 }],
  "bodies cut by RST": [{ kind: "cut", after: 50_000, how: "rst", times: 5 }],
  "parts shorter than asked": [{ kind: "short_range", bytes: 100_000, claim: "honest", times: 6 }],
  "parts that claim to be whole and end early": [{ kind: "short_range", bytes: 100_000, claim: "full", times: 4 }],
  "parts longer than asked": [{ kind: "overlong", bytes: 999, claim: "length", from: 1, times: 4 }],
  "parts that start later than asked": [{ kind: "shift_range", by: 7, from: 1, times: 2 }],
  "parts without Content-Range": [{ kind: "no_content_range", from: 1, times: 2 }],
  "multipart answers": [{ kind: "multipart", from: 1, times: 2 }],
  "encoded parts": [{ kind: "gzip", from: 1, times: 2 }],
  "connections closed without an answer": [{ kind: "no_answer", how: "rst", from: 1, times: 3 }],
  "503 while several connections run": [slow, { kind: "max_connections", connections: 2, status: 503 }],
  "403 above two connections": [slow, { kind: "max_connections", connections: 2 }],
  "429 above one connection": [slow, { kind: "max_connections", connections: 1, status: 429, retryAfter: 1 }],
};
for (const [name, faults] of Object.entries(survivable)) {
  for (const resume of [false, true]) {
    Deno.test(`rangeTransport()${resume ? " over resumeTransport()" : ""} survives ${name}`, async () => {
      const { bytes, written, twice } = await run(structuredClone(faults), { resume });
      assertEquals(bytes, expected);
      assertEquals([written, twice], [size, 0]);
    });
  }
}

Deno.test("rangeTransport() comes to the plain answer before wrong ranges on many connections use up the attempts", async () => {
  const { bytes, events } = await run([{ kind: "shift_range", by: 5, ranged: true, from: 1 }], {
    options: { parallel: 8, maxAttempts: 1 },
  });
  assertEquals(bytes, expected);
  assertEquals(events.filter(({ type }) => type === "fallback").length, 1);
});

Deno.test("rangeTransport() uses one plain stream when ranges keep coming back wrong", async () => {
  const { bytes, events } = await run([{ kind: "shift_range", by: 5, ranged: true, from: 1 }]);
  assertEquals(bytes, expected);
  assert(events.some(({ type }) => type === "fallback"));
});

Deno.test("rangeTransport() stops when the file is replaced under a strong ETag", async () => {
  const error = await assertRejects(() => run([{ kind: "replace", seed: 22, etag: "strong", nth: 4 }]), ContentError);
  assertEquals(error.code, "content_changed");
});

Deno.test("rangeTransport() stops when the size changes", async () => {
  const error = await assertRejects(() => run([{ kind: "wrong_total", by: 5, from: 1 }]), ContentError);
  assertEquals(error.code, "content_changed");
});

Deno.test("rangeTransport() never compares validators across hosts", async () => {
  await using one = await startOrigin({ files: { "/a.bin": { size, seed: 21 } } });
  await using other = await startOrigin({
    files: { "/a.bin": { content: one.files.get("/a.bin")!.content, etag: '"other"' } },
  });
  let count = 0;
  await using front = await startOrigin({
    route: () => ({ status: 307, headers: { location: `${[one, other][count++ % 2]!.url}/a.bin` } }),
  });
  using socket = fetchTransport();
  const transport = rangeTransport(socket, { pieceBytes: 512 * 1024, delayMs: 0 });
  // the first host stops accepting its link, the second one is found by asking again
  one.add({ kind: "status", status: 403, from: 1 });
  const sink = memorySink(size);
  await save(await transport.fetch(new Request(`${front.url}/x`)), sink);
  assertEquals(sink.bytes, expected);
});

Deno.test("rangeTransport() asks the original URL once for all connections when a link has expired", async () => {
  await using origin = await startOrigin({
    files: { "/a.bin": { size, seed: 21 } },
    links: { "/resolve": { to: "/a.bin", requests: 6 } },
    faults: [slow],
  });
  using socket = fetchTransport();
  const log = eventLog();
  const transport = rangeTransport(socket, { pieceBytes: 512 * 1024, delayMs: 0 });
  const sink = memorySink(size);
  await save(await transport.fetch(new Request(`${origin.url}/resolve`), log), sink);
  assertEquals(sink.bytes, expected);
  const resolves = origin.requests("/resolve").length;
  assert(resolves >= 2 && resolves <= 1 + Math.ceil(origin.log.length / 6), `${resolves} of ${origin.log.length}`);
  assert(log.events.some(({ type }) => type === "resolve"));
});

for (const status of [401, 404, 410] as const) {
  Deno.test(`rangeTransport() finds a new link when the one it has answers ${status}`, async () => {
    await using origin = await startOrigin({
      files: { "/a.bin": { size, seed: 21 } },
      links: { "/resolve": { to: "/a.bin", requests: 3, status } },
    });
    using socket = fetchTransport();
    const transport = rangeTransport(socket, { parallel: 1, pieceBytes: 512 * 1024, delayMs: 0 });
    const sink = memorySink(size);
    await save(await transport.fetch(new Request(`${origin.url}/resolve`)), sink);
    assertEquals(sink.bytes, expected);
  });
}

Deno.test("rangeTransport() passes on what the original URL says when it is asked again", async () => {
  await using origin = await startOrigin({
    files: { "/a.bin": { size, seed: 21 } },
    links: { "/resolve": { to: "/a.bin", requests: 3 } },
    faults: [{ kind: "status", status: 403, path: "/resolve", since: 2, body: '{"error":"Early Access"}' }],
  });
  using socket = fetchTransport();
  const transport = rangeTransport(socket, { parallel: 1, pieceBytes: 512 * 1024, delayMs: 0 });
  const response = await transport.fetch(new Request(`${origin.url}/resolve`));
  const error = await assertRejects(() => save(response, memorySink(size)), HttpError);
  assertEquals(error.status, 403);
  assert(error.body.includes("Early Access"));
});

Deno.test("rangeTransport() does not carry the caller's credentials to another origin", async () => {
  await using storage = await startOrigin({ files: { "/a.bin": { size, seed: 21 } } });
  await using front = await startOrigin({ faults: [{ kind: "redirect", to: `${storage.url}/a.bin` }] });
  using socket = fetchTransport();
  const request = new Request(`${front.url}/x`, { headers: { authorization: "Bearer k", cookie: "a=b" } });
  await save(await rangeTransport(socket, { pieceBytes: 512 * 1024 }).fetch(request), memorySink(size));
  assert(front.log.every(({ headers }) => headers.get("authorization") === "Bearer k"));
  assert(storage.log.length > 5);
  assert(storage.log.every(({ headers }) => !headers.has("authorization") && !headers.has("cookie")));
});

for (const names of [["X-Api-Key"], ["x-api-key", "x-other-secret"]]) {
  Deno.test(`no part of a download carries ${names.join(" and ")} to another origin, nor does a resumed one`, async () => {
    await using storage = await startOrigin({
      files: { "/a.bin": { size, seed: 21 } },
      faults: [{ kind: "cut", after: 300_000, how: "fin", times: 6 }, slow],
    });
    await using front = await startOrigin({ faults: [{ kind: "redirect", to: `${storage.url}/a.bin` }] });
    for (const range of [undefined, "bytes=0-"]) {
      using transport = createTransport({
        pieceBytes: 512 * 1024,
        resume: { delayMs: 0 },
        socket: { secretHeaders: names },
      });
      const headers = {
        "x-other": "stays",
        ...(range === undefined ? {} : { range }),
        ...Object.fromEntries(names.map((name) => [name, "s3cr3t"])),
      };
      const sink = memorySink(size);
      await save(await transport.fetch(new Request(`${front.url}/x`, { headers })), sink);
      assertEquals(sink.bytes, expected);
    }
    assert(front.log.every(({ headers }) => names.every((name) => headers.get(name) === "s3cr3t")));
    assert(storage.log.length > 10, `${storage.log.length}`);
    assert(storage.log.every(({ headers }) => headers.get("x-other") === "stays"));
    assertEquals(storage.log.filter(({ headers }) => names.some((name) => headers.has(name))).length, 0);
  });
}

Deno.test("rangeTransport() asks the original URL for each part where nobody says which headers the redirect dropped", async () => {
  await using storage = await startOrigin({ files: { "/a.bin": { size, seed: 21 } } });
  await using front = await startOrigin({ faults: [{ kind: "redirect", to: `${storage.url}/a.bin` }] });
  using socket = fetchTransport({ secretHeaders: ["x-api-key"] });
  const silent: Transport = {
    async fetch(request, context) {
      const { url, body, status, headers } = await socket.fetch(request, context);
      return Object.defineProperty(new Response(body, { status, headers }), "url", { value: url });
    },
  };
  const request = new Request(`${front.url}/x`, { headers: { "x-api-key": "s3cr3t" } });
  await save(await rangeTransport(silent, { pieceBytes: 512 * 1024 }).fetch(request), memorySink(size));
  assert(storage.log.length > 5);
  assert(storage.log.every(({ headers }) => !headers.has("x-api-key")));
});

Deno.test("rangeTransport() does not go on when the sink refuses the bytes", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 21 } } });
  using socket = fetchTransport();
  const response = await rangeTransport(socket, { pieceBytes: 256 * 1024 }).fetch(new Request(`${origin.url}/a.bin`));
  const full = new ContentError("no", { code: "unexpected_content", url: origin.url });
  let writes = 0;
  const error = await assertRejects(() =>
    save(response, {
      write() {
        writes++;
        throw full;
      },
    })
  );
  assertEquals([error === full, writes], [true, 1]);
});

Deno.test("rangeTransport() lets the idle take over the tail of the slowest connection", async () => {
  const { bytes, twice, events } = await run([{ kind: "rate", bytesPerSecond: 400_000, connection: 1 }, slow], {
    options: { pieceBytes: 2 * 1024 * 1024 },
  });
  assertEquals(bytes, expected);
  assertEquals(twice, 0);
  assert(events.some(({ type }) => type === "steal"));
});

Deno.test("rangeTransport() writes nothing after a failed sink, and closes its connections", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 21 } }, faults: [slow] });
  using socket = fetchTransport();
  const response = await rangeTransport(socket, { pieceBytes: 256 * 1024 }).fetch(new Request(`${origin.url}/a.bin`));
  let writes = 0;
  const full = new Error("disk full");
  const error = await assertRejects(() =>
    save(response, {
      write() {
        if (++writes >= 4) throw full;
      },
    }), Error);
  assert(error === full);
  const seen = writes;
  await origin.idle();
  assertEquals(writes, seen);
});

Deno.test("rangeTransport() stops at the caller's abort, with its reason", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 21 } }, faults: [slow] });
  using socket = fetchTransport();
  const controller = new AbortController();
  const request = new Request(`${origin.url}/a.bin`, { signal: controller.signal });
  const response = await rangeTransport(socket, { pieceBytes: 256 * 1024 }).fetch(request);
  const reason = new Error("enough");
  const sink = { write: () => controller.abort(reason) };
  assert(await assertRejects(() => save(response, sink), Error) === reason);
  await origin.idle();
});

Deno.test("rangeTransport() frees the connection of a body nobody wants", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": { size, seed: 21 } }, faults: [slow] });
  using socket = fetchTransport();
  const response = await rangeTransport(socket).fetch(new Request(`${origin.url}/a.bin`));
  await response.body!.cancel();
  await origin.idle();
  assertEquals(origin.log.length, 1);
});

Deno.test("rangeTransport() names the option that is out of range", () => {
  assertThrows(() => rangeTransport(fetchTransport(), { parallel: 0 }), RangeError, "parallel");
  assertThrows(() => rangeTransport(fetchTransport(), { pieceBytes: 5 }), RangeError, "pieceBytes");
});
