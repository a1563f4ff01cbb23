// deno-lint-ignore-file no-console -- what it prints is what it is for
/**
 * Writes into a store for as long as it lives: `deno run -A _writer.ts FILE ROUNDS`; says `ready` after the first round.
 *
 * @module
 */
import { Histogram, statsStore } from "../../../monitor/mod.ts";

const [path = "", rounds = "1"] = Deno.args;
const store = statsStore(path);
const latency = new Histogram();
latency.record(25);
for (let round = 0; round < Number(rounds); round++) {
  store.add({
    series: [{
      ...{ host: "a.example", route: "file", method: "GET", requests: 1, failed: 0, aborted: 0, bytes: 10 },
      ...{ statuses: { "200": 1 }, codes: {}, latency },
    }],
    counters: [{ name: "retry", host: "a.example", label: "bad_gateway", count: 2, sum: 0 }],
    failures: [],
  }, Date.now());
  if (round === 0) console.log("ready");
}
store.close();
