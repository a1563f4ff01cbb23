import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { metricsRegistry, openMonitor } from "../../../monitor/mod.ts";
import { createTransport } from "../../../create_transport.ts";
import { CivikitError, download, downloadAll, VerificationError } from "../../../transport/mod.ts";
import { fakeClock } from "../../_support/clock.ts";
import { startOrigin } from "../../_origin/mod.ts";
import { withFolder } from "../../_support/folder.ts";

const counted = (registry: ReturnType<typeof metricsRegistry>, name: string) =>
  Object.fromEntries(
    registry.snapshot().counters.filter((counter) => counter.name === name)
      .map(({ label, count, sum }) => [label, name === "download_bytes" ? sum : count]),
  );

Deno.test("transfers.track() follows a download from start to end, with bytes, rate and time left", () => {
  const clock = fakeClock();
  const registry = metricsRegistry({ clock });
  const seen: string[] = [];
  const { options, id } = registry.transfers.track("a.bin", {
    onProgress: ({ downloadedBytes }) => seen.push(`own ${downloadedBytes}`),
  });
  const now = () => registry.transfers.list()[0]!;
  assertEquals([now().id, now().state, now().etaMs], [id, "waiting", undefined]);
  const phase = (phase: "resuming" | "started" | "verifying" | "finished", bytes: number) =>
    options.report!({ type: "download", path: "a.bin", phase, bytes, totalBytes: 1000 });
  phase("resuming", 400);
  options.onProgress!({ downloadedBytes: 600, totalBytes: 1000, bytesPerSecond: 50 });
  options.report!({ type: "connections", url: "https://x/", connections: 3, reason: "there is room" });
  const { state, bytes, totalBytes, bytesPerSecond, etaMs, connections } = now();
  assertEquals([state, bytes, totalBytes, bytesPerSecond, etaMs, connections], ["active", 600, 1000, 50, 8000, 3]);
  options.onProgress!({ downloadedBytes: 1000, totalBytes: 1000, bytesPerSecond: 50 });
  phase("verifying", 1000);
  assertEquals([now().state, now().etaMs], ["verifying", undefined]);
  phase("finished", 1000);
  assertEquals([now().state, now().connections, now().endedMs], ["finished", 0, clock.date()]);
  // what an earlier run brought is not counted again
  assertEquals(counted(registry, "download_bytes"), { "": 600 });
  assertEquals(counted(registry, "download"), { finished: 1 });
  assertEquals(seen, ["own 600", "own 1000"]);
});

Deno.test("transfers: pause holds a running download before its next write, resume lets it go on, to the right file", () =>
  withFolder(async (folder) => {
    await using origin = await startOrigin({ files: { "/a.bin": { size: 6_000_000, seed: 9 } } });
    using monitor = openMonitor({ guard: false });
    using transport = createTransport({ ...monitor.transport, parallel: 1 });
    const { transfers } = monitor.registry;
    const held = Promise.withResolvers<void>();
    const transfer = monitor.track("a.bin", {
      gate() {
        if (transfers.list()[0]!.state === "active") {
          transfers.pause(transfer.id);
          held.resolve();
        }
        return undefined;
      },
    });
    const result = download(transport, `${origin.url}/a.bin`, join(folder, "a.bin"), transfer.options);
    await held.promise;
    assertEquals(transfers.list()[0]!.state, "paused");
    assertEquals(transfers.pause(transfer.id), true);
    assertEquals(transfers.resume(transfer.id), true);
    // each further write pauses once more; let them all through
    const stop = monitor.registry.events.subscribe((event) => {
      if (event.type === "transfer" && event.transfer.state === "paused") transfers.resume(transfer.id);
    });
    const { bytes } = await result;
    stop();
    assertEquals([bytes, transfers.list()[0]!.state], [6_000_000, "finished"]);
    assertEquals(counted(monitor.registry, "download_bytes"), { "": 6_000_000 });
    assertEquals([transfers.pause(transfer.id), transfers.resume("t99"), transfers.cancel("t99")], [
      false,
      false,
      false,
    ]);
  }));

