import { statSync } from "node:fs";
import { type HashCache, hashFiles } from "../../api/mod.ts";
import { findDamage } from "../../api/library/find_damage.ts";
import type { Throttle } from "../../transport/mod.ts";

/** How far the proving is, in bytes of files. */
export interface Proving {
  /** Bytes that were hashed since it began. */
  readonly done: number;
  /** Bytes there were to hash when it began. */
  readonly total: number;
}

/** Hashes what is only presumed, one file after the other, while nothing else is under way. */
export interface Prover {
  /** How far it is; null: there is nothing to prove, or it waits. */
  readonly proving: Proving | null;
  /** Goes on, where there is anything. */
  wake(): void;
  /** Stops reading; resolves when it has stopped. The file it was at is begun again. */
  pause(): Promise<void>;
}

/** What a prover works with. */
export interface ProverOptions {
  /** Full paths of what is to be proved; asked each time it begins. */
  paths(): readonly string[];
  readonly hashes: HashCache;
  /** Bounds how fast is read. */
  readonly throttle?: (() => Throttle | undefined) | undefined;
  /** Told of each file whose hash is there now, and now and then how far it is. */
  onProved(path: string): void;
  onProgress(): void;
}

/** It takes hours: nobody has to hear of every step. */
const tellMs = 1000;

interface Stamped {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly inode: string;
}

/** As the folders are walked; undefined for what is gone. */
function stampOf(path: string): Stamped | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return { path, bytes: found.size, mtimeMs: Math.trunc(found.mtimeMs), inode: `${found.dev}:${found.ino}` };
}

/** Makes one; it sleeps until it is woken. */
export function prover({ paths, hashes, throttle, onProved, onProgress }: ProverOptions): Prover {
  let running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  let proving: Proving | null = null;

  async function work(signal: AbortSignal): Promise<void> {
    const files = paths().map(stampOf).filter((file) => file !== undefined);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (files.length === 0) return;
    proving = { done: 0, total };
    let toldMs = performance.now();
    const onHashed = ({ hashedBytes: done }: { hashedBytes: number }) => {
      proving = { done, total };
      if (performance.now() - toldMs < tellMs) return;
      toldMs = performance.now();
      onProgress();
    };
    const options = { concurrency: 1, throttle: throttle?.(), onProgress: onHashed, signal };
    for await (const { file: { inode, ...file }, sha256 } of hashFiles(files, options)) {
      const now = stampOf(file.path);
      // what changed while it was read, or cannot be read, is for a scan to tell
      if (sha256 === undefined || now?.mtimeMs !== file.mtimeMs || now.bytes !== file.bytes || now.inode !== inode) {
        continue;
      }
      hashes.keep({ ...file, sha256, problem: problemOf(file.path) });
      onProved(file.path);
    }
  }

  return {
    get proving() {
      return proving;
    },
    wake() {
      if (running !== undefined) return;
      const stop = new AbortController();
      const ended = work(stop.signal).catch(() => {
        // stopped, or nothing that could be done about it here: what is not proved stays presumed
      }).finally(() => {
        proving = null;
        running = undefined;
        onProgress();
      });
      running = { stop, ended };
    },
    async pause() {
      running?.stop.abort(new DOMException("the library has something else to do", "AbortError"));
      await running?.ended;
    },
  };
}

function problemOf(path: string): string | null | undefined {
  try {
    return findDamage(path) ?? null;
  } catch {
    return undefined; // nobody looked
  }
}
