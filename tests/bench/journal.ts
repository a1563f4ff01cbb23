/**
 * What the account of a download costs as the file grows: the real recorder and the real journal, without the bytes. Eight
 * connections take pieces of 16 MiB in turns and write 1 MiB at a time; every 8 MiB the journal is brought up to date.
 *
 *     deno task bench:journal [--gigabytes 100] [--quick] [--json]
 *
 * @module
 */
import { newJournal } from "../../transport/download/journal.ts";
import { JournalFile } from "../../transport/download/journal_file.ts";
import { SpanRecorder } from "../../transport/download/span_recorder.ts";
import { benchArgs, type Row } from "./_bench.ts";
import { stopwatch } from "./_meter.ts";

const args = await benchArgs("journal.ts", ["gigabytes"]);
const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const flushBytes = 8 * MiB;
const pieceBytes = 16 * MiB;
const connections = 8;

interface Cost {
  readonly cpuMs: number;
  readonly worstMs: number;
  readonly writtenBytes: number;
  readonly heapBytes: number;
}

function heap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed;
}

/** The offsets at which a whole file of `total` bytes comes. */
function* writes(total: number): Generator<number> {
  const pieces = Math.ceil(total / pieceBytes);
  for (let first = 0; first < pieces; first += connections) {
    for (let at = 0; at < pieceBytes; at += MiB) {
      for (let piece = first; piece < Math.min(first + connections, pieces); piece++) yield piece * pieceBytes + at;
    }
  }
}

function simulate(folder: string, total: number): Cost {
  const path = `${folder}/x.part.json`;
  const bytes = new Uint8Array(MiB);
  const heapBefore = heap();
  const recorder = new SpanRecorder();
  const journal = newJournal({ url: "https://civitai.com/api/download/models/1", total });
  const file = new JournalFile(path);
  let before = { size: 0, ino: null as number | null };
  let [cpuMs, worstMs, writtenBytes, unwritten] = [0, 0, 0, 0];
  for (const at of writes(total)) {
    recorder.record(bytes, at);
    if ((unwritten += MiB) < flushBytes) continue;
    unwritten = 0;
    const elapsed = stopwatch();
    file.update(journal, recorder, Date.now());
    const spent = elapsed();
    cpuMs += spent.cpuMs!;
    worstMs = Math.max(worstMs, spent.wallMs);
    const { size, ino } = Deno.statSync(path);
    writtenBytes += ino === before.ino ? size - before.size : size;
    before = { size, ino };
  }
  file.close();
  return { cpuMs, worstMs, writtenBytes, heapBytes: heap() - heapBefore };
}

const folder = await Deno.makeTempDir();
try {
  const rows: Row[] = [];
  const most = args.number("gigabytes", args.isQuick ? 2 : 100);
  for (const size of [1, 20, 100].filter((size) => size <= most)) {
    const { cpuMs, worstMs, writtenBytes, heapBytes } = simulate(folder, size * GiB);
    const target = size === 20 ? "<= 0.1 s CPU" : "-";
    const kept = `${(writtenBytes / MiB).toFixed(1)} MiB written, ${(heapBytes / 1024).toFixed(0)} KiB of heap`;
    const result = `${(cpuMs / 1000).toFixed(3)} s CPU, worst ${worstMs.toFixed(1)} ms, ${kept}`;
    const reached = size === 20 ? cpuMs <= 100 : undefined;
    rows.push({
      name: "-",
      what: `account of ${size} GiB, bytes left out`,
      target,
      result,
      reached,
      cpuS: cpuMs / 1000,
    });
  }
  args.print(rows);
} finally {
  await Deno.remove(folder, { recursive: true });
}
