import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ContentError, fetchTransport, HttpError, NetworkError, resumeTransport } from "../../../transport/mod.ts";
import { contentAt, type Fault, startOrigin } from "../../_origin/mod.ts";
import { eventLog } from "../../_support/memory.ts";

const size = 3_000_000;
const file = { size, seed: 11 };
const expected = contentAt(11, 0, size);

async function get(faults: Fault[], init?: RequestInit) {
  await using origin = await startOrigin({ files: { "/a.bin": file }, faults });
  using socket = fetchTransport();
  const log = eventLog();
  const transport = resumeTransport(socket, { delayMs: 0, maxAttempts: 3 });
  const response = await transport.fetch(new Request(`${origin.url}/a.bin`, init), log);
  try {
    return { bytes: await response.bytes(), response, log: origin.log, events: log.events };
  } finally {
    await response.body?.cancel().catch(() => {});
  }
}

for (const how of ["fin", "rst"] as const) {
  Deno.test(`resumeTransport() heals a body cut by ${how} three times over`, async () => {
    const { bytes, log, events } = await get([{ kind: "cut", after: 700_000, how, times: 3 }]);
    assertEquals(bytes, expected);
    assertEquals(log.length, 4);
    assert(log[1]!.ifRange !== null && log[1]!.range!.startsWith("bytes="));
    assertEquals(events.filter(({ type }) => type === "resume").length, 3);
  });
}

Deno.test("resumeTransport() heals a body without Content-Length that ended in a cut chunk", async () => {
  const { bytes } = await get([{ kind: "cut", after: 900_000, how: "rst", framing: "chunked", times: 1 }]);
  assertEquals(bytes, expected);
});

Deno.test("resumeTransport() keeps asking while each answer is shorter than asked", async () => {
  const { bytes, log } = await get([
    { kind: "cut", after: 500_000, how: "fin", times: 1 },
    { kind: "short_range", bytes: 600_000, claim: "honest", ranged: true },
  ]);
  assertEquals(bytes, expected);
  assertEquals(log.length, 6);
});

Deno.test("resumeTransport() cuts a ranged body that is longer than its range", async () => {
  const faults: Fault[] = [{ kind: "overlong", bytes: 5000, claim: "length" }];
  const { bytes } = await get(faults, { headers: { range: "bytes=1000000-1999999" } });
  assertEquals(bytes, expected.subarray(1_000_000, 2_000_000));
});

Deno.test("resumeTransport() skips what it has when the same file comes whole again", async () => {
  const { bytes, log } = await get([{ kind: "cut", after: 700_000, how: "fin", times: 1 }, { kind: "ignore_range" }]);
  assertEquals(bytes, expected);
  assertEquals(log[1]!.status, 200);
});

Deno.test("resumeTransport() heals a caller's own range within that range", async () => {
  const { bytes, log } = await get([{ kind: "cut", after: 400_000, how: "rst", times: 1 }], {
    headers: { range: "bytes=500000-1499999" },
  });
  assertEquals(bytes, expected.subarray(500_000, 1_500_000));
  assert(log[1]!.range!.endsWith("-1499999"));
});

Deno.test("resumeTransport() refuses to join bytes of a file that was replaced", async () => {
  const faults: Fault[] = [
    { kind: "cut", after: 700_000, how: "fin", times: 1 },
    { kind: "replace", seed: 12, etag: "strong", nth: 2 },
  ];
  const error = await assertRejects(() => get(faults), ContentError);
  assertEquals(error.code, "content_changed");
});

Deno.test("resumeTransport() refuses to join bytes when nothing proves the file to be the same", async () => {
  const faults: Fault[] = [
    { kind: "validators", etag: "none", lastModified: "none" },
    { kind: "cut", after: 700_000, how: "fin", times: 1 },
  ];
  const error = await assertRejects(() => get(faults), NetworkError);
  assert(error.code === "body_incomplete" || error.code === "connection_reset", error.code);
});

Deno.test("resumeTransport() refuses a 206 that starts elsewhere, and asks again", async () => {
  const { bytes } = await get([
    { kind: "cut", after: 700_000, how: "fin", times: 1 },
    { kind: "shift_range", by: 10, ranged: true, times: 2 },
  ]);
  assertEquals(bytes, expected);
});

