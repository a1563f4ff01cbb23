import type { CheckMirror, FileStore } from "../../fleet/mirror/mod.ts";
import type { HashCache } from "../../api/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { CommandContext } from "../command.ts";
import type { Output } from "../terminal/output.ts";
import { formatElapsed } from "../terminal/text.ts";
import { mirrorText } from "../texts/mirror.ts";
import { loadMirror } from "./open_file_store.ts";

/** What {@linkcode checkBucket} goes by. */
export interface CheckBucketOptions extends CheckMirror {
  readonly cache: HashCache;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Shows how far a file is read. */
  onProgress(path: string, bytes: number, totalBytes: number, doing: "reading"): void;
}

/** Proves every file of a store by the hash it is named by, and says what is damaged: nobody here knows it otherwise. Returns the exit code. */
export async function checkBucket(
  store: FileStore,
  { budgetBytes, cache, concurrency, signal, onProgress }: CheckBucketOptions,
  { io, locale }: Pick<CommandContext, "io" | "locale">,
  out: Output,
): Promise<number> {
  const text = mirrorText[locale];
  const { checkStore } = await loadMirror();
  const startedMs = io.now();
  const counts = { there: 0, proved: 0, damaged: 0, failed: 0 };
  let provedBytes = 0;
  const checks = checkStore(store, {
    ...{ budgetBytes, cache, concurrency, signal },
    onProgress: ({ sha256 }, bytes, totalBytes) => onProgress(sha256, bytes, totalBytes, "reading"),
  });
  for await (const { file: { sha256, bytes }, state, error } of checks) {
    counts[state]++;
    const event = { path: null, sha256, bytes, url: store.urlOf(sha256) };
    if (state === "damaged") out.fail(error, sha256, { event: "damaged", ...event });
    else if (state === "failed") out.fail(error, sha256, { event: "error", ...event });
    else out.emit({ event: state, ...event });
    if (state === "proved") provedBytes += bytes;
  }
  signal.throwIfAborted();
  const elapsedMs = Math.round(io.now() - startedMs);
  const { there, proved, damaged, failed } = counts;
  const words = [
    ...(there > 0 ? [text.unread(there)] : []),
    ...(proved > 0 ? [text.provedCount(proved, formatBytes(provedBytes))] : []),
    ...(damaged > 0 ? [text.damagedCount(damaged)] : []),
    ...(failed > 0 ? [text.failed(failed)] : []),
  ];
  const summary = { place: store.place, ...counts, provedBytes, elapsedMs };
  return out.finish(summary, `${text.checked(store.place, words, formatElapsed(elapsedMs))}\n`);
}
