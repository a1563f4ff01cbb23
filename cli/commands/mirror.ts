import { dirname, join } from "node:path";
import type { LockedFile, Project } from "../../api/mod.ts";
import { runFiles } from "../../hub/run/mod.ts";
import { formatBytes } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { projectFlags, projectOf } from "../options/project_options.ts";
import { fetchFlags, hashFlags, outputFlags, siteFlags } from "../options/shared_flags.ts";
import { downloadSettings } from "../run/download_settings.ts";
import { openHashes } from "../run/hash_store.ts";
import { loadMirror, openFileStore } from "../run/open_file_store.ts";
import { openSession } from "../run/session.ts";
import { hashesPath } from "../settings/places.ts";
import { output } from "../terminal/output.ts";
import { formatElapsed, printable } from "../terminal/text.ts";
import { mirrorHelp, mirrorText } from "../texts/mirror.ts";
import { runText } from "../texts/run.ts";
import { bilingual } from "../texts/texts.ts";

const { jobs, parallel, limitRate, dryRun } = fetchFlags;
const { root } = projectFlags;
const flags = {
  root,
  jobs,
  parallel,
  limitRate,
  dryRun,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

/** Uploads that nobody went on with for so long are given up. */
const patienceMs = 7 * 24 * 60 * 60 * 1000;
const tellEveryMs = 500;

/** Where files from the site lie until they are stored: beside the hashes, which are a cache too. */
function spoolFolder({ io: { env } }: CommandContext, { folder }: Project): string {
  const hashes = hashesPath(env);
  return hashes === undefined ? join(folder, ".civikit-mirror") : join(dirname(hashes), "mirror");
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, locale, settings } = context;
  const { json, quiet, jobs: concurrency, dryRun: isDry } = args.flags;
  const [folder, place] = args.operands;
  if (folder === undefined || place === undefined) throw new UsageError(bilingual(mirrorText, ({ usage }) => usage));
  const text = mirrorText[locale];
  const project = projectOf({ ...args, flags: { ...args.flags, project: folder } }, context);
  using out = output(context, { json, quiet: quiet || json });
  using cache = openHashes(args, context, out.note);
  using store = await openFileStore(place, context, out.note);
  using session = await openSession(args, context, out);
  const { fillMirror } = await loadMirror();
  const startedMs = io.now();
  const counts = { there: 0, stored: 0, missing: 0, failed: 0 };
  let [sentBytes, resumedBytes, missingBytes, toldMs] = [0, 0, 0, -Infinity];
  const sizeOf = ({ bytes }: LockedFile) => bytes === null ? text.unknownSize : formatBytes(bytes);
  const onProgress = (file: LockedFile, bytes: number, totalBytes: number) => {
    if (io.now() - toldMs < tellEveryMs && bytes < totalBytes) return;
    toldMs = io.now();
    if (json && !quiet) out.emit({ event: "progress", path: file.path, bytes, totalBytes });
    out.progress(text.storing(printable(file.path), Math.floor(bytes / totalBytes * 100)));
  };
  const outcomes = fillMirror(project, store, session.transport, {
    ...{
      spool: spoolFolder(context, project),
      baseUrl: settings.value("baseUrl"),
      cache,
      concurrency,
      isDry,
      onProgress,
    },
    fetch: runFiles({ track: session.track, defaults: downloadSettings(settings) }),
    signal: session.signal,
  });
  for await (const { file, state, from, put, error } of outcomes) {
    counts[state]++;
    const { path, sha256, bytes, air } = file;
    const event = { path, air, sha256, bytes, ...(sha256 !== null && { url: store.urlOf(sha256) }) };
    if (state === "failed") out.fail(error, path, { event: "error", ...event });
    else if (state === "there") out.emit({ event: "there", ...event });
    else if (state === "missing") {
      missingBytes += bytes ?? 0;
      const line = text.wouldStore(printable(path), sizeOf(file), from!);
      out.show({ event: "would_store", ...event, from }, `${line}\n`);
    } else {
      sentBytes += put!.sentBytes;
      resumedBytes += put!.resumedBytes;
      const { sentBytes: sent, resumedBytes: resumed } = put!;
      const stored = { event: "stored", ...event, from, sentBytes: sent, resumedBytes: resumed };
      out.emit(stored, text.stored(printable(path), formatBytes(put!.bytes), from!));
    }
  }
  if (session.signal.aborted) out.note(runText[locale].again);
  session.signal.throwIfAborted();
  if (!isDry) {
    const cleaned = await store.clean(patienceMs, session.signal).catch(() => 0);
    if (cleaned > 0) out.emit({ event: "cleaned", count: cleaned }, text.cleaned(cleaned));
  }
  const elapsedMs = Math.round(io.now() - startedMs);
  const { there, stored, missing, failed } = counts;
  const words = [
    ...(there > 0 ? [text.there(there)] : []),
    ...(stored > 0
      ? [text.storedCount(stored, formatBytes(sentBytes), resumedBytes > 0 ? formatBytes(resumedBytes) : undefined)]
      : []),
    ...(missing > 0 ? [text.missing(missing, formatBytes(missingBytes))] : []),
    ...(failed > 0 ? [text.failed(failed)] : []),
  ];
  const summary = { place: store.place, ...counts, sentBytes, resumedBytes, elapsedMs };
  return out.finish(summary, `${text.summary(store.place, words, formatElapsed(elapsedMs))}\n`);
}

/** `civikit mirror`: a lock file's files in an object store. */
export const mirrorCommand: Command = {
  usage: "mirror <project> <s3://bucket/prefix> [options]",
  operands: "folder",
  mostOperands: 2,
  flags,
  help: mirrorHelp,
  run,
};
