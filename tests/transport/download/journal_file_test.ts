import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Journal, newJournal, peekJournal, readJournal } from "../../../transport/download/journal.ts";
import { JournalFile } from "../../../transport/download/journal_file.ts";
import { lastOf, readRecords, recordLine } from "../../../transport/download/journal_record.ts";
import { SpanRecorder } from "../../../transport/download/span_recorder.ts";
import { withFolder } from "../../_support/folder.ts";
import { killedProgram } from "../../_support/killed_program.ts";

const data = new Uint8Array(60_000).map((_, at) => (at * 31 + (at >> 8)) & 255);
const url = "https://civitai.com/api/download/models/7";
const head: Journal = newJournal({ url, validator: '"v1"', total: data.length });

const inFolder = (work: (path: string, folder: string) => void | Promise<void>) => () =>
  withFolder((folder) => work(join(folder, "x.part.json"), folder));

/** Bytes of spans that are what they should be; a span that claims anything else is a failure. */
function provenBytes(found: Journal | string | undefined): number {
  assert(typeof found === "object", String(found));
  let [bytes, before] = [0, 0];
  for (const { start, end, crc32: crc } of found.spans) {
    assert(start >= before && end > start && end <= data.length, `${start}-${end} after ${before}`);
    assertEquals(crc, crc32(data.subarray(start, end)), `${start}-${end}`);
    bytes += end - start;
    before = end;
  }
  return bytes;
}

/** Three connections that write in turns: their account, told after every few writes. */
function* transfer(recorder: SpanRecorder): Generator<void> {
  const connections = [[0, 20_000], [20_000, 33_333], [33_333, data.length]] as [number, number][];
  for (let turn = 0; connections.length > 0; turn++) {
    const connection = connections[turn % connections.length]!;
    const [at, end] = connection;
    connection[0] = Math.min(end, at + 1 + (turn * 997) % 3000);
    recorder.record(data.subarray(at, connection[0]), at);
    if (connection[0] === end) connections.splice(connections.indexOf(connection), 1);
    if (turn % 3 === 2 || connections.length === 0) yield;
  }
}

/** A journal with lines behind its beginning, and what each of its lengths is worth in bytes of the file. */
function written(path: string): { text: string; worth: Map<number, number> } {
  const file = new JournalFile(path);
  const recorder = new SpanRecorder({ maxSpanBytes: 8000 });
  const worth = new Map<number, number>();
  for (const _ of transfer(recorder)) {
    file.update(head, recorder, 5);
    worth.set(Deno.statSync(path).size, recorder.covered.covered);
  }
  file.close();
  const text = Deno.readTextFileSync(path);
  assert(text.split("\n").length > 8 && worth.size > 8, text);
  return { text, worth };
}

Deno.test(
  "a journal that was added to says what its recorder knows, after every line",
  inFolder((path, folder) => {
    for (const spareBytes of [0, 300, 65_536]) {
      const file = new JournalFile(path, { spareBytes });
      const recorder = new SpanRecorder({ maxSpanBytes: 8000 });
      let updated = 100;
      for (const _ of transfer(recorder)) {
        file.update(head, recorder, ++updated);
        const found = peekJournal(path) as Journal;
        assertEquals([provenBytes(found), found.updated], [recorder.covered.covered, updated]);
        // what has not changed adds nothing
        const { size } = Deno.statSync(path);
        file.update(head, recorder, updated + 1);
        assertEquals(Deno.statSync(path).size, size);
      }
      file.settle(head, recorder, 999);
      file.close();
      assertEquals(JSON.parse(Deno.readTextFileSync(path)).spans, recorder.entries());
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["x.part.json"]);
  }),
);

Deno.test(
  "spans that were given up, and another head, are not in the journal any more",
  inFolder((path) => {
    const file = new JournalFile(path);
    const recorder = new SpanRecorder({ maxSpanBytes: 1000 });
    for (let at = 0; at < 5000; at += 500) {
      recorder.record(data.subarray(at, at + 500), at);
      file.update(head, recorder, 1);
    }
    recorder.forget(1500, 2001);
    file.update(head, recorder, 2);
    assertEquals(provenBytes(peekJournal(path)), 3000);
    recorder.record(data.subarray(1000, 1200), 1000);
    file.update(head, recorder, 3);
    assertEquals(provenBytes(peekJournal(path)), 3200);
    file.update({ ...head, name: "b.bin" }, recorder, 3);
    assertEquals((peekJournal(path) as Journal).name, "b.bin");
    file.update(head, new SpanRecorder(), 4);
    assertEquals(provenBytes(peekJournal(path)), 0);
    file.close();
  }),
);

