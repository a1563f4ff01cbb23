/**
 * What the whole stack (without cache) adds to a small JSON GET, beside bare `fetch` and well-known clients:
 *
 *     deno task bench:request [--rounds 40] [--batch 100] [--only "bare fetch,civikit"] [--quick] [--priority] [--json]
 *
 * A request is 2 KB of JSON over loopback from another process, parsed. Contestants take turns in short batches, the
 * order rotates, and each batch is compared with the one of bare `fetch` in the same round: whatever else the machine does
 * meets all of them. Ratios are medians of those; microseconds are only there to give an idea.
 *
 * @module
 */
import axios from "npm:axios@1.21.1";
import got from "npm:got@16.1.0";
import ky from "npm:ky@2.1.0";
import { ofetch } from "npm:ofetch@1.5.1";
import { createTransport } from "../../mod.ts";
import { defaultUserAgent } from "../../transport/mod.ts";
import { benchArgs, median, root, type Row, say, script, table } from "./_bench.ts";

type Call = (url: string) => Promise<unknown>;

const args = await benchArgs("request.ts", ["rounds", "batch", "only"]);
const rounds = args.number("rounds", args.isQuick ? 4 : 40);
const batch = args.number("batch", args.isQuick ? 20 : 100);

const headers = { accept: "application/json" };
using transport = createTransport();

const contestants: Record<string, Call> = {
  "bare fetch": async (url) => await (await fetch(url, { headers })).json(),
  // what a stack that takes requests cannot be faster than
  "fetch(Request)": async (url) => await (await fetch(new Request(url, { headers }))).json(),
  "civikit": async (url) => await (await transport.fetch(new Request(url, { headers }))).json(),
  // what the API modules do: naming the User-Agent saves the socket a copy of the headers
  "civikit api": async (url) =>
    await (await transport.fetch(new Request(url, { headers: { ...headers, "user-agent": defaultUserAgent } }))).json(),
  "ky": (url) => ky.get(url, { headers }).json(),
  "ofetch": (url) => ofetch(url, { headers }),
  "axios": async (url) => (await axios.get(url, { headers })).data,
  "got": (url) => got(url, { headers }).json(),
};
const peers = ["ky", "ofetch", "axios", "got"];
const only = args.text("only", Object.keys(contestants).join()).split(",");
for (const name of only) if (!(name in contestants)) throw new RangeError(`--only ${name}: not a contestant`);
const present = ["bare fetch", ...only.filter((name) => name !== "bare fetch")];

let page = 0;

/** Microseconds for each request of a batch, `width` at a time. */
async function timeBatch(call: Call, url: string, width: number): Promise<number> {
  let left = batch;
  const started = performance.now();
  await Promise.all(Array.from({ length: width }, async () => {
    // no two are the same: dedupe would make one request of them, and win a race it did not run
    while (left-- > 0) await call(`${url}?page=${++page}`);
  }));
  return (performance.now() - started) * 1000 / batch;
}

/** Microseconds of every round by contestant. */
async function race(url: string, width: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(present.map((name) => [name, []]));
  for (const name of present) for (let n = 0; n < 5; n++) await timeBatch(contestants[name]!, url, width);
  for (let round = 0; round < rounds; round++) {
    const turn = round % present.length;
    for (const name of [...present.slice(turn), ...present.slice(0, turn)]) {
      times.get(name)!.push(await timeBatch(contestants[name]!, url, width));
    }
  }
  return times;
}

/** The median, over the rounds, of how much longer `one` took than `other`. */
function ratio(times: Map<string, number[]>, one: string, other: string): number {
  const base = times.get(other)!;
  return median(times.get(one)!.map((time, round) => time / base[round]!));
}

function judge(times: Map<string, number[]>, what: string): Row[] {
  const rows: Row[] = [];
  const add = (whole: string, target: string, value: number, reached: boolean) =>
    rows.push({ name: what, what: whole, target, result: `${value.toFixed(3)}x`, reached });
  for (const name of ["civikit", "civikit api"].filter((name) => times.has(name))) {
    const value = ratio(times, name, "bare fetch");
    add(`time of ${name} / bare fetch`, "<= 1.05x", value, value <= 1.05);
    for (const peer of peers.filter((peer) => times.has(peer))) {
      const value = ratio(times, name, peer);
      add(`time of ${name} / ${peer}`, "< 1x", value, value < 1);
    }
  }
  return rows;
}

const [program, ...words] = await script("_json_server.ts");
const server = new Deno.Command(program, { args: words, cwd: root, stdin: "piped", stdout: "piped" }).spawn();
const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
const rows: Row[] = [];
try {
  const url = (await reader.read()).value!.trim();
  say(`${rounds} rounds of ${batch} requests each, after a warm-up, in turns`);
  for (const [what, width] of [["one at a time", 1], ["16 at a time", 16]] as const) {
    const times = await race(url, width);
    say(`\n${what}`);
    say(table([
      ["", "us per request", "to bare fetch"],
      ...present.map((
        name,
      ) => [name, median(times.get(name)!).toFixed(1), ratio(times, name, "bare fetch").toFixed(3)]),
    ]));
    rows.push(...judge(times, what));
  }
} finally {
  await server.stdin.close();
  await reader.cancel();
  await server.status;
}
say("");
args.print(rows);
