/**
 * Downloads over TLS, as they are where people are: civikit against aria2, with and without its hash, curl with openssl, and
 * a bare loop, in turns, into memory, from nginx with a certificate of an authority of our own.
 *
 *     deno task bench:tls [--runs 7] [--only full,line] [--quick] [--memory DIR] [--priority] [--json]
 *
 * Rows: `full` (1 GiB as fast as it goes) and `line` (256 MiB over one connection of 100 MB/s, where what counts is what is
 * left of the processors; nginx lets the first second's share through at once). `bench:download` has the same line shared by
 * all connections, as its row `relay`.
 *
 * @module
 */
import { hasNginx } from "../_support/nginx.ts";
import { hasOpenssl } from "../_tls/mod.ts";
import { benchArgs, type Row, say } from "./_bench.ts";
import {
  aria2,
  aria2Verified,
  bareLoop,
  bareLoopAndHash,
  bareLoopAndLook,
  civikit,
  civikitBundled,
  compare,
  type Contestant,
  curlAndHash,
  race,
} from "./_race.ts";
import { GiB, MiB, openShelf } from "./_shelf.ts";

const names = ["full", "line"];
const args = await benchArgs("tls.ts", ["runs", "only", "memory"]);
const runs = args.number("runs", args.isQuick ? 1 : 7);
const only = args.text("only", names.join()).split(",");
for (const name of only) if (!names.includes(name)) throw new RangeError(`--only ${name}: not one of ${names}`);

const rows: Row[] = [];
await using shelf = await openShelf({ memoryFolder: args.text("memory", "/dev/shm") });

/** One race over TLS; `limitRateBytes` is for each connection. */
async function over(
  name: string,
  { bytes, connections, limitRateBytes, contestants, what }: {
    bytes: number;
    connections: number;
    limitRateBytes?: number;
    contestants: readonly Contestant[];
    what: string;
  },
): Promise<ReturnType<typeof race>> {
  const file = await shelf.makeFile(bytes);
  const limit = limitRateBytes === undefined ? {} : { limitRateBytes };
  let measured: Awaited<ReturnType<typeof race>> = new Map();
  await shelf.serve(file, { isTls: true, ...limit }, async ({ origin, caFile }) => {
    measured = await race({
      title: `${name}: ${what}, nginx; aria2c -x${connections} -s${connections} --file-allocation=none`,
      ...{ contestants, folder: shelf.memory, sha256: file.sha256, connections, runs, warmUp: !args.isQuick, origin },
      groundBytes: bytes,
      ...(caFile === undefined ? {} : { caFile }),
    });
  });
  return measured;
}

async function full(): Promise<void> {
  const bytes = args.isQuick ? 32 * MiB : GiB;
  const what = `${bytes / MiB} MiB over TLS`;
  const bundled = await civikitBundled(shelf.disk);
  const bounds = [bareLoop, bareLoopAndHash, bareLoopAndLook];
  const contestants = [civikit, bundled, ...[aria2Verified(), aria2(), curlAndHash], ...bounds];
  const measured = await over("full", { bytes, connections: 8, contestants, what });
  rows.push(
    ...[civikit.name, bundled.name].flatMap((own) => [
      ...compare("full", what, measured, "aria2 --checksum", { least: 1.15, mostCpu: 1.1, own }),
      ...compare("full", what, measured, "aria2", { least: 0.8, own }),
      ...compare("full", what, measured, bareLoopAndLook.name, { isShown: true, own }),
    ]),
    ...compare("full", what, measured, "curl+openssl", { isShown: true }),
    ...compare("full", what, measured, "bare loop", { isShown: true }),
    ...compare("full", what, measured, "bare loop+hash", { isShown: true }),
    ...["aria2 --checksum", "aria2"].flatMap((peer) =>
      compare("full", what, measured, peer, { isThroughput: true, own: bareLoopAndLook.name })
    ),
  );
}

async function line(): Promise<void> {
  const bytes = args.isQuick ? 32 * MiB : 256 * MiB;
  const what = `${bytes / MiB} MiB over TLS, one connection of 100 MB/s`;
  const contestants = [civikit, aria2Verified(), aria2()];
  const measured = await over("line", { bytes, connections: 1, limitRateBytes: 100_000_000, contestants, what });
  rows.push(
    ...compare("line", what, measured, "aria2 --checksum", { mostCpu: 1.5 }),
    ...compare("line", what, measured, "aria2", { isShown: true }),
  );
}

const work: Record<string, () => Promise<void>> = { full, line };
const missing = [...(hasNginx ? [] : ["nginx"]), ...(hasOpenssl ? [] : ["openssl"])];
if (missing.length > 0) {
  const result = `skipped: not installed: ${missing.join(", ")}`;
  rows.push({ name: "-", what: "downloads over TLS", target: "-", result, reached: undefined });
} else for (const name of names) if (only.includes(name)) await work[name]!();
say("");
args.print(rows);
