import { basename, dirname } from "node:path";
import type { ErrorCode } from "../../transport/mod.ts";
import type { Job, JobState } from "../queue/job.ts";
import { gidOf } from "./gid.ts";

/** A download as aria2 describes one: every number is a text. */
export type Status = Readonly<Record<string, unknown>>;

type Word = "active" | "waiting" | "paused" | "error" | "complete" | "removed";

const wordsOf: Readonly<Record<JobState, Word>> = {
  waiting: "waiting",
  resolving: "active",
  downloading: "active",
  verifying: "active",
  paused: "paused",
  done: "complete",
  failed: "error",
  cancelled: "removed",
};

/** How aria2 calls the state of a job. */
export const wordOf = ({ state }: Job): Word => wordsOf[state];

/** Exit statuses of the aria2c manual page, section EXIT STATUS. */
const errorCodes: Partial<Readonly<Record<ErrorCode, number>>> = {
  header_timeout: 2,
  idle_timeout: 2,
  total_timeout: 2,
  not_found: 3,
  gone: 3,
  connect_failed: 6,
  connection_reset: 6,
  network_error: 6,
  tls_failed: 6,
  no_space: 9,
  target_locked: 12,
  target_exists: 13,
  rename_failed: 14,
  disk_error: 17,
  permission_denied: 17,
  folder_missing: 18,
  dns_failed: 19,
  unexpected_content: 22,
  bad_request: 22,
  too_many_redirects: 23,
  unauthorized: 24,
  login_required: 24,
  forbidden: 24,
  invalid_argument: 28,
  service_unavailable: 29,
  rate_limited: 29,
  hash_mismatch: 32,
};

function endingOf({ state, code, why }: Job): Status {
  if (state === "done") return { errorCode: "0" };
  if (state === "cancelled") return { errorCode: "31" };
  if (state !== "failed" || code === null) return {};
  return { errorCode: String(errorCodes[code] ?? 1), errorMessage: why?.message ?? code };
}

/** What a piece is called for, to whoever draws them. */
const pieceBytes = 1024 ** 2;

/** The files of a download: the one of a job, and none before its name is known. */
export function filesOf({ path, reference, bytes, totalBytes }: Job): Status[] {
  return [{
    index: "1",
    path: path ?? "",
    length: String(totalBytes ?? 0),
    completedLength: String(bytes),
    selected: "true",
    uris: urisOf({ reference }),
  }];
}

/** Where a download comes from. */
export const urisOf = ({ reference }: Pick<Job, "reference">): Status[] => [{ uri: reference, status: "used" }];

/**
 * A job as aria2 describes it.
 *
 * @param folder Where files go that say nothing else.
 * @param keys What is asked for. Default: everything.
 */
export function statusOf(job: Job, folder: string, keys?: readonly string[]): Status {
  const { id, path, name, options, state, bytes, totalBytes, bytesPerSecond } = job;
  const total = totalBytes ?? 0;
  const dir = path === null ? options.dir ?? options.root ?? folder : dirname(path);
  const [file] = filesOf(job);
  const all: Status = {
    gid: gidOf(id),
    status: wordOf(job),
    totalLength: String(total),
    completedLength: String(bytes),
    uploadLength: "0",
    downloadSpeed: String(Math.round(bytesPerSecond)),
    uploadSpeed: "0",
    connections: state === "downloading" ? "1" : "0",
    pieceLength: String(pieceBytes),
    numPieces: String(Math.ceil(total / pieceBytes)),
    dir,
    // before the place is known, the name people know it by stands in its stead
    files: [path === null ? { ...file, path: `${dir}/${basename(name)}` } : file],
    ...(state === "verifying" && { verifiedLength: "0" }),
    ...endingOf(job),
  };
  return keys === undefined ? all : Object.fromEntries(keys.filter((key) => key in all).map((key) => [key, all[key]]));
}
