import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  liveTable,
  type MetricsRegistry,
  metricsRegistry,
  openMonitor,
  recorder,
  statsStore,
} from "../../../monitor/mod.ts";
import { liveWriter } from "../../../monitor/stats/live_writer.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { type FakeClock, fakeClock } from "../../_support/clock.ts";
import { serve, type Served } from "./_served.ts";
import { attempt } from "./_stage.ts";

interface Elsewhere {
  readonly path: string;
  readonly clock: FakeClock;
  /** The numbers of another process. */
  readonly other: MetricsRegistry;
  readonly served: Served;
}

/** A server that has nothing of its own, beside a process that works. */
async function beside(work: (stage: Elsewhere) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "stats.sqlite");
  const clock = fakeClock();
  const other = metricsRegistry({ clock });
  try {
    using _writer = liveWriter({ registry: other, path, command: "download" });
    using store = statsStore(path, { clock });
    using live = liveTable(path, { clock });
    await using served = serve({ store, live, clock, registry: metricsRegistry({ clock }) });
    await work({ path, clock, other, served });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const text = async (answer: Promise<Response>) => await (await answer).text();
const begin = (registry: MetricsRegistry, path: string) => {
  const transfer = registry.transfers.track(path, { sizeBytes: 1000 });
  transfer.options.report?.({ type: "download", path, phase: "started", bytes: 0, totalBytes: 1000 });
  transfer.options.onProgress?.({ downloadedBytes: 250, totalBytes: 1000, bytesPerSecond: 50 });
  return transfer;
};

Deno.test("diagnostics() shows what another process transfers, its buttons act there, and it offers what can act", () =>
  beside(async ({ clock, other, served: { get, post } }) => {
    assert(!(await text(get("/transfers"))).includes("<form"), "nothing runs, so nothing is offered");
    const [one, two] = ["/models/a.safetensors", "/models/b.safetensors"].map((path) => begin(other, path));
    await clock.advance(300);
    const page = await text(get("/transfers"));
    assert(page.includes("a.safetensors") && page.includes(`download · ${Deno.pid}`) && page.includes("25%"), page);
    const [first] = await (await get("/api/transfers")).json();
    assert(page.includes(`action="/api/transfers/${first.id}/pause"`) && page.includes('id="all-pause"'), page);
    assert(!page.includes('id="all-resume"') && !page.includes(`/${first.id}/resume`), "nothing is paused");

    assertEquals(await (await post(`/api/transfers/${first.id}/pause`)).json(), { ok: true });
    await clock.advance(1200);
    assertEquals(other.transfers.list().map(({ state }) => state), ["paused", "active"]);
    const paused = await text(get("/transfers"));
    assert(paused.includes(`/${first.id}/resume`) && !paused.includes(`/${first.id}/pause`), paused);
    for (const [action, states] of [["resume", "active"], ["pause", "paused"], ["cancel", "cancelled"]] as const) {
      await (await post(`/api/transfers/${action}`)).body?.cancel();
      await clock.advance(1200);
      assertEquals(new Set(other.transfers.list().map(({ state }) => state)), new Set([states]));
    }
    assertEquals([one, two].map((transfer) => transfer!.options.signal?.aborted), [true, true]);
    const over = await text(get("/transfers"));
    assert(over.includes("cancelled") && !over.includes("<form"), over);
    assertEquals((await post(`/api/transfers/${first.id}/pause`)).status, 404);
  }));

Deno.test("diagnostics() gives Prometheus totals of all processes that only grow, past retention and death", () =>
  beside(async ({ path, clock, other, served: { get, post } }) => {
    using store = statsStore(path, { clock });
    const value = async (name: string) =>
      Number((await text(get("/metrics"))).split("\n").find((line) => line.startsWith(`${name} `))?.split(" ")[1] ?? 0);
    const bytes = () => value("civikit_download_bytes_total");
    const requests = () =>
      value('civikit_http_client_requests_total{host="civitai.com",route="/api/v1/models/:id",method="GET"}');
    {
      using _killed = recorder({ registry: other, store });
      attempt(other, "https://civitai.com/api/v1/models/5");
      begin(other, "/models/a.safetensors");
      await clock.advance(2100); // no more than this is lost when it is killed
    }
    assertEquals([await bytes(), await requests()], [250, 1]);
    const gauges = await text(get("/metrics"));
    assert(
      gauges.includes('civikit_transfers{state="active"} 1\n') && gauges.includes("civikit_processes 1\n"),
      gauges,
    );
    {
      using later = statsStore(path, { clock: fakeClock(clock.date() + 40 * 86_400_000) });
      later.prune();
      assertEquals(store.read().series, []);
    }
    assertEquals([await bytes(), await requests()], [250, 1], "what was pruned is counted on");
    const third = metricsRegistry({ clock });
    using again = recorder({ registry: third, store });
    attempt(third, "https://civitai.com/api/v1/models/6");
    third.count("download_bytes", "", "", 50);
    again.flush();
    await clock.advance(200);
    assertEquals([await bytes(), await requests()], [300, 2]);
    await (await post("/api/stats/clear")).body?.cancel();
    await clock.advance(200);
    assertEquals([await bytes(), await requests()], [0, 0], "only who clears the numbers sets them to zero");
  }));

Deno.test("diagnostics() judges the memory of the processes that work, and the folders they write to", () =>
  beside(async ({ path, clock, other, served: { get } }) => {
    begin(other, "/models/a.safetensors");
    await clock.advance(300);
    const { DatabaseSync } = await import("node:sqlite");
    using raw = new DatabaseSync(path);
    // as if it were another process with little allowance
    raw.exec("UPDATE processes SET pid = 4711, rss_bytes = 900000000, limit_bytes = 400000000");
    const health = await (await get("/healthz")).json();
    assertEquals([health.checks.memory[0].level, health.checks.memory[0].output], [
      "error",
      "process 4711: 900 MB used, 400 MB allowed",
    ]);
    assert(health.checks.disk_space[0].observedValue > 0);
  }));

Deno.test("diagnostics() below a path answers at the root as well, where a service routes to it", async () => {
  await using served = serve({ basePath: "/status" });
  for (const path of ["/healthz", "/readyz", "/metrics", "/api/transfers", "/status/healthz", "/status/api/report"]) {
    const answer = await served.get(path);
    await answer.body?.cancel();
    assertEquals(answer.status, 200, path);
  }
  const page = await text(served.get("/status/transfers"));
  assert(page.includes('href="/status/assets/style.css"') && !/(?:href|action)="\/(?!status)/.test(page), page);
});

Deno.test("openMonitor() with live shows its transfers, and leaves no file open", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "stats.sqlite");
    const clock = fakeClock();
    const monitor = openMonitor({ live: { path, command: "mine" }, store: path, clock, guard: false });
    const { options, end } = monitor.track("a.bin");
    options.report?.({ type: "download", path: "/m/a.bin", phase: "started", bytes: 0 });
    await clock.advance(200);
    using table = liveTable(path, { clock });
    assertEquals(table.list().map(({ process, path }) => [process.command, path]), [["mine", "/m/a.bin"]]);
    end({ verified: true });
    monitor.close();
    assertEquals(table.history().map(({ verdict }) => verdict), ["verified"]);
    assertEquals(clock.timers, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a program with diagnostics() has no notice of Deno's in its terminal", async () => {
  const program = `
    import { diagnostics, metricsRegistry } from ${JSON.stringify(new URL("../../../monitor/mod.ts", import.meta.url))};
    const app = diagnostics({ registry: metricsRegistry() });
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
    const ask = async (path, init) => await (await fetch("http://127.0.0.1:" + server.addr.port + path, init)).text();
    for (const path of ["/", "/report", "/transfers", "/api/report", "/metrics", "/healthz"]) await ask(path);
    await ask("/api/transfers/pause", { method: "POST", body: new URLSearchParams({ a: "b" }) });
    await ask("/login", { method: "POST", body: new URLSearchParams({ token: "x" }) });
    const stop = new AbortController();
    const events = await fetch("http://127.0.0.1:" + server.addr.port + "/events", { signal: stop.signal });
    await events.body.getReader().read();
    stop.abort();
    app.close();
    await server.shutdown();`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", `--config=${config}`, ...await registryFlags(), file],
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  } finally {
    await Deno.remove(file);
  }
});