Deno.test(
  "a journal torn at any byte is worth what was whole by then, whatever the tear is filled with",
  inFolder((path) => {
    const { text, worth } = written(path);
    const headBytes = text.indexOf("\n");
    for (let cut = 0; cut < text.length; cut++) {
      for (const filling of ["", "\0".repeat(40), "\0".repeat(text.length - cut), "?\n", "\n"]) {
        // a line is whole with its line feed, the beginning without it, too
        const there = filling === "\n" || cut === headBytes ? cut + 1 : cut;
        const whole = Math.max(0, ...[...worth.keys()].filter((size) => size <= there));
        Deno.writeTextFileSync(path, text.slice(0, cut) + filling);
        const found = peekJournal(path);
        if (cut < headBytes) assertEquals(found, "not JSON", `${cut} ${filling}`);
        else if (typeof found === "object") {
          assertEquals(provenBytes(found), worth.get(whole) ?? 0, `${cut} ${filling}`);
        } // nothing but the beginning, and it is not ended: then what follows belongs to it
        else assert(cut === headBytes && filling !== "" && !filling.startsWith("\n"), `${cut} ${filling}`);
      }
    }
  }),
);

Deno.test(
  "a journal whose tail is there twice says the same as once",
  inFolder((path) => {
    const { text } = written(path);
    const once = peekJournal(path) as Journal;
    for (let from = text.indexOf("\n") + 1; from < text.length; from++) {
      Deno.writeTextFileSync(path, text + text.slice(from));
      const twice = peekJournal(path) as Journal;
      assertEquals([twice.spans, provenBytes(twice)], [once.spans, data.length], `${from}`);
    }
  }),
);

Deno.test(
  "a flipped bit takes lines away, and never brings a span that was not there",
  inFolder((path) => {
    const { text } = written(path);
    const bytes = new TextEncoder().encode(text);
    for (let at = text.indexOf("\n") + 1; at < bytes.length; at++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        const bad = bytes.slice();
        bad[at]! ^= bit;
        Deno.writeFileSync(path, bad);
        provenBytes(peekJournal(path));
      }
    }
  }),
);

Deno.test(
  "a new beginning that a kill broke off at any byte leaves the journal before it",
  inFolder((path, folder) => {
    const { text } = written(path);
    for (let cut = 0; cut <= text.length; cut += 7) {
      Deno.writeTextFileSync(`${path}.tmp`, text.slice(0, cut));
      assertEquals(provenBytes(readJournal(path) as Journal), data.length);
    }
    // the next run begins it anew, so that nothing follows what a tear left
    Deno.writeTextFileSync(path, text.slice(0, -3));
    const file = new JournalFile(path);
    const recorder = new SpanRecorder({ spans: (peekJournal(path) as Journal).spans });
    const before = recorder.covered.covered;
    assert(before < data.length);
    const [{ start, end } = { start: 0, end: 0 }] = recorder.covered.holes(data.length);
    file.update(head, recorder, 1);
    recorder.record(data.subarray(start, end), start);
    file.update(head, recorder, 1);
    file.close();
    assertEquals(provenBytes(peekJournal(path)), before + end - start);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["x.part.json"]);
  }),
);

Deno.test(
  "journals of one text, as they were before lines were added, are read",
  inFolder((path) => {
    const spans = [{ start: 0, end: 10, crc32: crc32(data.subarray(0, 10)) }];
    Deno.writeTextFileSync(path, JSON.stringify({ ...head, spans }));
    assertEquals((readJournal(path) as Journal).spans, spans);
  }),
);

