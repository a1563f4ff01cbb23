/**
 * `civikit serve` over 10,000 jobs and 30,000 models: memory and processor when idle, first paint of each page, 1,000
 * lines pasted until they show, 500 streams of events, and a download in it against the same by the command.
 *
 *     deno task bench:service [--only idle,paint] [--jobs 10000] [--rows 30000] [--streams 500] [--runs 11] [--mib 512]
 *                             [--quick] [--priority] [--json]
 *
 * @module
 */
import { join } from "node:path";
import { pages } from "../../hub/pages/pages.ts";
import { startCivitai } from "../_civitai/mod.ts";
import { findChromium, startChromium } from "../_support/chromium.ts";
import { hasNginx, startNginx } from "../_support/nginx.ts";
import { benchArgs, median, root, type Row, say } from "./_bench.ts";
import { hashFile } from "./_race.ts";
import { civikitWords, fillService, type RunningService, type ServicePlace, startService } from "./_service.ts";

const MiB = 1024 ** 2;
const names = ["idle", "streams", "paint", "download", "add"];
const args = await benchArgs("service.ts", ["only", "jobs", "rows", "streams", "runs", "mib"]);
const { isQuick } = args;
const only = args.text("only", names.join()).split(",");
for (const name of only) if (!names.includes(name)) throw new RangeError(`--only ${name}: not one of ${names}`);
const jobs = args.number("jobs", isQuick ? 300 : 10_000);
const models = args.number("rows", isQuick ? 300 : 30_000);
const load = `${jobs} jobs, ${models} models`;
const rows: Row[] = [];

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Waits until the service has looked at the library. */
async function looked({ ask }: RunningService): Promise<void> {
  while ((await ask("GET", "/library/state"))["seenMs"] === null) await wait(50);
  await wait(isQuick ? 500 : 5000);
}

async function idle({ memoryBytes, processorMs }: RunningService): Promise<void> {
  const seconds = isQuick ? 2 : 20;
  const [usedMs, startMs] = [processorMs(), performance.now()];
  const seen: number[] = [];
  for (let second = 0; second < seconds; second++) {
    await wait(1000);
    seen.push(memoryBytes() / MiB);
  }
  if (Number.isNaN(usedMs)) return say("idle: skipped, this system does not tell (no /proc)");
  const share = 100 * (processorMs() - usedMs) / (performance.now() - startMs);
  rows.push({
    ...{ name: "idle", what: `resident memory, ${load}`, target: "<= 120 MiB" },
    ...{
      result: `${median(seen).toFixed(0)} MiB (most ${Math.max(...seen).toFixed(0)})`,
      reached: median(seen) <= 120,
    },
  }, {
    ...{ name: "idle", what: `processor over ${seconds} s, ${load}`, target: "<= 1 % of a core" },
    ...{ result: `${share.toFixed(2)} %`, reached: share <= 1 },
  });
}