Deno.test("resumeTransport() gives up after the attempts that brought no byte", async () => {
  const error = await assertRejects(
    () => get([{ kind: "cut", after: 700_000, how: "fin", times: 1 }, { kind: "no_answer", how: "rst", since: 2 }]),
    NetworkError,
  );
  assertEquals(error.code, "no_progress");
  assert(error.cause instanceof NetworkError);
});

Deno.test("resumeTransport() passes on a refusal met while resuming", async () => {
  const error = await assertRejects(
    () => get([{ kind: "cut", after: 700_000, how: "fin", times: 1 }, { kind: "status", status: 404, since: 2 }]),
    HttpError,
  );
  assertEquals(error.status, 404);
});

Deno.test("resumeTransport() leaves small bodies and refusals untouched", async () => {
  const small = new Response("{}", { headers: { "content-length": "2" } });
  const transport = resumeTransport({ fetch: () => Promise.resolve(small) });
  assert(await transport.fetch(new Request("http://127.0.0.1/")) === small);
});

Deno.test("resumeTransport() fills the reader's own large buffers", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": file } });
  using socket = fetchTransport();
  const response = await resumeTransport(socket).fetch(new Request(`${origin.url}/a.bin`));
  const reader = response.body!.getReader({ mode: "byob" });
  let at = 0;
  for (let buffer = new ArrayBuffer(1 << 20);;) {
    const { value, done } = await reader.read(new Uint8Array(buffer));
    if (done) break;
    assertEquals(value.buffer.byteLength, 1 << 20);
    assertEquals(value, expected.subarray(at, at + value.byteLength) as Uint8Array<ArrayBuffer>);
    at += value.byteLength;
    buffer = value.buffer;
  }
  assertEquals(at, size);
});

Deno.test("resumeTransport() loses nothing of a buffer that its reader fills in several reads, or has filled in part", async () => {
  const faults: Fault[] = [{ kind: "cut", after: 70_000, how: "rst" }];
  await using origin = await startOrigin({ files: { "/a.bin": file }, faults });
  using socket = fetchTransport();
  for (const front of [0, 1000]) {
    const transport = resumeTransport(socket, { delayMs: 0, maxAttempts: 100 });
    const response = await transport.fetch(new Request(`${origin.url}/a.bin`));
    const reader = response.body!.getReader({ mode: "byob" });
    const filled = new Uint8Array(size + front);
    filled.fill(7, 0, front);
    // `min` alone keeps the buffer from coming back before it is full
    const { value } = await reader.read(filled.subarray(front), { min: size });
    const all = new Uint8Array(value!.buffer);
    const wrong = all.subarray(front).findIndex((byte, at) => byte !== expected[at]);
    assertEquals(wrong, -1);
    assert(all.subarray(0, front).every((byte) => byte === 7));
    await reader.cancel();
  }
});

Deno.test("resumeTransport() stops at the caller's abort, with its reason", async () => {
  await using origin = await startOrigin({ files: { "/a.bin": file }, faults: [{ kind: "stall", after: 100_000 }] });
  using socket = fetchTransport();
  const controller = new AbortController();
  const request = new Request(`${origin.url}/a.bin`, { signal: controller.signal });
  const response = await resumeTransport(socket).fetch(request);
  const reading = response.bytes();
  controller.abort(new Error("enough"));
  assertEquals((await assertRejects(() => reading, Error)).message, "enough");
});

Deno.test("resumeTransport() takes a stalled connection for a broken one", async () => {
  await using origin = await startOrigin({
    files: { "/a.bin": file },
    faults: [{ kind: "stall", after: 200_000, times: 1 }],
  });
  using socket = fetchTransport();
  const log = eventLog();
  const transport = resumeTransport(socket, { delayMs: 0, idleTimeoutMs: 50 });
  const response = await transport.fetch(new Request(`${origin.url}/a.bin`), log);
  assertEquals(await response.bytes(), expected as Uint8Array<ArrayBuffer>);
  assert(log.events.some((event) => event.type === "resume" && event.code === "idle_timeout"));
});

Deno.test("resumeTransport() names the option that is out of range", () => {
  assertThrows(() => resumeTransport(fetchTransport(), { idleTimeoutMs: 0 }), RangeError, "idleTimeoutMs");
});
