import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers";
import { crc32 } from "node:zlib";
import { CivikitError } from "../errors/errors.ts";
import {
  type DigestAnswer,
  type Digests,
  type FileHasher,
  type HashName,
  hashNames,
  type HashTools,
  libraryLocation,
  newCells,
  openHasher,
  serveAsWorker,
  serveDigests,
} from "./digest_engine.ts";
import { wrapDiskError } from "./disk.ts";
import type { JournalSpan } from "./journal.ts";
import { newLook, type SharedLook, takePart } from "./shared_look.ts";

export { type Digests, type HashName, hashNames };

/** Hashes a file while it grows. */
export interface DigestFollower {
  /** Bytes hashed so far. */
  readonly hashedBytes: number;
  /** Where the work is done; `none` before there is any, `starting` until the worker has answered. */
  readonly engine: "none" | "starting" | "worker" | "inline";
  /** Says that the first `prefixBytes` of the file are written and final. Cheap: call it after every write. */
  advance(prefixBytes: number): void;
  /**
   * Offers bytes that were just written at `at`, of a file of `totalBytes`, to be hashed on the spot: a small file, or one
   * that comes slowly, costs no second read and no worker. What does not follow the bytes hashed so far is read back later.
   * To be called before `advance` tells of them.
   */
  feed(bytes: Uint8Array, at: number, totalBytes: number | undefined): void;
  /**
   * Says that the file is complete with `totalBytes`, and gives its hashes.
   *
   * @throws {DiskError} when the file cannot be read or is shorter.
   */
  finish(totalBytes: number): Promise<Digests>;
  /** Lets the worker take part in a look at the file as soon as it has hashed it; undefined where there is no worker. */
  share(spans: readonly JournalSpan[]): SharedLook | undefined;
  /** Forgets everything and begins again at the first byte of whatever is at the path then. */
  reset(): void;
  /** Ends the worker and closes the file; a `finish` still under way rejects with code `aborted`. */
  close(): void;
}

/** Settings of {@linkcode followDigest}. */
export interface DigestOptions {
  /**
   * Whether a worker does the work: true for at once, false for never; `auto`, the default, for as soon as the file is
   * worth one. Where none can start, the work is done here, in slices.
   */
  worker?: boolean | "auto";
  /** How long a worker may take to answer once it is waited for, in milliseconds. Default 5000. */
  startupMs?: number;
}

const notifyBytes = 1024 * 1024;
// starting a worker takes longer than hashing this much
const worthWorkerBytes = 16 * 1024 * 1024;
// of bytes hashed on the spot: so far behind; or, once there are so many, with so much to come and hashing taking this share
// of the time
const judgedBytes = 4 * 1024 * 1024;
const farBehindBytes = 64 * 1024 * 1024;
const leastLeftBytes = 192 * 1024 * 1024;
const mostShare = 0.15;
const longestSliceRunMs = 8;

/**
 * Hashes the file at `path` while it is being written: on the spot what it is fed, as long as that costs little; else it
 * reads the finished prefix back through the page cache, in a worker, so that neither the network nor the disk waits for it.
 *
 * @param path The file; opened at the first `advance`.
 * @param names What to compute. SHA256 and AutoV2 together cost one pass of SHA-256.
 * @throws {TypeError} for an unknown hash name.
 * @example
 * ```ts
 * const path = Deno.makeTempFileSync();
 * const follower = followDigest(path, ["SHA256"]);
 * Deno.writeTextFileSync(path, "abc");
 * follower.advance(3);
 * console.log((await follower.finish(3)).SHA256); // BA7816BF 8F01CFEA ... F20015AD
 * follower.close();
 * Deno.removeSync(path);
 * ```
 */
