import { resolve } from "node:path";
import {
  CivikitError,
  type Digests,
  type ErrorCode,
  type ErrorReason,
  hint,
  HttpError,
  type Locale,
} from "../../transport/mod.ts";
import { ownError } from "../../transport/internal.ts";
import { serverWords } from "./failure.ts";
import type { Io } from "./io.ts";
import { failureFields, jsonLine } from "./json_line.ts";
import type { Reporter } from "./reporter.ts";

/**
 * One line of `civikit download --json`. The names and meanings below stay; new events and fields may be added, so
 * ignore those you do not know. Sizes are in bytes, times in milliseconds; an unknown size is null.
 *
 * - `plan`: how many files there are; once, before the first `start`.
 * - `start`: a file's work begins. `index` names the file in all later lines.
 * - `progress`: at most twice a second for each file; left out with `--quiet`.
 * - `done`: the file is under its final name. `baseModel` is null and `trainedWords` empty where the site says nothing.
 * - `error`: a file failed; or a reference that never became one, then `index` is null. `code` is stable, `reason`
 *   is what it leaves open (or null), `server` is what the server said about it in its own words.
 * - `summary`: the last line of every run, an interrupted one too. `bytes` are those of finished files, `fetchedBytes`
 *   what came over the network, for files that did not end too.
 * - `would_download`: with `--dry-run`, a line for each file; `leftBytes` of it are not there yet. Of the others only
 *   `error` comes then.
 */
export type JsonEvent =
  | { event: "plan"; files: number; totalBytes: number | null }
  | { event: "start"; index: number; reference: string; file: string; path: string; totalBytes: number | null }
  | {
    event: "progress";
    index: number;
    downloadedBytes: number;
    totalBytes: number | null;
    bytesPerSecond: number;
    connections: number;
  }
  | {
    event: "done";
    index: number;
    reference: string;
    path: string;
    bytes: number;
    verified: boolean;
    verifiedBy: string | null;
    hashes: Digests;
    resumedBytes: number;
    skipped: boolean;
    elapsedMs: number;
    baseModel: string | null;
    trainedWords: readonly string[];
  }
  | {
    event: "error";
    index: number | null;
    reference: string;
    code: ErrorCode | "unknown";
    reason: ErrorReason | null;
    exitCode: number;
    message: string;
    title: string;
    action: string;
    server: string | null;
    retryAfterMs: number | null;
  }
  | {
    event: "would_download";
    index: number;
    reference: string;
    file: string;
    path: string;
    totalBytes: number | null;
    leftBytes: number | null;
    hashes: Digests;
    url: string;
    freeBytes: number | null;
  }
  | {
    event: "summary";
    done: number;
    skipped: number;
    failed: number;
    unfinished: number;
    bytes: number;
    fetchedBytes: number;
    elapsedMs: number;
    exitCode: number;
  };

/** Writes `event` as one line on the standard output. */
function writeJson(io: Pick<Io, "stdout">, event: JsonEvent): void {
  jsonLine(io, event);
}

/** The line for a failure. */
function errorEvent(error: unknown, reference: string, locale: Locale, index: number | null): JsonEvent {
  const own = ownError(error);
  const fields = failureFields(own);
  const { title, action } = own instanceof CivikitError ? hint(own, locale) : { title: fields.message, action: "" };
  const { body = "", retryAfterMs } = own instanceof HttpError ? own : {};
  const server = serverWords(body, "until") ?? null;
  return { event: "error", index, reference, ...fields, title, action, server, retryAfterMs: retryAfterMs ?? null };
}

const everyMs = 500;

/** A line of JSON for each {@linkcode JsonEvent}, on the standard output. */
export function jsonReporter(
  { io, locale, withProgress }: { io: Io; locale: Locale; withProgress: boolean },
): Reporter {
  const last = new Map<number, number>();
  const connections = new Map<number, number>();
  const write = (event: JsonEvent) => writeJson(io, event);
  return {
    plan(items) {
      const sizes = items.map(({ totalBytes }) => totalBytes ?? NaN);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      write({ event: "plan", files: items.length, totalBytes: Number.isNaN(total) ? null : total });
    },
    start({ index, reference, name, path, totalBytes = null }) {
      write({ event: "start", index, reference, file: name, path: resolve(path), totalBytes: totalBytes ?? null });
    },
    progress({ index }, { downloadedBytes, totalBytes, bytesPerSecond }) {
      const now = io.now();
      if (!withProgress || now - (last.get(index) ?? -Infinity) < everyMs) return;
      last.set(index, now);
      write({
        event: "progress",
        index,
        downloadedBytes,
        totalBytes: totalBytes ?? null,
        bytesPerSecond: Math.round(bytesPerSecond),
        connections: connections.get(index) ?? 1,
      });
    },
    connections({ index }, number) {
      connections.set(index, number);
    },
    phase() {},
    done({ index, reference, model }, { path, bytes, verified, verifiedBy = null, digests, ...rest }) {
      const { resumedBytes, skipped, elapsedMs } = rest;
      const event = { event: "done", index, reference, path, bytes, verified, verifiedBy, hashes: digests } as const;
      const { baseModel = null, trainedWords = [] } = model ?? {};
      write({ ...event, resumedBytes, skipped, elapsedMs: Math.round(elapsedMs), baseModel, trainedWords });
    },
    failed: (error, subject, item) => write(errorEvent(error, item?.reference ?? subject, locale, item?.index ?? null)),
    note() {},
    summary({ done, skipped, failed, unfinished, bytes, fetchedBytes, elapsedMs, exitCode }) {
      const counts = { done, skipped, failed, unfinished, bytes, fetchedBytes };
      write({ event: "summary", ...counts, elapsedMs: Math.round(elapsedMs), exitCode });
    },
    close() {},
  };
}