async function paint({ url }: RunningService): Promise<void> {
  if (findChromium() === undefined) return say("paint: skipped, chromium is not installed");
  await using page = await startChromium();
  for (const path of [...pages.map(({ path }) => path), "/status/"]) {
    const times: number[] = [];
    for (let turn = 0; turn < (isQuick ? 2 : 8); turn++) {
      await page.open(url + path);
      await page.until("performance.getEntriesByName('first-contentful-paint').length > 0");
      times.push(await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
    }
    const counted = times.slice(1);
    rows.push({
      ...{ name: "paint", what: `first paint of ${path}, ${load}`, target: "<= 200 ms" },
      result: `${median(counted).toFixed(0)} ms (most ${Math.max(...counted).toFixed(0)})`,
      reached: median(counted) <= 200,
    });
  }
  await page.open("about:blank");
}

async function add({ url }: RunningService): Promise<void> {
  if (findChromium() === undefined) return say("add: skipped, chromium is not installed");
  await using page = await startChromium();
  const count = 1000;
  const shown =
    "[...document.querySelectorAll('.group h2 .count')].reduce((sum, one) => sum + Number(one.textContent), 0)";
  const times: number[] = [];
  for (let turn = 0; turn < (isQuick ? 1 : 3); turn++) {
    await page.open(url);
    await page.until("document.getElementById('connection')?.className.includes('is-live')");
    const before = await page.evaluate<number>(shown);
    const lines = Array.from({ length: count }, (_, index) => String(700_000 + turn * count + index)).join("\\n");
    const start = performance.now();
    await page.evaluate(`document.getElementById('references').value = "${lines}"`);
    await page.evaluate("document.getElementById('add-now').click()");
    await page.until(`${shown} === ${before + count}`);
    times.push(performance.now() - start);
  }
  await page.open("about:blank");
  rows.push({
    ...{ name: "add", what: `${count} lines pasted until they show, beside ${jobs} jobs`, target: "<= 2 s" },
    result: `${(median(times) / 1000).toFixed(2)} s (most ${(Math.max(...times) / 1000).toFixed(2)})`,
    reached: median(times) <= 2000,
  });
}

async function streams({ url, ask, memoryBytes }: RunningService): Promise<void> {
  const count = args.number("streams", isQuick ? 50 : 500);
  const seconds = isQuick ? 2 : 20;
  const idleBytes = memoryBytes();
  const { items } = await ask("GET", "/queue?states=paused&limit=2") as { items: { id: string }[] };
  let [errors, bytes, isOver] = [0, 0, false];
  const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  const { promise: allOpen, resolve } = Promise.withResolvers<void>();
  const listening = Array.from({ length: count }, async () => {
    const { body, ok } = await fetch(`${url}/events`);
    if (!ok) errors++;
    readers.push(body!.getReader());
    const reader = readers.at(-1)!;
    if (readers.length === count) resolve();
    for (let read = await reader.read(); !read.done; read = await reader.read()) bytes += read.value.length;
    if (!isOver) errors++;
  });
  await allOpen;
  const durations: number[] = [];
  let most = 0;
  for (let turn = 0; turn < seconds * 5; turn++) {
    const start = performance.now();
    await ask("PATCH", `/queue/${items[0]!.id}`, { position: { [turn % 2 === 0 ? "after" : "before"]: items[1]!.id } });
    durations.push(performance.now() - start);
    most = Math.max(most, memoryBytes());
    await wait(200);
  }
  isOver = true;
  await Promise.all(readers.map((reader) => reader.cancel()));
  await Promise.all(listening);
  const grown = (most - idleBytes) / MiB;
  rows.push({
    ...{ name: "streams", what: `${count} streams, 5 changes a second, ${seconds} s`, target: "no error" },
    result: `${errors} errors, ${(bytes / MiB).toFixed(1)} MiB of events, a change ${median(durations).toFixed(0)} ms`,
    reached: errors === 0 && bytes > 0,
  }, {
    ...{ name: "streams", what: `resident memory above idle, ${count} streams`, target: "<= 100 MiB" },
    ...{ result: `${grown.toFixed(0)} MiB`, reached: Number.isNaN(grown) ? undefined : grown <= 100 },
  });
}

/** Between which of the sorted values the true middle lies, 19 times of 20: so many of them may be left out at each end. */
function leftOut(count: number): number {
  let [term, sum, out] = [0.5 ** count, 0, 0];
  for (; out < count / 2; out++) {
    sum += term;
    if (2 * sum > 0.05) break;
    term *= (count - out) / (out + 1);
  }
  return Math.max(0, out - 1 + Number(out === 0));
}

/** The same file by the command and by the service, in turns, both timed by the table of all transfers. */
async function download(service: RunningService, { folder, env, models: target }: ServicePlace): Promise<void> {
  if (!hasNginx) return say("download: skipped, nginx is not installed");
  const bytes = args.number("mib", isQuick ? 16 : 512) * MiB;
  const runs = args.number("runs", isQuick ? 2 : 11);
  const shelf = join(folder, "origin");
  await Deno.mkdir(shelf);
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  {
    using file = await Deno.open(join(shelf, "bench.bin"), { write: true, create: true });
    for (let at = 0; at < bytes; at += block.length) await file.write(block);
  }
  const sha256 = await hashFile(join(shelf, "bench.bin"));
  await using nginx = await startNginx({ folder: shelf });

  const command = async (name: string) => {
    const words = [
      "download",
      "--quiet",
      `${nginx.url}/bench.bin`,
      "--dir",
      target,
      "--output",
      name,
      "--sha256",
      sha256,
    ];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      ...{ args: await civikitWords(...words), cwd: folder, env: { ...env }, stdout: "null", stderr: "piped" },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  const inService = async (name: string) => {
    const body = { references: [`${nginx.url}/bench.bin`], options: { dir: target, output: name, sha256 } };
    const { items } = await service.ask("POST", "/queue", body) as { items: { id: string }[] };
    for (;;) {
      const { state, code } = await service.ask("GET", `/queue/${items[0]!.id}`);
      if (state === "done") return;
      if (state === "failed") throw new Error(`the job failed: ${code}`);
      await wait(20);
    }
  };
  /** How long the transfer of that file took by its own account. */
  async function timed(name: string, work: (name: string) => Promise<void>): Promise<number> {
    await work(name);
    type Ended = { path: string; startedMs: number; endedMs: number };
    for (;;) {
      const { items } = await service.ask("GET", "/transfers/history?limit=5") as unknown as { items: Ended[] };
      const found = items.find(({ path }) => path === join(target, name));
      if (found !== undefined) {
        await Deno.remove(found.path);
        return found.endedMs - found.startedMs;
      }
      await wait(20);
    }
  }

  const [byCommand, byService, ratios]: number[][] = [[], [], []];
  for (let run = -1; run < runs; run++) {
    const contestants = [["command", command], ["service", inService]] as const;
    const took: Record<string, number> = {};
    // who comes first has no advantage in the long run
    for (const [name, work] of run % 2 === 0 ? contestants : contestants.toReversed()) {
      took[name] = await timed(`${name}${run}.safetensors`, work);
    }
    if (run < 0) continue;
    byCommand!.push(took["command"]!);
    byService!.push(took["service"]!);
    ratios!.push(took["command"]! / took["service"]!);
  }
  const sorted = ratios!.toSorted((a, b) => a - b);
  const out = leftOut(runs);
  const [low, high] = [sorted[out]!, sorted[runs - 1 - out]!];
  const isUndecided = low < 0.95 && high >= 0.95;
  const ms = (times: readonly number[]) => `${median(times).toFixed(0)} ms`;
  rows.push({
    name: "download",
    what: `${bytes / MiB} MiB in the service against the command, ${runs} pairs, throughput`,
    target: ">= 0.95x",
    result: `${median(sorted).toFixed(2)}x (${low.toFixed(2)} to ${high.toFixed(2)}; ${ms(byService!)} against ${
      ms(byCommand!)
    })${isUndecided ? ", undecided" : ""}`,
    reached: isUndecided ? undefined : low >= 0.95,
  });
}

await Deno.mkdir(`${root}.tmp`, { recursive: true });
const shm = await Deno.stat("/dev/shm").then(({ isDirectory }) => isDirectory, () => false);
const folder = await Deno.makeTempDir({ dir: shm ? "/dev/shm" : `${root}.tmp`, prefix: "civikit_bench_" });
try {
  await using site = await startCivitai({ bigBytes: 65_536, loraBytes: 32_768, bulkModels: 100 });
  const place = await fillService(folder, site.url, { jobs, rows: models });
  await Deno.writeTextFile(
    join(folder, "civikit.models.json"),
    JSON.stringify({ version: 1, models: ["civitai:1001@2001"] }),
  );
  // once for nothing: what Deno compiles is kept from then on
  await (await startService(place))[Symbol.asyncDispose]();
  await using service = await startService(place);
  await looked(service);
  const work: Readonly<Record<string, () => Promise<void>>> = {
    idle: () => idle(service),
    paint: () => paint(service),
    add: () => add(service),
    streams: () => streams(service),
    download: () => download(service, place),
  };
  for (const name of names) {
    if (!only.includes(name)) continue;
    say(`${name} ...`);
    await work[name]!();
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
args.print(rows);
