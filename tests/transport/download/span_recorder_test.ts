import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { proveSpans, SpanRecorder } from "../../../transport/download/span_recorder.ts";
import type { JournalSpan } from "../../../transport/download/journal.ts";

const data = crypto.getRandomValues(new Uint8Array(50_000));

function assertTrue(spans: readonly JournalSpan[]): void {
  for (const { start, end, crc32: crc } of spans) {
    assertEquals(crc, crc32(data.subarray(start, end)), `${start}-${end}`);
  }
}

Deno.test("SpanRecorder keeps true checksums for writes of several connections in any order", () => {
  const recorder = new SpanRecorder({ maxSpanBytes: 12_000 });
  const connections = [[0, 20_000], [20_000, 33_333], [33_333, 50_000]] as [number, number][];
  let turn = 0;
  while (connections.length > 0) {
    const connection = connections[turn++ % connections.length]!;
    const [at, end] = connection;
    const next = Math.min(end, at + 1 + (turn * 997) % 3000);
    recorder.record(data.subarray(at, next), at);
    connection[0] = next;
    if (turn % 5 === 0) assertTrue(recorder.entries());
    if (next === end) connections.splice(connections.indexOf(connection), 1);
  }
  const entries = recorder.entries();
  assertTrue(entries);
  assertEquals([...recorder.covered], [{ start: 0, end: 50_000 }]);
  assertEquals(entries.reduce((sum, { start, end }) => sum + end - start, 0), 50_000);
  assert(entries.every(({ start, end }) => end - start <= 12_000));
  assert(entries.length <= 10, `${entries.length} spans`);
});

Deno.test("SpanRecorder does not count bytes twice when work was stolen in flight (faults row 36)", () => {
  const recorder = new SpanRecorder();
  recorder.record(data.subarray(0, 100), 0);
  recorder.record(data.subarray(200, 300), 200);
  recorder.record(data.subarray(50, 250), 50);
  recorder.record(data.subarray(0, 400), 0);
  recorder.record(data.subarray(0, 400), 0);
  assertEquals(recorder.entries(), [{ start: 0, end: 400, crc32: crc32(data.subarray(0, 400)) }]);
  assertEquals(recorder.covered.covered, 400);
});

Deno.test("SpanRecorder goes on from a journal's spans, and distrusts overlaps in it", () => {
  const known = { start: 0, end: 100, crc32: crc32(data.subarray(0, 100)) };
  const recorder = new SpanRecorder({ spans: [known, { start: 50, end: 150, crc32: 1 }] });
  assertEquals(recorder.covered.covered, 100);
  recorder.record(data.subarray(100, 180), 100);
  assertEquals(recorder.entries(), [{ start: 0, end: 180, crc32: crc32(data.subarray(0, 180)) }]);
});

Deno.test("SpanRecorder.forget() gives back whole spans and they can be written again", () => {
  const recorder = new SpanRecorder({ maxSpanBytes: 1000 });
  for (let at = 0; at < 5000; at += 500) recorder.record(data.subarray(at, at + 500), at);
  assertEquals([...recorder.forget(1500, 2001)], [{ start: 1000, end: 3000 }]);
  assertEquals(recorder.covered.holes(5000), [{ start: 1000, end: 3000 }]);
  recorder.record(data.subarray(1000, 3000), 1000);
  assertTrue(recorder.entries());
  assertEquals(recorder.covered.covered, 5000);
});

Deno.test("SpanRecorder.entries() is a snapshot", () => {
  const recorder = new SpanRecorder();
  recorder.record(data.subarray(0, 10), 0);
  const before = recorder.entries();
  recorder.record(data.subarray(10, 20), 10);
  assertEquals(before, [{ start: 0, end: 10, crc32: crc32(data.subarray(0, 10)) }]);
});

Deno.test("SpanRecorder checks maxSpanBytes", () => {
  for (const maxSpanBytes of [0, -1, 1.5, NaN]) {
    assertThrows(() => new SpanRecorder({ maxSpanBytes }), RangeError, "maxSpanBytes");
  }
});

Deno.test("proveSpans() keeps what is on the disk and drops one bad byte's span and what is cut off", async () => {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "x.part");
  try {
    const damaged = data.slice(0, 44_000);
    damaged[25_000]! ^= 1;
    Deno.writeFileSync(path, damaged);
    const spans = [0, 1, 2, 3, 4].map((index) => {
      const start = index * 10_000;
      const end = start + 10_000;
      return { start, end, crc32: crc32(data.subarray(start, end)) };
    });
    assertEquals(await proveSpans(path, spans), [spans[0], spans[1], spans[3]]);
    assertEquals(await proveSpans(path, []), []);
    const reason = new Error("enough");
    assertEquals(await assertRejects(() => proveSpans(path, spans, { signal: AbortSignal.abort(reason) })), reason);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
