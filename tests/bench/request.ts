/**
 * What the whole stack (without cache) adds to a small JSON GET, beside bare `fetch` and well-known clients:
 *
 *     deno task bench:request [--rounds 40] [--batch 200] [--only "bare fetch;civikit"] [--quick] [--priority] [--json]
 *
 * A request is 2 KB of JSON over loopback from another process, parsed. Each contestant has a process of its own, as in a
 * program that uses it; they take turns in short batches, the order rotates, and each batch is compared with the one of bare
 * `fetch` in the same round: whatever else the machine does meets all of them. Ratios are medians of those, of the time and
 * of the seconds of both processors; microseconds are only there to give an idea. Rows say «undecided» where the noise covers
 * the difference.
 *
 * The stack lets 8 requests at once through to a host unless told otherwise, which alone makes 16 at a time slower, whoever
 * does it: what layers cost is measured with 16, and the other is printed beside it. «bound» is the least that any stack
 * for Requests has to do, «bound, timeout» the same with a time limit and a look at the status, «bound api» the least for who
 * asks on behalf of others.
 *
 * @module
 */
import { benchArgs, type Row, say, script, table } from "./_bench.ts";
import { Lines } from "./_lines.ts";
import { judge, ratioText } from "./_meter.ts";
import { Contestants, overview, ratioOf, type Times } from "./_turns.ts";

const args = await benchArgs("request.ts", ["rounds", "batch", "only"]);
const rounds = args.number("rounds", args.isQuick ? 4 : 40);
const batch = args.number("batch", args.isQuick ? 20 : 200);
/** Until a process of its own has its functions optimised, some thousand calls. */
const warmUps = args.isQuick ? 2 : 60;
const peers = ["ky", "ofetch", "ofetch, timeout", "axios", "got"];
const ours = ["civikit", "bound api", "civikit api", "civikit (8 at once)"];
const all = ["bare fetch", "fetch(Request)", "bound", "bound, timeout", ...ours, ...peers];
const only = args.text("only", all.join(";")).split(";");
for (const name of only) if (!all.includes(name)) throw new RangeError(`--only ${name}: not a contestant`);

await using server = new Lines(await script("_json_server.ts"));
const address = await server.read();
const names = new Set(["bare fetch", ...only]);
await using contestants = await Contestants.start(names, "_request_contestant.ts", address);

/** What was asked for, one at a time and 16 at a time. */
const aims: Readonly<Record<string, readonly [number, number]>> = {
  "civikit": [1.2, 1.35],
  "civikit api": [1.08, 1.15],
};

/** The least that has to be done for the same. */
const bounds: Readonly<Record<string, string>> = { "civikit": "bound", "civikit api": "bound api" };

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
    if (times.has(bounds[one]!)) add(one, bounds[one]!, 1.05);
    if (one === "civikit" && times.has("bound, timeout")) add(one, "bound, timeout", 1.05);
    for (const peer of peers.filter((peer) => times.has(peer))) add(one, peer, 1);
  }
  return rows;
}

const rows: Row[] = [];
say(`${rounds} rounds of ${batch} requests each, after a warm-up, in turns, each contestant in a process of its own`);
for (const [what, width] of [["one at a time", 1], ["16 at a time", 16]] as const) {
  const times = await contestants.race({ batch, width }, rounds, warmUps);
  say(`\n${what}`);
  say(table(overview(times, "bare fetch")));
  rows.push(...rowsOf(times, what, width));
}
say("");
args.print(rows);
