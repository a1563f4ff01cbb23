/**
 * Two measurements of the API, against an embedded Civitai in another process:
 *
 *     deno task bench:api [--models 100000] [--images 1000] [--rounds 7] [--quick] [--priority] [--json]
 *
 * 1. All models of a list (default 100,000), against a bare loop of fetch and JSON.parse over the same pages; memory is
 *    looked at on the way. Each has a process of its own; they take turns, and are compared round by round.
 * 2. Images of 200 KB (default 1,000), against `aria2c -i list -j16`.
 *
 * @module
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { civitai, createTransport } from "../../mod.ts";
import { saveImages } from "../../api/mod.ts";
import { benchArgs, median, type Row, say, script } from "./_bench.ts";
import { Lines } from "./_lines.ts";
import { judge, pairedRatio, ratioText, type Spent } from "./_meter.ts";

const args = await benchArgs("api.ts", ["models", "images", "rounds"]);
const models = args.number("models", args.isQuick ? 2000 : 100_000);
const rounds = args.number("rounds", args.isQuick ? 2 : 7);
const images = args.number("images", args.isQuick ? 50 : 1000);
const imageBytes = 200_000;
const rows: Row[] = [];
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function withServer(sizes: readonly number[], work: (url: string) => Promise<void>): Promise<void> {
  const [program, ...args] = await script("_civitai_server.ts", ...sizes.map(String));
  const server = new Deno.Command(program, { args, stdout: "piped" }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    await work((await reader.read()).value!.trim());
  } finally {
    await reader.cancel();
    server.kill("SIGKILL");
    await server.status;
  }
}

/** One walk through the list. */
type Walk = Spent & { readonly count: number; readonly memory: readonly number[] };

await withServer([models], async (url) => {
  await using processes = new AsyncDisposableStack();
  const contestant = async (name: string) => {
    const lines = processes.use(new Lines(await script("_list_contestant.ts", name, url, String(models))));
    return async () => JSON.parse(await lines.tell("go")) as Walk;
  };
  const [bareLoop, list] = [await contestant("bare"), await contestant("ours")];
  // the server warms up, and so do they
  for (let walk = 0; walk < 2; walk++) {
    await bareLoop();
    await list();
  }
  const [bare, ours]: [Walk[], Walk[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const turns = [async () => bare.push(await bareLoop()), async () => ours.push(await list())];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  const { count, memory } = ours.at(-1)!;
  say(`resident memory on the way, MiB: ${memory.join(" ")}`);
  const wall = pairedRatio(ours.map(({ wallMs }) => wallMs), bare.map(({ wallMs }) => wallMs));
  const cpu = pairedRatio(ours.map(({ cpuMs }) => cpuMs!), bare.map(({ cpuMs }) => cpuMs!));
  rows.push({
    name: "list",
    what: `time of models.list() / bare loop, ${count} models`,
    target: "<= 1.06x",
    result: `${ratioText(wall)}; of processors ${ratioText(cpu)}`,
    reached: judge(wall, { most: 1.06 }),
    wallS: median(ours.map(({ wallMs }) => wallMs)) / 1000,
    cpuS: median(ours.map(({ cpuMs }) => cpuMs!)) / 1000,
  });
});

await withServer([0, images, imageBytes], async (url) => {
  const folder = await mkdtemp(join(tmpdir(), "civikit_bench_"));
  using transport = createTransport();
  const api = civitai(transport, { baseUrl: url });
  const list = await Array.fromAsync(api.images.list({ browsingLevel: 63 }));
  const file = join(folder, "list.txt");
  await Deno.writeTextFile(file, list.map(({ id, url }) => `${url}\n  out=${id}.bin\n`).join(""));
  async function aria2(): Promise<void> {
    const args = ["-q", "-i", file, "-j16", "-d", join(folder, "aria2"), "--allow-overwrite=true"];
    const { success } = await new Deno.Command("aria2c", { args, stdout: "null" }).output();
    if (!success) throw new Error("aria2c failed");
  }
  async function ours(): Promise<void> {
    for await (const { state, error } of saveImages(transport, list, join(folder, "ours"))) {
      if (state !== "saved") throw error ?? new Error(state);
    }
  }
  try {
    const times: Record<string, number> = {};
    for (let round = 0; round < 3; round++) {
      for (const [name, work] of Object.entries({ aria2, ours })) {
        await rm(join(folder, name), { recursive: true, force: true });
        times[name] = Math.min(times[name] ?? Infinity, await timed(work));
      }
    }
    const saved = (await readdir(join(folder, "ours"))).length;
    const [theirs, own] = [times["aria2"]!, times["ours"]!];
    rows.push({
      name: "images",
      what: `time of saveImages() / aria2c -j16, ${saved} images of ${imageBytes} bytes`,
      target: "-",
      result: `${(own / theirs).toFixed(2)}x (${seconds(own)} against ${seconds(theirs)})`,
      reached: undefined,
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    say("images: skipped, aria2c is not installed");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
args.print(rows);
