import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { setImmediate } from "node:timers";
import { crc32 } from "node:zlib";
import { CivikitError } from "../errors/errors.ts";
import {
  type DigestAnswer,
  type Digests,
  type HashName,
  hashNames,
  type HashTools,
  openHasher,
  serveAsWorker,
  serveDigests,
} from "./digest_engine.ts";
import { checkPlain } from "./plain_file.ts";
import { wrapDiskError } from "./disk.ts";

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
   * Says that the file is complete with `totalBytes`, and gives its hashes.
   *
   * @throws {DiskError} when the file cannot be read or is shorter.
   */
  finish(totalBytes: number): Promise<Digests>;
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
const longestSliceRunMs = 8;

/**
 * Hashes the file at `path` while it is being written: reads the finished prefix back through the page cache, in a
 * worker, so that neither the network nor the disk waits for it.
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
  const cells = new BigInt64Array(new SharedArrayBuffer(5 * 8));
  Atomics.store(cells, 2, -1n);
  // a worker may leave BLAKE3 to us: then two answers make one
  let served = names;
  let sourceCount = names.length === 0 ? 0 : 1;
  const answers = new Map<"first" | "second", DigestAnswer>();
  const sleepers: (() => void)[] = [];
  let notified = 0;
  let closed = false;
  let engine: DigestFollower["engine"] = "none";
  let thread: Worker | undefined;
  let startup: ReturnType<typeof setTimeout> | undefined;
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
  }

  async function runInline(source: "first" | "second", here: readonly HashName[]): Promise<void> {
    let tools: HashTools;
    try {
      tools = await hashTools(here);
    } catch (error) {
      return take(source, { generation: Atomics.load(cells, 1), error: { name: "Error", message: String(error) } });
    }
    let since = performance.now();
    await serveDigests(cells, () => openHasher(path, here, tools), (answer) => take(source, answer), (seen, idle) => {
      if (idle) {
        if (Atomics.load(cells, 3) !== seen) return;
        return new Promise<void>((resolve) => sleepers.push(resolve)).then(() => void (since = performance.now()));
      }
      if (performance.now() - since < longestSliceRunMs) return;
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => void (since = performance.now()));
    });
  }

  function fallBack(): void {
    clearTimeout(startup);
    thread?.terminate();
    thread = undefined;
    if (closed) return;
    engine = "inline";
    runInline("first", served);
  }

  function startWorker(): void {
    engine = "starting";
    try {
      const source = `(${serveAsWorker})(${openHasher}, ${serveDigests});`;
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

  function abandon(): void {
    waiting?.reject(new CivikitError(`hashing ${JSON.stringify(path)}: given up`, { code: "aborted" }));
    waiting = undefined;
  }

  function begin(knownBytes: number, isComplete: boolean): void {
    if (engine !== "none" || names.length === 0) return;
    if (worker === true || (worker === "auto" && knownBytes >= worthWorkerBytes)) startWorker();
    else if (worker === false || isComplete) fallBack();
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
    finish(totalBytes) {
      if (waiting) return waiting.promise;
      waiting = Promise.withResolvers();
      // whoever raced this against something else may never look at it
      waiting.promise.catch(() => {});
      if (closed) {
        const { promise } = waiting;
        abandon();
        return promise;
      }
      Atomics.store(cells, 0, BigInt(totalBytes));
      Atomics.store(cells, 2, BigInt(totalBytes));
      begin(totalBytes, true);
      signal();
      settle();
      if (engine === "starting") startup = setTimeout(fallBack, startupMs);
      return waiting.promise;
    },
    reset() {
      abandon();
      clearTimeout(startup);
      notified = 0;
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

async function hashTools(names: readonly HashName[]): Promise<HashTools> {
  // the library is loaded only by those who need it
  const blake3 = names.includes("BLAKE3") ? await (await import("hash-wasm")).createBLAKE3() : undefined;
  return { createHash, crc32, openSync, readSync, closeSync, blake3 };
}

/** Where a worker can import the library from; undefined where only this module can, as in a bundle. */
function libraryLocation(): string | undefined {
  try {
    return import.meta.resolve("hash-wasm");
  } catch {
    return undefined;
  }
}

/** Settings of {@linkcode digestFile}. */
export interface DigestFileOptions {
  /** Whether a worker does the work. Default `auto`: for files of 16 MiB and more. */
  worker?: boolean | "auto";
  /** Gives up; rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The hashes of a whole file.
 *
 * @throws {DiskError} when the file cannot be read.
 * @example
 * ```ts
 * import { digestFile } from "@civikit/civikit/transport";
 *
 * const path = Deno.makeTempFileSync();
 * Deno.writeTextFileSync(path, "123456789");
 * console.log(await digestFile(path, ["CRC32", "AutoV2"])); // { AutoV2: "15E2B0D3C3", CRC32: "2639F4CB" }
 * Deno.removeSync(path);
 * ```
 */
export async function digestFile(
  path: string,
  names: readonly HashName[],
  { worker = "auto", signal }: DigestFileOptions = {},
): Promise<Digests> {
  signal?.throwIfAborted();
  let size: number;
  try {
    checkPlain(path);
    size = statSync(path).size;
  } catch (error) {
    throw wrapDiskError(error, path, "hashing");
  }
  const follower = followDigest(path, names, { worker });
  const stop = () => follower.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await follower.finish(size);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    follower.close();
  }
}