export function followDigest(
  path: string,
  names: readonly HashName[],
  { worker = "auto", startupMs = 5000 }: DigestOptions = {},
): DigestFollower {
  for (const name of names) {
    if (!hashNames.includes(name)) throw new TypeError(`building followDigest: names "${name}": no known hash`);
  }
  let cells = newCells();
  /** The hasher of this thread that bytes can be fed to, and which beginning it belongs to. */
  let here: { readonly hasher: FileHasher; readonly generation: bigint } | undefined;
  let fedSince: number | undefined;
  let hashingMs = 0;
  // a worker may leave BLAKE3 to us: then two answers make one
  let served = names;
  let sourceCount = names.length === 0 ? 0 : 1;
  const answers = new Map<"first" | "second", DigestAnswer>();
  const sleepers: (() => void)[] = [];
  let notified = 0;
  let closed = false;
  let engine: DigestFollower["engine"] = "none";
  let mayWork = worker !== false;
  let thread: Worker | undefined;
  let startup: ReturnType<typeof setTimeout> | undefined;
  /** What `finish` gave, and how it is settled as long as it is not. */
  let finished: Promise<Digests> | undefined;
  let waiting: PromiseWithResolvers<Digests> | undefined;

  function signal(): void {
    Atomics.add(cells, 3, 1n);
    Atomics.notify(cells, 3);
    for (const wake of sleepers.splice(0)) wake();
  }

  function take(source: "first" | "second", answer: DigestAnswer): void {
    if (answer.generation !== Atomics.load(cells, 1)) return;
    answers.set(source, answer);
    settle();
  }

  function settle(): void {
    const all = [...answers.values()];
    const failed = all.find(({ error }) => error)?.error;
    if (failed) waiting?.reject(wrapDiskError(Object.assign(new Error(), failed), path, "hashing"));
    else if (all.length === sourceCount) waiting?.resolve(Object.assign({}, ...all.map(({ digests }) => digests)));
    else return;
    waiting = undefined;
  }

  async function runInline(source: "first" | "second", own: readonly HashName[]): Promise<void> {
    const mine = cells;
    const tools: HashTools = { createHash, crc32, openSync, readSync, closeSync };
    try {
      // the library is loaded only by those who need it
      if (own.includes("BLAKE3")) tools.blake3 = await (await import("./blake3.ts")).createBLAKE3();
    } catch (error) {
      return take(source, { generation: Atomics.load(mine, 1), error: { name: "Error", message: String(error) } });
    }
    let since = performance.now();
    const open = () => {
      const hasher = openHasher(path, own, tools);
      if (source === "first") here = { hasher, generation: Atomics.load(mine, 1) };
      return hasher;
    };
    await serveDigests(mine, open, (answer) => take(source, answer), (seen, state) => {
      if (state !== "busy") {
        if (Atomics.load(mine, 3) !== seen) return;
        return new Promise<void>((resolve) => sleepers.push(resolve)).then(() => void (since = performance.now()));
      }
      if (performance.now() - since < longestSliceRunMs) return;
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => void (since = performance.now()));
    });
  }

  function workHere(): void {
    engine = "inline";
    runInline("first", served);
  }

  function fallBack(): void {
    clearTimeout(startup);
    thread?.terminate();
    thread = undefined;
    mayWork = false;
    if (!closed) workHere();
  }

  function startWorker(): void {
    if (engine === "inline") leaveInline();
    engine = "starting";
    try {
      const source = `(${serveAsWorker})(${openHasher}, ${serveDigests}, ${takePart});`;
      thread = new Worker(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
    } catch {
      return fallBack();
    }
    thread.onerror = (event) => {
      event.preventDefault();
      fallBack();
    };
    thread.onmessage = ({ data }: MessageEvent<{ served: HashName[] } | DigestAnswer>) => {
      if (!("served" in data)) return take("first", data);
      clearTimeout(startup);
      engine = "worker";
      served = data.served;
      const left = names.filter((name) => !served.includes(name));
      if (left.length === 0) return;
      sourceCount = 2;
      runInline("second", left);
    };
    thread.postMessage({ path, names, cells, library: names.includes("BLAKE3") ? libraryLocation() : undefined });
  }

  /** Ends the run of this thread; whoever comes after it begins at the first byte. */
  function leaveInline(): void {
    const next = newCells();
    for (const cell of [0, 1, 2]) Atomics.store(next, cell, Atomics.load(cells, cell));
    Atomics.store(cells, 1, -1n);
    signal();
    here = undefined;
    cells = next;
  }

  /** Hashes bytes on the spot where they come next. */
  function hashHere(bytes: Uint8Array, at: number): void {
    if (here?.hasher.position() !== at || here.generation !== Atomics.load(cells, 1)) return;
    const since = performance.now();
    fedSince ??= since;
    try {
      here.hasher.update(bytes);
    } catch {
      // the file cannot be read: the run that reads it back will say so
      return void (here = undefined);
    }
    Atomics.store(cells, 4, BigInt(at + bytes.byteLength));
    hashingMs += performance.now() - since;
  }

  function abandon(): void {
    finished = undefined;
    // an error has its price, and mostly nobody waits
    if (waiting === undefined) return;
    waiting.reject(new CivikitError(`hashing ${JSON.stringify(path)}: given up`, { code: "aborted" }));
    waiting = undefined;
  }

  function begin(knownBytes: number, isComplete: boolean): void {
    if (names.length === 0 || closed) return;
    const behind = knownBytes - Number(Atomics.load(cells, 4));
    const isFed = engine === "inline";
    if (engine !== "none" && !(isFed && mayWork)) return;
    if (worker === true || mayWork && behind >= (isFed ? farBehindBytes : worthWorkerBytes)) startWorker();
    else if (!isFed && (isComplete || !mayWork)) workHere();
  }

  begin(0, false);

  return {
    get hashedBytes() {
      return Number(Atomics.load(cells, 4));
    },
    get engine() {
      return engine;
    },
    advance(prefixBytes) {
      if (prefixBytes - notified < notifyBytes) return;
      notified = prefixBytes;
      Atomics.store(cells, 0, BigInt(prefixBytes));
      begin(prefixBytes, false);
      signal();
    },
    feed(bytes, at, totalBytes = Infinity) {
      if (closed || names.length === 0) return;
      if (engine === "none") workHere();
      if (engine !== "inline") return;
      hashHere(bytes, at);
      const hashed = Number(Atomics.load(cells, 4));
      if (!mayWork || hashed < judgedBytes || totalBytes - hashed < leastLeftBytes) return;
      if (fedSince !== undefined && hashingMs > mostShare * (performance.now() - fedSince)) startWorker();
    },
    finish(totalBytes) {
      if (finished) return finished;
      const { promise } = waiting = Promise.withResolvers<Digests>();
      finished = promise;
      // whoever raced this against something else may never look at it
      promise.catch(() => {});
      if (closed) {
        abandon();
        return promise;
      }
      Atomics.store(cells, 0, BigInt(totalBytes));
      Atomics.store(cells, 2, BigInt(totalBytes));
      begin(totalBytes, true);
      signal();
      settle();
      if (engine === "starting") startup = setTimeout(fallBack, startupMs);
      return promise;
    },
    share(spans) {
      if (engine !== "worker") return undefined;
      const look = newLook(spans);
      thread!.postMessage(look);
      return look;
    },
    reset() {
      abandon();
      clearTimeout(startup);
      notified = hashingMs = 0;
      fedSince = undefined;
      answers.clear();
      // in this order: nobody may take the old prefix for one of the new generation
      Atomics.store(cells, 0, 0n);
      Atomics.store(cells, 2, -1n);
      Atomics.store(cells, 4, 0n);
      Atomics.add(cells, 1, 1n);
      signal();
    },
    close() {
      if (closed) return;
      closed = true;
      abandon();
      clearTimeout(startup);
      Atomics.store(cells, 1, -1n);
      signal();
      thread?.terminate();
    },
  };
}
