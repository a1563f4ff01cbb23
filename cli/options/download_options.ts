import { type Flag, type ParsedArgs, readArgs, UsageError, wholeNumber } from "./args.ts";
import type { Digests } from "../../transport/mod.ts";
import { hashesFlag, siteFlags } from "./shared_flags.ts";
import { parseSize, printable } from "../terminal/text.ts";

/** Options of `civikit download`. */
export const downloadFlags: readonly Flag[] = [
  { name: "dir", short: "d", value: "FOLDER", about: "where to save (default: downloads)" },
  { name: "output", short: "o", value: "NAME", about: "file name to save under (one file only)" },
  { name: "file", value: "ID|NAME", about: "which file of a version, by file id or name (default: the primary one)" },
  { name: "all-files", about: "every file of a version" },
  { name: "model", about: "bare numbers are model ids (their newest version), not version ids" },
  { name: "from", short: "i", value: "FILE", about: "read references from FILE, one a line; # starts a comment" },
  { name: "parallel", value: "N", about: "connections for each file, 1-32 (default: 4)" },
  { name: "jobs", short: "j", value: "N", about: "files at once, 1-16 (default: 3)" },
  { name: "limit-rate", value: "RATE", about: "bytes per second of everything together: 500K, 5M, 1.5G" },
  { name: "sha256", value: "HEX", about: "the SHA-256 the file must have, instead of the published hashes" },
  { name: "blake3", value: "HEX", about: "the BLAKE3 the file must have, instead of the published hashes" },
  { name: "no-verify", about: "accept the file even if its hash or size is not as published" },
  { name: "force", about: "replace a different file of the same name" },
  { name: "dry-run", short: "n", about: "only show what would be downloaded, and whether it fits on the disk" },
  { name: "json", about: "one JSON object a line on standard output, nothing else" },
  { name: "quiet", short: "q", about: "print only errors; with --json, no progress lines" },
  { name: "print-path", about: "print the path of each finished file on standard output" },
  hashesFlag,
  ...siteFlags,
];

/** What `civikit download` was asked to do. */
export interface DownloadOptions {
  /** What to download, in order; `-` stands for the standard input. */
  readonly references: readonly string[];
  /** A file with further references; `-` is the standard input. */
  readonly from: string | undefined;
  /** Folder of the results. */
  readonly dir: string;
  /** Name of the one result. */
  readonly output: string | undefined;
  /** File id or name within a version. */
  readonly file: string | undefined;
  /** Every file of a version. */
  readonly all: boolean;
  /** Bare numbers are model ids. */
  readonly isModel: boolean;
  /** Connections for each file; undefined leaves it to the transport. */
  readonly parallel: number | undefined;
  /** Files at once. */
  readonly jobs: number;
  /** Bytes per second of everything together. */
  readonly limitBytesPerSecond: number | undefined;
  /** Hashes the user vouches for, by the API's names. */
  readonly hashes: Digests;
  /** Whether the published hashes count. */
  readonly verify: boolean;
  /** Replace what is there. */
  readonly force: boolean;
  /** Only show. */
  readonly dryRun: boolean;
  /** JSON lines. */
  readonly json: boolean;
  /** Errors only. */
  readonly quiet: boolean;
  /** Paths on the standard output. */
  readonly printPath: boolean;
}

function digest(args: ParsedArgs, flag: string): string | undefined {
  const text = args.value(flag)?.trim();
  if (text !== undefined && !/^[0-9a-f]{64}$/i.test(text)) {
    throw new UsageError(`option --${flag} "${printable(text)}": not 64 hexadecimal digits`);
  }
  return text?.toUpperCase();
}

function rate(args: ParsedArgs): number | undefined {
  const text = args.value("limit-rate");
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes === undefined || bytes < 1024) {
    throw new UsageError(`option --limit-rate "${printable(text)}": not a rate of at least 1K, such as 500K or 5M`);
  }
  return bytes;
}

function check(options: DownloadOptions): void {
  const { references, from, output, file, all, hashes, verify, json, printPath } = options;
  if (references.length === 0 && from === undefined) {
    throw new UsageError("nothing to download: give a version id, model:<id>, an AIR or a URL");
  }
  if ([...references, from].filter((source) => source === "-").length > 1) {
    throw new UsageError('"-" is given twice: the standard input can be read once');
  }
  const isMany = references.length > 1 || from !== undefined || references.includes("-");
  if (output !== undefined && (isMany || all)) throw new UsageError("option --output: names one file, not several");
  if (output !== undefined && /[/\\]/.test(output)) {
    throw new UsageError("option --output: a name without folders is due; choose the folder with --dir");
  }
  if (Object.keys(hashes).length > 0 && (isMany || all)) {
    throw new UsageError("option --sha256 or --blake3: belongs to one file, not to several");
  }
  if (Object.keys(hashes).length > 0 && !verify) throw new UsageError("option --no-verify: contradicts a given hash");
  if (file !== undefined && all) throw new UsageError("option --all-files: contradicts --file");
  if (json && printPath) throw new UsageError("option --print-path: the JSON lines of --json hold the paths already");
}

/**
 * Reads and checks the options.
 *
 * @throws {UsageError} when they cannot be meant.
 */
export function downloadOptions(args: ParsedArgs): DownloadOptions {
  const sha256 = digest(args, "sha256");
  const blake3 = digest(args, "blake3");
  const options: DownloadOptions = {
    references: args.operands,
    from: args.value("from"),
    dir: args.value("dir") ?? "downloads",
    output: args.value("output"),
    file: args.value("file"),
    all: args.has("all-files"),
    isModel: args.has("model"),
    parallel: wholeNumber(args, "parallel", 1, 32),
    jobs: wholeNumber(args, "jobs", 1, 16) ?? 3,
    limitBytesPerSecond: rate(args),
    hashes: { ...(sha256 && { SHA256: sha256 }), ...(blake3 && { BLAKE3: blake3 }) },
    verify: !args.has("no-verify"),
    force: args.has("force"),
    dryRun: args.has("dry-run"),
    json: args.has("json"),
    quiet: args.has("quiet"),
    printPath: args.has("print-path"),
  };
  check(options);
  return options;
}

/** {@linkcode downloadOptions} of a raw command line. */
export function readDownloadOptions(args: readonly string[]): DownloadOptions {
  return downloadOptions(readArgs(args, downloadFlags));
}
