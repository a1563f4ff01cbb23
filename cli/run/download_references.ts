import { resolve } from "node:path";
import { planFiles, type WrittenReference } from "../../hub/run/mod.ts";
import { redactUrl } from "../../transport/internal.ts";
import type { Digests } from "../../transport/mod.ts";
import type { Args } from "../options/args.ts";
import { downloadPlace, type placeFlags } from "../options/download_place.ts";
import type {
  fetchFlags,
  fileFlags,
  hashFlags,
  outputFlags,
  sidecarFlags,
  siteFlags,
  yesFlags,
} from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import type { CommandContext } from "../command.ts";
import { runDownloads, type RunResult } from "./download_run.ts";
import { downloadSettings } from "./download_settings.ts";
import { writeSidecars } from "./write_sidecars.ts";
import { dryRun } from "./dry_run.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { commandTeller } from "./command_teller.ts";
import { openHashes } from "./hash_store.ts";
import { sourcesIn } from "../options/model_source.ts";
import { collectReferences } from "./reference_list.ts";
import { secondSource } from "./second_source.ts";
import { openSession } from "./session.ts";
import { InterruptedError } from "../terminal/interrupt.ts";
import { chooseReporter } from "../terminal/choose_reporter.ts";
import { output } from "../terminal/output.ts";
import { printable, withColons } from "../terminal/text.ts";
import { type RunText, runText } from "../texts/run.ts";
import { bilingual } from "../texts/texts.ts";

type SharedFlags =
  & typeof placeFlags
  & typeof fileFlags
  & typeof fetchFlags
  & typeof yesFlags
  & typeof sidecarFlags
  & typeof hashFlags
  & typeof outputFlags
  & typeof siteFlags;

/** What the command was called with. */
type DownloadArgs = Args<SharedFlags> & {
  readonly flags: {
    readonly output: string | undefined;
    readonly from: string | undefined;
    readonly sha256: string | undefined;
    readonly blake3: string | undefined;
    readonly model: boolean;
    readonly noVerify: boolean;
    readonly queue: boolean;
    readonly printPath: boolean;
  };
};

type Needed = typeof import("./needed_references.ts");

/** What the user vouches for. */
function hashesOf({ sha256, blake3 }: DownloadArgs["flags"]): Digests {
  return { ...(sha256 && { SHA256: sha256 }), ...(blake3 && { BLAKE3: blake3 }) };
}

const refused = (what: keyof RunText["download"]) =>
  new UsageError(bilingual(runText, ({ download }) => download[what]));

function check({ operands, flags }: DownloadArgs, isMany: boolean): void {
  const { from, output, file, allFiles, noVerify, json, printPath } = flags;
  const isHashed = Object.keys(hashesOf(flags)).length > 0;
  if (operands.length === 0 && from === undefined) {
    throw refused("nothing");
  }
  if ([...operands, from].filter((source) => source === "-").length > 1) {
    throw refused("twice");
  }
  if (output !== undefined && (isMany || allFiles)) {
    throw refused("oneOutput");
  }
  if (output !== undefined && /[/\\]/.test(output)) {
    throw refused("plainOutput");
  }
  if (isHashed && (isMany || allFiles)) {
    throw refused("oneHash");
  }
  if (isHashed && noVerify) throw refused("contradicted");
  if (file !== undefined && allFiles) throw refused("allFiles");
  if (json && printPath) throw refused("printPath");
}

/** A reference as it was written, with the line where it stands in a list; fit for a terminal. */
function shownReference({ text, place }: WrittenReference): string {
  const written = printable(redactUrl(text));
  return place === undefined ? written : `${place}: ${written}`;
}

/** Leaves the download to whoever works the queue off. */
async function handOver(
  references: readonly WrittenReference[],
  { flags }: DownloadArgs,
  context: CommandContext,
): Promise<number> {
  const { output: name, file, allFiles, sha256, blake3, force, noVerify, model, sidecars } = flags;
  const { dir, layout } = downloadPlace(context.settings);
  const isPlain = context.settings.source("download.directory") === "flag" && layout === undefined;
  const { queueReferences } = await import("./queue_file.ts" as string) as typeof import("./queue_file.ts");
  using out = output(context, flags);
  const options = {
    ...{ output: name, file, sha256, blake3, sidecars },
    ...(isPlain ? { dir: resolve(dir) } : { root: resolve(dir), layout }),
    ...(allFiles && { allFiles }),
    ...(force && { force }),
    ...(noVerify && { verify: false }),
  };
  const meant = references.map((one) => ({
    ...one,
    text: model && /^\d+$/.test(one.text) ? `model:${one.text}` : one.text,
  }));
  return await queueReferences(meant, options, context, context.settings.value("baseUrl"), out);
}

