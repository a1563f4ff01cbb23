import { join } from "node:path";
import { type Expected, recordedFiles, type Skip, verify } from "../../api/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { describeFailure } from "../terminal/failure.ts";
import { openHashes } from "../run/hash_store.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { failureFields, jsonLine } from "../terminal/json_line.ts";
import { projectFlags, projectOf } from "../options/project_options.ts";
import { statusLine } from "../terminal/status_line.ts";
import { describeSkip, skippedCodes } from "../terminal/skipped.ts";
import { formatElapsed } from "../terminal/text.ts";
import { hashFlags, hashJobsFlags, outputFlags } from "../options/shared_flags.ts";

const help = `Hashes files again, all of them, and compares each with what was written down:
with folders, the hash of the last scan; without, the lock file of the project
(civikit.lock.json). Finds what a disk lost or something overwrote without
changing size or time. Asks nobody; changes nothing.

Files nobody has written down are "unrecorded". What .safetensors, GGUF and zip
archives (.pt, .ckpt) say of themselves must fit their size, too, unless Civitai
or the lock file knows the very bytes.

With --json every line is an object with "event": ok, unrecorded, damaged,
missing, unreadable or summary. The exit code is 7 when something is damaged.`;

const flags = { ...projectFlags, ...hashJobsFlags, ...hashFlags, ...outputFlags } as const satisfies Flags;

function collect(
  args: Args<typeof flags>,
  context: CommandContext,
  say: (text: string) => void,
): { files: Expected[]; skipped: Skip[] } {
  if (args.operands.length === 0) {
    const { lock, root } = projectOf(args, context, true);
    if (lock.files.length === 0) {
      throw new UsageError("nothing to verify: no folder was given, and there is no lock file here");
    }
    return {
      files: lock.files.map(({ path, sha256 }) => {
        return { path: join(root, path), sha256: sha256 ?? undefined, isPublished: sha256 !== null };
      }),
      skipped: [],
    };
  }
  using cache = openHashes(args, context, say);
  const found = args.operands.map((folder) => recordedFiles(folder, cache));
  return { files: found.flatMap(({ files }) => files), skipped: found.flatMap(({ skipped }) => skipped) };
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, style, locale } = context;
  const { json, quiet: isQuiet, jobs: concurrency } = args.flags;
  using line = statusLine(io, isQuiet || json);
  const say = (text: string) => isQuiet || json ? undefined : line.say(text);
  const { files, skipped } = collect(args, context, say);
  const startedMs = io.now();
  using stop = interrupt(io, { onFirst: () => say("interrupted"), onSecond: line.close });
  const codes = skippedCodes(skipped);
  const counts = { ok: 0, unrecorded: 0, damaged: 0, missing: 0, unreadable: codes.length };
  for (const skip of skipped) {
    if (json) jsonLine(io, { event: "unreadable", path: skip.path, ...failureFields(skip.error) });
    else line.say(describeSkip(skip, skip.path, context).trimEnd());
  }
  try {
    const onProgress = ({ hashedBytes }: { hashedBytes: number }) =>
      line.show(`verifying: ${formatBytes(hashedBytes)}`);
    for await (
      const { path, state, sha256, error } of verify(files, { concurrency, onProgress, signal: stop.signal })
    ) {
      counts[state]++;
      if (error !== undefined) codes.push(state === "damaged" ? ExitCode.verification : exitCode(error));
      if (json) jsonLine(io, { event: state, path, sha256: sha256 ?? null, ...(error && failureFields(error)) });
      else if (error !== undefined) line.say(describeFailure(error, path, locale, style).trimEnd());
    }
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    return ExitCode.interrupted;
  }
  line.close();
  const code = sharedExitCode(codes);
  const elapsedMs = Math.round(io.now() - startedMs);
  if (json) jsonLine(io, { event: "summary", ...counts, elapsedMs, exitCode: code });
  else if (!isQuiet) {
    const words = Object.entries(counts).filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
    io.stdout(`${words.join(", ") || "no files"} in ${formatElapsed(elapsedMs)}\n`);
  }
  return code;
}

/** `civikit verify`: whether files still are what they were. */
export const verifyCommand: Command = {
  name: "verify",
  summary: "Hashes files again and compares them with the lock file, or with the last scan.",
  usage: "verify [<folder or file>...] [options]",
  flags,
  help,
  run,
};
