import type { EmbeddedCivitai, Fault } from "../../../testing/mod.ts";
import { refusals } from "../../../testing/mod.ts";

const MiB = 1024 ** 2;

function onStorage(fault: Fault): (civitai: EmbeddedCivitai) => void {
  return ({ storage }) => storage.add(fault);
}

/** Trouble by the word that `--faults` knows it by. Each leaves a way through for a client that goes on. */
export const sandboxFaults: Readonly<Record<string, (civitai: EmbeddedCivitai) => void>> = {
  reset: ({ faults }) => faults.killConnectionsEvery(3, MiB),
  fin: onStorage({ kind: "cut", after: MiB, how: "fin", framing: "close", every: 4 }),
  expire: ({ faults }) => faults.expireLinksAfterBytes(32 * MiB, 4),
  "429": ({ faults }) => {
    faults.rateLimitNext(2, 2);
    faults.refuseDownloads(1, { status: 429, body: `{"error":"Too many requests"}`, retryAfter: 2 });
  },
  busy: onStorage({ ...refusals.busy, every: 5 }),
  stall: onStorage({ kind: "stall", after: MiB, every: 6, times: 3 }),
  slow: ({ faults }) => faults.limitConnections(MiB),
  corrupt: onStorage({ kind: "corrupt", at: 5_000_000, times: 1 }),
  range: onStorage({ kind: "ignore_range", ranged: true }),
  html: onStorage({ kind: "login_page", every: 4 }),
  maintenance: ({ faults }) => faults.maintenance(true),
};
