import { dirname, join } from "node:path";
import type { LockedFile, Project } from "../../api/mod.ts";
import type { CheckMirror } from "../../fleet/mirror/mod.ts";
import { runFiles } from "../../hub/run/mod.ts";
import { formatBytes, messageOf } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Command, CommandContext } from "../command.ts";
import { projectFlags, projectOf } from "../options/project_options.ts";
import { ageFlags, fetchFlags, hashFlags, outputFlags, siteFlags } from "../options/shared_flags.ts";
import { checkBucket } from "../run/check_bucket.ts";
import { downloadSettings } from "../run/download_settings.ts";
import { openHashes } from "../run/hash_store.ts";
import { lookAfterUploads } from "../run/look_after_uploads.ts";
import { loadMirror, openFileStore } from "../run/open_file_store.ts";
import { secondSource } from "../run/second_source.ts";
import { openSession } from "../run/session.ts";
import { hashesPath } from "../settings/places.ts";
import { output } from "../terminal/output.ts";
import { formatElapsed, parseSize, printable } from "../terminal/text.ts";
import { mirrorHelp, mirrorText } from "../texts/mirror.ts";
import { runText } from "../texts/run.ts";
import { bilingual } from "../texts/texts.ts";

const { jobs, parallel, limitRate, dryRun } = fetchFlags;
const { root } = projectFlags;
const weekMs = 7 * 24 * 60 * 60 * 1000;
const flags = {
  check: {
    type: "switch",
    help: {
      en: "read what is there, too, and replace what is damaged",
      "zh-TW": "已經在那裡的也讀一次，損壞的換掉",
    },
  },
  budget: {
    type: "text",
    value: "SIZE",
    usual: { en: "all of it", "zh-TW": "全部" },
    help: {
      en: "--check: begin to read no file once so much is, such as 50G; the longest unread first",
      "zh-TW": "`--check` 讀了多少之後就不再開始讀下一個，例如 `50G`；最久沒讀的先讀",
    },
  },
  olderThan: {
    ...ageFlags.olderThan,
    usual: "7d",
    help: { ...ageFlags.olderThan.help, en: "give up uploads nobody went on with for so long" },
  },
  root,
  jobs,
  parallel,
  limitRate,
  dryRun,
  ...hashFlags,
  ...outputFlags,
  ...siteFlags,
} as const satisfies Flags;

const tellEveryMs = 500;

/** Where files from the site lie until they are stored: beside the hashes, which are a cache too. */
function spoolFolder({ io: { env } }: CommandContext, { folder }: Project): string {
  const hashes = hashesPath(env);
  return hashes === undefined ? join(folder, ".civikit-mirror") : join(dirname(hashes), "mirror");
}

