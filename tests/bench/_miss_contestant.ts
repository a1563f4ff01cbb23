/**
 * One way to get what no cache has yet, in a process of its own, for `cache_bench.ts`:
 *
 *     _miss_contestant.ts NAME URL
 *
 * «bound» is the least that keeps the same promises: the body read whole, a head and a copy kept by its URL, and an answer
 * made anew that says so. One keeps them in a map, the other looks into an SQLite file first and writes there in one
 * transaction every 20 ms.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { httpCache, memoryStore, sqliteStore } from "../../cache/mod.ts";
import { compose, fetchTransport } from "../../transport/mod.ts";
import { type Call, takeTurn } from "./_turns.ts";

const [name = "", base = ""] = Deno.args;
const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

let n = 0;
const next = () => new Request(`${base}/${++n}`);
const text = async (answer: Promise<Response>) => await (await answer).text();

function missing(store: ReturnType<typeof memoryStore>): Call {
  const client = compose(fetchTransport(), httpCache({ store }));
  return () => text(client.fetch(next()));
}

function bound(knows: (url: string) => unknown, keep: (url: string, kept: Kept) => void): Call {
  return async () => {
    const request = next();
    if (knows(request.url)) throw new Error("found");
    const { status, statusText, headers, bytes } = await answered(request);
    const answer = new Response(bytes, { status, statusText });
    const fields: [string, string][] = [];
    headers.forEach((value, name) => {
      fields.push([name, value]);
      answer.headers.append(name, value);
    });
    answer.headers.append("cache-status", "bound; fwd=uri-miss; stored");
    keep(request.url, { status, fields, bytes });
    return await answer.text();
  };
}

/** What a bound keeps of an answer. */
interface Kept {
  readonly status: number;
  readonly fields: readonly [string, string][];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The least that keeps answers in a file. */
function boundFile(path: string) {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 200");
  db.exec(
    "CREATE TABLE kept (url TEXT NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL); CREATE INDEX by_url ON kept (url)",
  );
  const find = db.prepare("SELECT head, body FROM kept WHERE url = ?");
  const add = db.prepare("INSERT INTO kept VALUES (?, ?, ?)");
  let pending: [string, Kept][] = [];

  function write(): void {
    db.exec("BEGIN IMMEDIATE");
    for (const [url, { bytes, ...head }] of pending) add.run(url, JSON.stringify(head), bytes);
    db.exec("COMMIT");
    pending = [];
  }

  return {
    knows: (url: string) => find.get(url),
    keep(url: string, kept: Kept): void {
      if (pending.push([url, kept]) === 1) setTimeout(write, 20);
    },
  };
}

/** An answer of the platform's, read whole. */
async function answered(request: Request) {
  const response = await fetch(request);
  const { status, statusText, headers } = response;
  return { status, statusText, headers, bytes: await response.bytes() };
}

/** The least that keeps answers in memory. */
function boundMap() {
  const kept = new Map<string, unknown>();
  return {
    knows: (url: string) => kept.get(url),
    keep(url: string, { bytes, ...head }: Kept): void {
      if (kept.size > 1000) kept.clear();
      kept.set(url, { ...head, bytes: bytes.slice() });
    },
  };
}

function contestant(): Call {
  const network = fetchTransport();
  switch (name) {
    case "fetch":
      return () => text(fetch(next()));
    case "fetchTransport":
      return () => text(network.fetch(next()));
    case "httpCache, memory":
      return missing(memoryStore());
    case "httpCache, sqlite":
      return missing(sqliteStore(`${folder}/ours.sqlite`));
    case "bound, memory": {
      const { knows, keep } = boundMap();
      return bound(knows, keep);
    }
    case "bound, sqlite": {
      const { knows, keep } = boundFile(`${folder}/bound.sqlite`);
      return bound(knows, keep);
    }
  }
  throw new RangeError(`"${name}" is no contestant`);
}

await takeTurn(contestant());
