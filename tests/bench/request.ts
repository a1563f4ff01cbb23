/**
 * What the whole stack (without cache) adds to a small JSON GET, beside bare `fetch` and well-known clients:
 *
 *     deno task bench:request [--rounds 40] [--batch 100] [--only "bare fetch,civikit"] [--quick] [--priority] [--json]
 *
 * A request is 2 KB of JSON over loopback from another process, parsed. Contestants take turns in short batches, the
 * order rotates, and each batch is compared with the one of bare `fetch` in the same round: whatever else the machine does
 * meets all of them. Ratios are medians of those, of the time and of the seconds of both processors; microseconds are only
 * there to give an idea. Rows say «undecided» where the noise covers the difference.
 *
 * The stack lets 8 requests at once through to a host unless told otherwise, which alone makes 16 at a time slower, whoever
 * does it: what layers cost is measured with 16, and the other is printed beside it. «bound» is the least that any stack
 * for Requests has to do.
 *
 * @module
 */
import axios from "npm:axios@1.21.1";
import got from "npm:got@16.1.0";
import ky from "npm:ky@2.1.0";
import { ofetch } from "npm:ofetch@1.5.1";
import * as v from "valibot";
import { createCall } from "../../api/client/call.ts";
import { createTransport } from "../../mod.ts";
import { benchArgs, root, type Row, say, script, table } from "./_bench.ts";
import { judge, ratioText } from "./_meter.ts";
import { overview, ratioOf, takeTurns, type Times } from "./_turns.ts";

type Call = (url: string) => Promise<unknown>;

const args = await benchArgs("request.ts", ["rounds", "batch", "only"]);
const rounds = args.number("rounds", args.isQuick ? 4 : 40);
const batch = args.number("batch", args.isQuick ? 20 : 100);

const headers = { accept: "application/json" };
using transport = createTransport({ rateLimit: { concurrency: 16 } });
using narrow = createTransport();

const [program, ...words] = await script("_json_server.ts");
const server = new Deno.Command(program, { args: words, cwd: root, stdin: "piped", stdout: "piped" }).spawn();
const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
const address = (await reader.read()).value!.trim();
const callApi = createCall(transport, new URL(address).origin);

const contestants: Record<string, Call> = {
  "bare fetch": async (url) => await (await fetch(url, { headers })).json(),
  // what a stack that takes requests cannot be faster than
  "fetch(Request)": async (url) => await (await fetch(new Request(url, { headers }))).json(),
  "civikit": async (url) => await (await transport.fetch(new Request(url, { headers }))).json(),
  // the least that can be given up: a fetch that may be aborted, with the fields that are sent, by a Request of the caller's
  "bound": async (url) => {
    const { url: to, headers: given, signal } = new Request(url, { headers });
    const fields: Record<string, string> = { "user-agent": "bound" };
    given.forEach((value, name) => fields[name] = value);
    const aborter = new AbortController();
    const abort = () => aborter.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const response = await fetch(to, { headers: fields, redirect: "manual", signal: aborter.signal });
    const value = await response.json();
    signal.removeEventListener("abort", abort);
    return value;
  },
  // what every API module calls; what its check of the shape costs is for bench:api
  "civikit api": (url) => {
    const { searchParams } = new URL(url);
    return callApi({
      path: "/models",
      route: "/models",
      query: { page: searchParams.get("page")! },
      schema: v.unknown(),
    });
  },
  "civikit (8 at once)": async (url) => await (await narrow.fetch(new Request(url, { headers }))).json(),
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

/** Microseconds of every round by contestant. */
function race(url: string, width: number): Promise<Times> {
  // no two are the same: dedupe would make one request of them, and win a race it did not run
  const calls = Object.fromEntries(present.map((name) => [name, () => contestants[name]!(`${url}?page=${++page}`)]));
  return takeTurns(calls, { rounds, batch, width });
}

/** What was asked for, one at a time and 16 at a time. */
const aims: Readonly<Record<string, readonly [number, number]>> = {
  "civikit": [1.2, 1.35],
  "civikit api": [1.08, 1.15],
};

function rowsOf(times: Times, name: string, width: number): Row[] {
  const rows: Row[] = [];
  const add = (one: string, other: string, most: number) => {
    const found = ratioOf(times, one, other);
    const result = ratioText(found);
    rows.push({
      name,
      what: `time of ${one} / ${other}`,
      target: `<= ${most}x`,
      result,
      reached: judge(found, { most }),
    });
  };
  for (const [one, aim] of Object.entries(aims)) {
    if (!times.has(one)) continue;
    add(one, "bare fetch", aim[width === 1 ? 0 : 1]);
    for (const peer of peers.filter((peer) => times.has(peer))) add(one, peer, 1);
  }
  return rows;
}

const rows: Row[] = [];
try {
  say(`${rounds} rounds of ${batch} requests each, after a warm-up, in turns`);
  for (const [what, width] of [["one at a time", 1], ["16 at a time", 16]] as const) {
    const times = await race(address, width);
    say(`\n${what}`);
    say(table(overview(times, "bare fetch")));
    rows.push(...rowsOf(times, what, width));
  }
} finally {
  await server.stdin.close();
  await reader.cancel();
  await server.status;
}
say("");
args.print(rows);