/** How the store is checked; undefined: it is not. */
function checkOf({ check: isChecked, budget }: Args<typeof flags>["flags"]): CheckMirror | undefined {
  const budgetBytes = budget === undefined ? undefined : parseSize(budget);
  if (budget !== undefined && budgetBytes === undefined) {
    throw new UsageError(bilingual(mirrorText, ({ sizeDue }) => sizeDue(printable(budget))));
  }
  if (budget !== undefined && !isChecked) throw new UsageError(bilingual(mirrorText, ({ budgetAlone }) => budgetAlone));
  return isChecked ? { budgetBytes } : undefined;
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const { io, locale, settings } = context;
  const { json, quiet, jobs: concurrency, dryRun: isDry, olderThan: olderThanMs = weekMs } = args.flags;
  const check = checkOf(args.flags);
  const [first, second] = args.operands;
  /** A store alone is checked by itself: its files are named by what they contain. */
  const isAlone = second === undefined && check !== undefined && first?.startsWith("s3:");
  const [folder, place] = isAlone ? [undefined, first] : [first, second];
  if (place === undefined || (folder === undefined && !isAlone)) {
    throw new UsageError(bilingual(mirrorText, ({ usage }) => usage));
  }
  const text = mirrorText[locale];
  const project = folder && projectOf({ ...args, flags: { ...args.flags, project: folder } }, context);
  using out = output(context, { json, quiet: quiet || json });
  using cache = openHashes(args, context, out.note);
  using store = await openFileStore(place, context, out.note);
  using session = await openSession(args, context, out);
  const startedMs = io.now();
  const counts = { there: 0, proved: 0, stored: 0, replaced: 0, missing: 0, damaged: 0, failed: 0 };
  let [sentBytes, resumedBytes, missingBytes, provedBytes, toldMs] = [0, 0, 0, 0, -Infinity];
  const sizeOf = ({ bytes }: LockedFile) => bytes === null ? text.unknownSize : formatBytes(bytes);
  const onProgress = ({ path }: { path: string }, bytes: number, totalBytes: number, doing: "reading" | "storing") => {
    if (io.now() - toldMs < tellEveryMs && bytes < totalBytes) return;
    toldMs = io.now();
    if (json && !quiet) out.emit({ event: "progress", path, doing, bytes, totalBytes });
    out.progress(text[doing](printable(path), totalBytes === 0 ? 100 : Math.floor(bytes / totalBytes * 100)));
  };
  if (!project) {
    const { signal } = session;
    const onRead = (path: string, ...far: [number, number, "reading"]) => onProgress({ path }, ...far);
    return await checkBucket(store, { ...check, cache, concurrency, signal, onProgress: onRead }, context, out);
  }
  const { fillMirror } = await loadMirror();
  const outcomes = fillMirror(project, store, session.transport, {
    ...{
      spool: spoolFolder(context, project),
      baseUrl: settings.value("baseUrl"),
      cache,
      check,
      concurrency,
      isDry,
      onProgress,
    },
    fetch: runFiles({
      ...{ track: session.track, defaults: downloadSettings(settings) },
      secondSource: secondSource(settings, session.transport),
    }),
    signal: session.signal,
  });
  for await (const { file, state, from, damage, put, error } of outcomes) {
    counts[state]++;
    const { path, sha256, bytes, air } = file;
    const was = damage === undefined ? {} : { damage: messageOf(damage) };
    const event = { path, air, sha256, bytes, ...(sha256 !== null && { url: store.urlOf(sha256) }), ...was };
    if (state === "failed") {
      if (damage !== undefined) out.note(text.damaged(printable(path), printable(messageOf(damage))));
      out.fail(error, path, { event: "error", ...event });
    } else if (state === "damaged") out.fail(damage, path, { event: "damaged", ...event, from });
    else if (state === "there") out.emit({ event: "there", ...event });
    else if (state === "proved") {
      provedBytes += bytes ?? 0;
      out.emit({ event: "proved", ...event });
    } else if (state === "missing") {
      missingBytes += bytes ?? 0;
      const line = text.wouldStore(printable(path), sizeOf(file), from!);
      out.show({ event: "would_store", ...event, from }, `${line}\n`);
    } else {
      sentBytes += put!.sentBytes;
      resumedBytes += put!.resumedBytes;
      const { sentBytes: sent, resumedBytes: resumed } = put!;
      const stored = { event: state, ...event, from, sentBytes: sent, resumedBytes: resumed };
      if (damage !== undefined) out.note(text.damaged(printable(path), printable(messageOf(damage))));
      out.emit(stored, text[state](printable(path), formatBytes(put!.bytes), from!));
    }
  }
  if (session.signal.aborted) out.note(runText[locale].again);
  session.signal.throwIfAborted();
  await lookAfterUploads(store, project, out, { isDry, olderThanMs, signal: session.signal, text });
  const elapsedMs = Math.round(io.now() - startedMs);
  const { there, proved, stored, replaced, missing, damaged, failed } = counts;
  const words = [
    ...(there > 0 ? [check === undefined ? text.there(there) : text.unread(there)] : []),
    ...(proved > 0 ? [text.provedCount(proved, formatBytes(provedBytes))] : []),
    ...(replaced > 0 ? [text.replacedCount(replaced)] : []),
    ...(stored > 0
      ? [text.storedCount(stored, formatBytes(sentBytes), resumedBytes > 0 ? formatBytes(resumedBytes) : undefined)]
      : []),
    ...(missing > 0 ? [text.missing(missing, formatBytes(missingBytes))] : []),
    ...(damaged > 0 ? [text.damagedCount(damaged)] : []),
    ...(failed > 0 ? [text.failed(failed)] : []),
  ];
  const summary = { place: store.place, ...counts, sentBytes, resumedBytes, provedBytes, elapsedMs };
  return out.finish(summary, `${text.summary(store.place, words, formatElapsed(elapsedMs))}\n`);
}

/** `civikit mirror`: a lock file's files in an object store. */
export const mirrorCommand: Command = {
  usage: "mirror [project] <s3://bucket/prefix> [options]",
  operands: "folder",
  mostOperands: 2,
  flags,
  help: mirrorHelp,
  run,
};