Deno.test("transfers: cancel stops a download, keeps its bytes for another run, and is no failure", () =>
  withFolder(async (folder) => {
    await using origin = await startOrigin({
      files: { "/a.bin": { size: 3_000_000, seed: 9 } },
      faults: [{ kind: "stall", after: 1_500_000, times: 1 }],
    });
    using monitor = openMonitor({ guard: false });
    using transport = createTransport({ ...monitor.transport, parallel: 1 });
    const { transfers } = monitor.registry;
    const some = Promise.withResolvers<void>();
    const path = join(folder, "a.bin");
    const transfer = monitor.track("a.bin", {
      onProgress: ({ downloadedBytes }) => downloadedBytes > 0 && some.resolve(),
    });
    const failed = assertRejects(() => download(transport, `${origin.url}/a.bin`, path, transfer.options));
    await some.promise;
    assertEquals(transfers.cancel(transfer.id), true);
    await failed;
    assertEquals(transfers.list().map(({ state }) => state), ["cancelled"]);
    assertEquals(monitor.registry.failures().filter(({ kind }) => kind === "download"), []);
    const again = monitor.track("a.bin");
    const { resumedBytes } = await download(transport, `${origin.url}/a.bin`, path, again.options);
    assert(resumedBytes > 0);
    assertEquals(transfers.list().map(({ state }) => state), ["cancelled", "finished"]);
  }));

Deno.test("transfers: a download that fails says why; one that was there already is skipped", () =>
  withFolder(async (folder) => {
    await using origin = await startOrigin({ files: { "/a.bin": { size: 100_000, seed: 9 } } });
    using monitor = openMonitor({ guard: false });
    using transport = createTransport({ ...monitor.transport });
    const path = join(folder, "a.bin");
    const url = `${origin.url}/a.bin`;
    const bad = monitor.track("bad", { hashes: { SHA256: "0".repeat(64) } });
    await assertRejects(() => download(transport, url, path, bad.options), VerificationError);
    const first = await download(transport, url, path, monitor.track("good").options);
    const there = monitor.track("there", { hashes: first.digests });
    const { skipped, path: file } = await download(transport, url, path, there.options);
    there.end({ skipped, path: file });
    assertEquals(monitor.registry.transfers.list().at(-1)?.path, path);
    const states = monitor.registry.transfers.list().map(({ state, code }) => [state, code]);
    assertEquals(states, [["failed", "hash_mismatch"], ["finished", undefined], ["skipped", undefined]]);
    assertEquals(counted(monitor.registry, "download"), { failed: 1, finished: 1, skipped: 1 });
    assertEquals(counted(monitor.registry, "download_error"), { hash_mismatch: 1 });
    const [failure] = monitor.registry.failures().filter(({ kind }) => kind === "download");
    assertEquals([failure?.code, failure?.target], ["hash_mismatch", "bad"]);
  }));

Deno.test("transfers keep the last hundred that ended, and every one that runs", () => {
  const registry = metricsRegistry();
  const { transfers } = registry;
  const runs = transfers.track("runs");
  for (let n = 0; n < 250; n++) transfers.track(`file ${n}`).end();
  const list = transfers.list();
  assertEquals([list.length, list[0]?.name, list.at(-1)?.name], [101, "runs", "file 249"]);
  runs.end({ error: new Error("disk") });
  runs.end();
  assertEquals(transfers.list().slice(0, 2).map(({ name }) => name), ["runs", "file 151"]);
  assertEquals(counted(registry, "download"), { finished: 250, failed: 1 });
});

Deno.test("transfers: a download of a batch that was stopped from outside is cancelled, not failed", () =>
  withFolder(async (folder) => {
    await using origin = await startOrigin({
      files: { "/a.bin": { size: 3_000_000, seed: 9 } },
      faults: [{ kind: "stall", after: 1_500_000 }],
    });
    using monitor = openMonitor({ guard: false });
    using transport = createTransport({ ...monitor.transport, parallel: 1 });
    const some = Promise.withResolvers<void>();
    const transfer = monitor.track("a.bin", {
      onProgress: ({ downloadedBytes }) => downloadedBytes > 0 && some.resolve(),
    });
    const batch = downloadAll(transport, [
      { request: `${origin.url}/a.bin`, path: join(folder, "a.bin"), options: transfer.options },
    ]);
    await some.promise;
    batch.cancel(new CivikitError("running the command: interrupted", { code: "aborted" }));
    const [outcome] = await batch.done;
    transfer.end({ error: outcome?.error });
    assertEquals(monitor.registry.transfers.list().map(({ state }) => state), ["cancelled"]);
    assertEquals(counted(monitor.registry, "download"), { cancelled: 1 });
  }));
