import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  liveTable,
  type LiveTransfer,
  type MetricsRegistry,
  metricsRegistry,
  statsStore,
} from "../../../monitor/mod.ts";
import { type LiveWriter, liveWriter, type LiveWriterOptions } from "../../../monitor/stats/live_writer.ts";
import { CivikitError, DiskError } from "../../../transport/mod.ts";
import { type FakeClock, fakeClock } from "../../_support/clock.ts";

interface Stage {
  readonly path: string;
  readonly clock: FakeClock;
  readonly registry: MetricsRegistry;
  writer(options?: Partial<LiveWriterOptions>): LiveWriter;
}

async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  const path = join(folder, "state", "stats.sqlite");
  try {
    await work({
      path,
      clock,
      registry,
      writer: (options = {}) => liveWriter({ registry, path, command: "download", ...options }),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Begins a download of `name`, with `bytes` of 1000 there. */
function begin(registry: MetricsRegistry, name: string, bytes = 0) {
  const transfer = registry.transfers.track(name, { sizeBytes: 1000 }, { reference: "2002" });
  transfer.options.report?.({ type: "download", path: `/m/${name}`, phase: "started", bytes: 0, totalBytes: 1000 });
  transfer.options.onProgress?.({ downloadedBytes: bytes, totalBytes: 1000, bytesPerSecond: 50 });
  return transfer;
}

const shown = ({ path, state, bytes, verdict }: LiveTransfer) => [path, state, bytes, verdict];
const exists = (path: string) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
};

Deno.test("a transfer stands in the table within a second, and becomes history with speed and verdict", () =>
  onStage(async ({ path, clock, registry, writer }) => {
    using live = writer();
    await clock.advance(5000);
    assertEquals(exists(path), false, "nothing is written before something is transferred");
    const first = begin(registry, "a.safetensors", 400);
    await clock.advance(200);
    using table = liveTable(path, { clock });
    const [one] = table.list();
    assertEquals(shown(one!), ["/m/a.safetensors", "downloading", 400, null]);
    assertEquals([one!.totalBytes, one!.bytesPerSecond, one!.reference, one!.endedMs], [1000, 50, "2002", null]);
    assertEquals([one!.process.pid, one!.process.command, one!.process.isAlive], [Deno.pid, "download", true]);
    assertEquals(table.working().map(({ pid, rssBytes }) => [pid, rssBytes > 1e6]), [[Deno.pid, true]]);

    const url = "https://civitai.com/x";
    first.options.report?.({ type: "retry", url, attempt: 2, delayMs: 12_000, code: "rate_limited", status: 429 });
    await clock.advance(1000);
    const [waiting] = table.list();
    assertEquals([waiting!.why, waiting!.againMs! - clock.date()], ["rate_limited", 11_000]);
    first.options.onProgress?.({ downloadedBytes: 1000, totalBytes: 1000, bytesPerSecond: 50 });
    await clock.advance(1000);
    assertEquals(table.list().map(({ bytes, why }) => [bytes, why]), [[1000, null]]);

    first.options.report?.({ type: "download", path: "/m/a.safetensors", phase: "finished", bytes: 1000 });
    first.end({ verified: true });
    const bad = begin(registry, "b.safetensors", 10);
    bad.end({ error: new CivikitError("downloading", { code: "connection_reset" }) });
    begin(registry, "c.safetensors").end({ skipped: true });
    await clock.advance(200);
    assertEquals(table.list(), []);
    assertEquals(table.history().map(shown), [
      ["/m/c.safetensors", "done", 0, "there"],
      ["/m/b.safetensors", "failed", 10, "failed"],
      ["/m/a.safetensors", "done", 1000, "verified"],
    ]);
    assertEquals(table.history()[1]!.why, "connection_reset");
    assertEquals(table.history()[2]!.bytesPerSecond, Math.round(1000 / 2.2), "the mean of its whole time");
    assertEquals(clock.timers, 0, "who transfers nothing writes nothing");
    live.stop();
    assertEquals(table.history().map(({ process }) => process.isAlive), [false, false, false]);
    assertEquals([...Deno.readDirSync(join(path, "..", "running"))], [], "no mark stays");
  }));

Deno.test("a wish is obeyed at the next write, of one and of all, and only by what can obey", () =>
  onStage(async ({ path, clock, registry, writer }) => {
    using _live = writer();
    const [a, b] = ["a", "b"].map((name) => begin(registry, name, 100));
    await clock.advance(200);
    using table = liveTable(path, { clock });
    const [first, second] = table.list();
    assertEquals(table.wish("resume"), [], "nothing is paused");
    assertEquals(table.wish("pause", "999"), []);
    assertEquals(table.wish("pause", first!.id).map(({ path }) => path), ["/m/a"]);
    await clock.advance(1200);
    assertEquals(table.list().map(({ state }) => state), ["paused", "downloading"]);
    assertEquals(registry.transfers.list().map(({ state }) => state), ["paused", "active"]);
    assertEquals(table.wish("pause").map(({ id }) => id), [second!.id], "what is paused is not paused again");
    await clock.advance(1200);
    assertEquals(table.wish("resume").length, 2);
    await clock.advance(1200);
    assertEquals(table.list().map(({ state }) => state), ["downloading", "downloading"]);
    assertEquals(table.wish("cancel", second!.id).length, 1);
    table.wish("pause", second!.id); // who is to stop is not talked out of it
    await clock.advance(1200);
    assertEquals([a!.options.signal!.aborted, b!.options.signal!.aborted], [false, true]);
    assertEquals(table.history().map(shown), [["/m/b", "cancelled", 100, "cancelled"]]);
    assertEquals(table.wish("cancel", second!.id), [], "what is over obeys nobody");
  }));

Deno.test("without history nothing stays once a transfer is over, not even in what the file freed", () =>
  onStage(async ({ path, clock, registry, writer }) => {
    {
      using _live = writer({ isKept: false });
      const transfer = begin(registry, "secret-name", 100);
      await clock.advance(200);
      using table = liveTable(path, { clock });
      assertEquals(table.list().map(({ path }) => path), ["/m/secret-name"]);
      transfer.end({ verified: true });
      await clock.advance(200);
      assertEquals([table.list(), table.history()], [[], []]);
      begin(registry, "second-name", 100);
      await clock.advance(200);
    }
    const text = new TextDecoder("latin1").decode(Deno.readFileSync(path));
    assert(!text.includes("secret-name") && !text.includes("second-name"));
  }));

Deno.test("history is bounded by rows and by age, and is cleared with the numbers; what runs stays", () =>
  onStage(async ({ path, clock, registry, writer }) => {
    using _live = writer({ keepRows: 5, keepMs: 3_600_000 });
    for (let i = 0; i < 12; i++) begin(registry, `old${i}`).end();
    await clock.advance(200);
    using table = liveTable(path, { clock });
    assertEquals(table.history().map(({ path }) => path), [11, 10, 9, 8, 7].map((i) => `/m/old${i}`));
    await clock.advance(3_700_000);
    begin(registry, "new").end();
    begin(registry, "running");
    await clock.advance(200);
    assertEquals(table.history().map(({ path }) => path), ["/m/new"]);
    using store = statsStore(path, { clock });
    store.clear();
    assertEquals([table.history(), table.list().map(({ path }) => path)], [[], ["/m/running"]]);
  }));

Deno.test("a busy or missing database holds up no transfer, is told of once, and is written when it is free", () =>
  onStage(async ({ path, clock, registry, writer }) => {
    const errors: unknown[] = [];
    using live = writer({ onError: (error) => errors.push(error) });
    begin(registry, "a", 100);
    await clock.advance(200);
    {
      using other = new DatabaseSync(path);
      other.exec("BEGIN IMMEDIATE");
      let soonestMs = Infinity;
      for (let time = 0; time < 5; time++) {
        const startedMs = performance.now();
        assertEquals(live.write(), false);
        // a busy machine is late now and then, who waits is so each time
        soonestMs = Math.min(soonestMs, performance.now() - startedMs);
      }
      assert(soonestMs < 500, `it waited ${soonestMs} ms`);
      begin(registry, "b", 5).end();
      await clock.advance(5000);
      other.exec("ROLLBACK");
    }
    assertEquals(errors.map((error) => (error as DiskError).code), ["target_locked"]);
    await clock.advance(1000);
    using table = liveTable(path, { clock });
    assertEquals([table.list().map(shown), table.history().map(shown)], [
      [["/m/a", "downloading", 100, null]],
      [["/m/b", "done", 5, "unverified"]],
    ]);
    // rows that were rolled back took their numbers with them
    using raw = new DatabaseSync(path);
    assertEquals(raw.prepare("SELECT count(*) AS n FROM transfers").get()!["n"], 2);
  }));

Deno.test("a damaged file is replaced while transfers run, and they stand in the new one", () =>
  onStage(async ({ path, clock, registry, writer }) => {
    using live = writer();
    for (const name of ["a", "b"]) begin(registry, name, 100);
    await clock.advance(200);
    {
      using other = new DatabaseSync(path);
      other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    Deno.writeFileSync(path, Deno.readFileSync(path).fill(0, 4096));
    for (const transfer of registry.transfers.list()) registry.transfers.pause(transfer.id);
    live.write();
    await clock.advance(2000);
    using table = liveTable(path, { clock });
    assertEquals(table.list().map(({ path, state }) => [path, state]), [["/m/a", "paused"], ["/m/b", "paused"]]);
  }));

Deno.test("a table opened to look takes no right to write, and refuses a file of an older version in words", () =>
  onStage(async ({ path, clock, registry, writer }) => {
    using _live = writer();
    begin(registry, "a", 100);
    await clock.advance(200);
    {
      using table = liveTable(path, { clock, readOnly: true });
      assertEquals(table.list().map(({ path }) => path), ["/m/a"]);
      assertThrows(() => table.wish("pause"), DiskError);
    }
    using raw = new DatabaseSync(path);
    raw.exec("PRAGMA user_version = 2");
    const error = assertThrows(() => statsStore(path, { readOnly: true }), DiskError, "of version 2");
    assertEquals(error.code, "permission_denied");
  }));