Deno.test({
  name: "a line that finds no room on the disk leaves the lines before it, and the next one begins the journal anew",
  ignore: Deno.build.os !== "linux",
  fn: inFolder((path) => {
    const script = `
      import { JournalFile } from ${JSON.stringify(import.meta.resolve("../../../transport/download/journal_file.ts"))};
      import { newJournal } from ${JSON.stringify(import.meta.resolve("../../../transport/download/journal.ts"))};
      import { SpanRecorder } from ${
      JSON.stringify(import.meta.resolve("../../../transport/download/span_recorder.ts"))
    };
      const head = newJournal({ url: ${JSON.stringify(url)} });
      const file = new JournalFile(${JSON.stringify(path)}, { spareBytes: 10_000_000 });
      const recorder = new SpanRecorder({ maxSpanBytes: 1 });
      const codes = [];
      for (let at = 0; at < 4000; at += 2) {
        recorder.record(new Uint8Array(1), at);
        try {
          file.update(head, recorder, 1);
        } catch (error) {
          codes.push(error.code);
          break;
        }
      }
      console.log(codes.join());`;
    // the shell's limit on the size of a file, in blocks of 1024 bytes; without the signal it is an error of the write
    const words = ["-c", `trap '' XFSZ; ulimit -f 20; exec "$@"`, "sh", Deno.execPath(), "eval", "--no-check", script];
    const { stdout, stderr } = new Deno.Command("bash", { args: words }).outputSync();
    const said = new TextDecoder().decode(stdout).trim();
    assert(["disk_error", "no_space"].includes(said), said + new TextDecoder().decode(stderr));
    const found = peekJournal(path) as Journal;
    assert(typeof found === "object" && found.spans.length > 300, JSON.stringify(found).slice(0, 200));
    assert(Deno.statSync(path).size <= 20 * 1024);
  }),
});

Deno.test("what is written of a file's account grows as the file does, and no faster", () => {
  const folder = Deno.makeTempDirSync();
  const bytes = new Uint8Array(16);
  function writtenFor(writes: number): number {
    const path = join(folder, `${writes}.part.json`);
    const file = new JournalFile(path);
    // a span a write, as the 16 MiB of a large file: nothing is joined
    const recorder = new SpanRecorder({ maxSpanBytes: 16 });
    let [sum, size, inode] = [0, 0, null as number | null];
    for (let at = 0; at < writes; at++) {
      recorder.record(bytes, at * 16);
      file.update(head, recorder, 1);
      const now = Deno.statSync(path);
      sum += now.ino === inode ? now.size - size : now.size;
      [size, inode] = [now.size, now.ino];
    }
    file.close();
    return sum;
  }
  try {
    const [small, large] = [writtenFor(2000), writtenFor(16_000)];
    assert(large / small < 12, `${small} bytes for 2,000 spans, ${large} for 16,000`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test(
  "a process killed while it adds to journals and begins them anew leaves what it had said",
  inFolder(async (path, folder) => {
    const from = (name: string) => JSON.stringify(import.meta.resolve(`../../../transport/download/${name}.ts`));
    const program = `import { newJournal } from ${from("journal")};
    import { JournalFile } from ${from("journal_file")};
    import { SpanRecorder } from ${from("span_recorder")};
    const data = new Uint8Array(${data.length}).map((_, at) => (at * 31 + (at >> 8)) & 255);
    const head = newJournal({ url: ${JSON.stringify(url)}, total: data.length });
    for (let round = 0;; round++) {
      // small enough to begin anew every few lines
      const file = new JournalFile(${JSON.stringify(path)}, { spareBytes: 0 });
      const recorder = new SpanRecorder({ maxSpanBytes: 500 });
      recorder.record(data.subarray(0, 100), 0);
      for (let at = 100; at < data.length; at += 100) {
        recorder.record(data.subarray(at, at + 100), at);
        file.update(head, recorder, 1);
        if (round === 0 && at === 5000) console.log("begun");
      }
      file.close();
    }`;
    await killedProgram(program, 8, () => {
      assert(provenBytes(readJournal(path) as Journal) >= 200);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["x.part.json"]);
    });
  }),
);

Deno.test("lastOf() lets later spans take the place of earlier ones, and keeps no byte twice", () => {
  const span = (start: number, end: number, crc32 = 0) => ({ start, end, crc32 });
  assertEquals(lastOf([span(20, 30), span(0, 10), span(0, 20, 7)]), [span(0, 20, 7), span(20, 30)]);
  assertEquals(lastOf([span(0, 10), span(10, 20), span(0, 20, 7)]), [span(0, 20, 7)]);
  assertEquals(lastOf([span(0, 20, 7), span(0, 10)]), [span(0, 10)]);
  assertEquals(lastOf([span(0, 20), span(5, 8, 7)]), [span(5, 8, 7)]);
  assertEquals(lastOf([span(5, 8, 7), span(0, 20), span(6, 30)]), [span(6, 30)]);
});

Deno.test("records survive the largest numbers", () => {
  const spans = [{ start: 0, end: Number.MAX_SAFE_INTEGER, crc32: 0xffffffff }];
  assertEquals(readRecords(recordLine(spans, 1_900_000_000_000)), [{ updated: 1_900_000_000_000, spans }]);
});