/** What `civikit download` does with its arguments. Resolves with the exit code. */
export async function downloadReferences(args: DownloadArgs, context: CommandContext): Promise<number> {
  const { flags } = args;
  const { sources, references: written } = sourcesIn(args.operands, context, { urls: false });
  const { length } = args.operands;
  check(args, length > 1 || flags.from !== undefined || sources.length > 0 || args.operands.includes("-"));
  const { io, style } = context;
  const { printPath, json, dryRun: isDry, force } = flags;
  const { dir, layout, folders } = downloadPlace(context.settings);
  const isListed = written.length > 0 || flags.from !== undefined;
  const plain = isListed ? await collectReferences(written, flags.from, io) : [];
  if (flags.queue && sources.length === 0) return await handOver(plain, args, context);

  const startedMs = io.now();
  const reporter = chooseReporter(flags, context);
  const { note } = reporter;
  let isPlanned = false;
  using session = await openSession(args, context, {
    named: plain.map(({ text }) => text).filter((text) => URL.canParse(text)),
    // later, each file shows its own waits
    showsWaits: () => !isPlanned,
    note,
    close: () => reporter.close(),
  });
  const { api, transport, track, signal } = session;
  let references: readonly WrittenReference[] = plain;
  const unread: number[] = [];

  function end(all: number, { outcomes, failures, fetchedBytes }: RunResult): number {
    const skipped = outcomes.filter((outcome) => outcome.skipped).length;
    const unfinished = all - outcomes.length - failures.length;
    const code = unfinished > 0 ? ExitCode.interrupted : sharedExitCode(failures);
    reporter.summary({
      done: outcomes.length - skipped,
      skipped,
      failed: failures.length,
      unfinished,
      bytes: outcomes.reduce((sum, { bytes }) => sum + bytes, 0),
      fetchedBytes,
      elapsedMs: io.now() - startedMs,
      exitCode: code,
    });
    if (unfinished > 0) note(runText[context.locale].againIn(printable(dir)));
    return code;
  }

  try {
    if (sources.length > 0) {
      const fail = (error: unknown, subject: string) => {
        unread.push(exitCode(error));
        reporter.failed(error, subject);
      };
      // most downloads have no picture to read
      const { neededReferences } = await import("./needed_references.ts" as string) as Needed;
      references = [
        ...await neededReferences(sources, session, args, context, {
          ...{ note, fail, count: (code: number) => void unread.push(code) },
        }),
        ...plain,
      ];
      if (flags.queue || references.length === 0) {
        reporter.close();
        const isNothing = references.length === 0 || isDry;
        const code = isNothing ? ExitCode.ok : await handOver(references, args, context);
        return sharedExitCode([...unread, code].filter(Boolean));
      }
    }
    const { files, failures } = await planFiles(references, api, {
      ...flags,
      dir,
      layout,
      folders,
      all: flags.allFiles,
      isModel: flags.model,
      hashes: hashesOf(flags),
      concurrency: flags.jobs,
      transport,
      signal,
    });
    isPlanned = true;
    for (const { error, reference } of failures) reporter.failed(error, shownReference(reference));
    const failed = [...unread, ...failures.map(({ error }) => exitCode(error))];
    if (isDry) return sharedExitCode([...failed, dryRun(files, { dir, json, force }, context)].filter(Boolean));

    reporter.plan(files);
    for (const { name, warnings } of files) {
      const { warning, warned } = runText[context.locale];
      for (const { code, message } of warnings) {
        note(withColons(style.warn(warning), name, warned(code, printable(message))));
      }
    }
    using cache = openHashes(args, context, note);
    await using teller = await commandTeller(context, note);
    const result = await runDownloads(transport, files, {
      ...flags,
      verify: !flags.noVerify,
      settings: downloadSettings(context.settings),
      reporter,
      signal,
      track,
      published: teller.published,
      secondSource: secondSource(context.settings, transport),
      cache,
    });
    const unwritten = flags.sidecars ? await writeSidecars(files, result.outcomes, session, reporter, context) : [];
    if (printPath) { for (const { path } of result.outcomes) io.stdout(`${path}\n`); }
    return end(files.length + failed.length, { ...result, failures: [...failed, ...result.failures, ...unwritten] });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    return end(references.length, { outcomes: [], failures: [], fetchedBytes: 0 });
  } finally {
    reporter.close();
  }
}
