import { crc32 } from "node:zlib";
import type { Backlog } from "./sqlite_backlog.ts";
import type { SqliteConnection } from "./sqlite_connection.ts";
import type { Rows, rowSql } from "./sqlite_rows.ts";
import type { CacheEntry, CacheKey, CacheWriter, StoredHead } from "./store.ts";

/** What writes a large body. */
export const writerSql = {
  addChunk: "INSERT INTO chunks (entry, n, bytes) VALUES (?, ?, ?)",
  grow: "UPDATE entries SET bytes = bytes + ?, used = ? WHERE id = ? AND used > 0",
  finish: "UPDATE entries SET whole = 1, body_bytes = ?, body_sum = ? WHERE id = ? AND whole = 0 AND used > 0",
};

/** Up to here a body lies in its entry's row, and is written behind the caller's back. */
const inlineBytes = 64 * 1024;
const chunkBytes = 128 * 1024;
const patienceMs = 50;

/** Takes in a body: a small one as a whole, a large one chunk by chunk, so that memory stays small. */
export function sqliteWriter(
  { transaction }: SqliteConnection<keyof typeof rowSql | keyof typeof writerSql>,
  rows: Rows,
  backlog: Backlog,
  { key, head, replaces }: { key: CacheKey; head: StoredHead; replaces: readonly CacheEntry[] },
): CacheWriter {
  const old = replaces.map(({ id }) => id);
  let pieces: Uint8Array[] = [];
  let held = 0;
  let stored = 0;
  let sum = 0;
  let n = 0;
  let id: number | undefined;
  let isBroken = false;

  /** Writes down what is held, in chunks. */
  function spill(): void {
    const all = joined(pieces, held);
    pieces = [];
    held = 0;
    for (let at = 0; at < all.length && !isBroken; at += chunkBytes) addChunk(all.subarray(at, at + chunkBytes));
  }

  function addChunk(bytes: Uint8Array): void {
    const isWritten = transaction(false, patienceMs, (run) => {
      id ??= rows.insert(run, key, head, null).id;
      run.addChunk.run(id, n, bytes);
      for (let more = 0; more < 2 && rows.makeRoom(run); more++);
      return Number(run.grow.run(bytes.length, rows.tick(), id).changes) > 0;
    });
    if (!isWritten) return giveUp();
    n++;
    stored += bytes.length;
    sum = crc32(bytes, sum);
  }

  function giveUp(): void {
    isBroken = true;
    pieces = [];
    const begun = id;
    if (begun !== undefined) transaction(undefined, patienceMs, (run) => rows.remove(run, [begun]));
  }

  return {
    write(bytes) {
      if (isBroken) return;
      pieces.push(bytes);
      held += bytes.length;
      if (held >= chunkBytes) spill();
    },

    commit() {
      if (isBroken) return;
      if (id === undefined && held <= inlineBytes) {
        return backlog.add({ key, head, body: joined(pieces, held), replaces: old });
      }
      if (held > 0) spill();
      const begun = id;
      if (isBroken || begun === undefined) return;
      const isDone = transaction(false, patienceMs, (run) => {
        if (Number(run.finish.run(stored, sum, begun).changes) === 0) return false;
        rows.remove(run, old);
        rows.trimVariants(run, key);
        return true;
      });
      if (!isDone) giveUp();
      backlog.tidy();
    },

    abort: giveUp,
  };
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
