import { statSync } from "node:fs";
import { join } from "node:path";
import { type Expected, type Project, recordedFiles, settlePresumed, type Skip, verify } from "../../api/mod.ts";
import type { Args } from "../options/args.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags } from "../options/flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { openHashes } from "../run/hash_store.ts";
import { readingLimit } from "../run/reading_limit.ts";
import { output } from "../terminal/output.ts";
import { interrupt } from "../terminal/interrupt.ts";
import { projectFlags, projectOf } from "../options/project_options.ts";
import { warnSkip } from "../terminal/skipped.ts";
import { readingOf } from "../terminal/reading.ts";
import { formatElapsed } from "../terminal/text.ts";
import { hashFlags, hashJobsFlags, outputFlags } from "../options/shared_flags.ts";
import { verifyHelp, verifyText } from "../texts/library.ts";
import { bilingual } from "../texts/texts.ts";

const flags = { ...projectFlags, ...hashJobsFlags, ...hashFlags, ...outputFlags } as const satisfies Flags;

function collect(
  args: Args<typeof flags>,
  context: CommandContext,
  note: (text: string) => void,
): { files: Expected[]; skipped: Skip[]; project?: Project } {
  if (args.operands.length === 0) {
    const project = projectOf(args, context, true);
    const { lock, root } = project;
    if (lock.files.length === 0) {
      throw new UsageError(bilingual(verifyText, ({ nothing }) => nothing));
    }
    return {
      project,
      files: lock.files.map(({ path, sha256 }) => {
        return { path: join(root, path), sha256: sha256 ?? undefined, isPublished: sha256 !== null };
      }),
      skipped: [],
    };
  }
  using cache = openHashes(args, context, note);
  const found = args.operands.map((folder) => recordedFiles(folder, cache));
  return { files: found.flatMap(({ files }) => files), skipped: found.flatMap(({ skipped }) => skipped) };
}

/** What cannot be looked at counts as nothing: the hashing will say why. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, locale } = context;
  const text = verifyText[locale];
  const { json, quiet, jobs: concurrency } = args.flags;
  using out = output(context, { json, quiet: quiet || json });
  const { files, skipped, project } = collect(args, context, out.note);
  const startedMs = io.now();
  const sound = new Set<string>();
  using stop = interrupt(io, { onFirst: () => out.note(text.interrupted), onSecond: out.close });
  const unreadable = skipped.filter(({ isDangling }) => !isDangling).length;
  const counts = { ok: 0, unrecorded: 0, damaged: 0, missing: 0, unreadable };
  for (const skip of skipped) warnSkip(out, skip, skip.path, { event: "unreadable", path: skip.path }, context);
  const total = files.reduce((sum, { path }) => sum + sizeOf(path), 0);
  const onProgress = ({ hashedBytes }: { hashedBytes: number }) =>
    out.progress(text.verifying(readingOf(hashedBytes, total, io.now() - startedMs)));
  const throttle = readingLimit(context.settings);
  const options = { concurrency, throttle, onProgress, signal: stop.signal };
  for await (const { path, state, sha256 = null, error } of verify(files, options)) {
    counts[state]++;
    if (state === "ok") sound.add(path);
    const event = { event: state, path, sha256 };
    if (error === undefined) out.emit(event);
    else out.fail(error, path, event, state === "damaged" ? ExitCode.verification : undefined);
  }
  if (project !== undefined) settlePresumed(project, sound);
  const elapsedMs = Math.round(io.now() - startedMs);
  const states = Object.keys(counts) as (keyof typeof counts)[];
  const words = states.filter((state) => counts[state] > 0)
    .map((state) => text.count(counts[state], text.states[state]));
  return out.finish({ ...counts, elapsedMs }, `${text.summary(words, formatElapsed(elapsedMs))}\n`);
}

/** `civikit verify`: whether files still are what they were. */
export const verifyCommand: Command = {
  usage: "verify [<folder or file>...] [options]",
  operands: "file",
  flags,
  help: verifyHelp,
  run,
};
