import { planFiles, type WrittenReference } from "../../hub/run/mod.ts";
import { redactUrl, wrapDiskError } from "../../transport/internal.ts";
import { DiskError, InputError } from "../../transport/mod.ts";
import type { ParsedArgs } from "../options/args.ts";
import type { Command, CommandContext } from "../command.ts";
import { downloadFlags, type DownloadOptions, downloadOptions } from "../options/download_options.ts";
import { runDownloads, type RunResult } from "../run/download_run.ts";
import { dryRun } from "../run/dry_run.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { openHashes } from "../run/hash_store.ts";
import { listedReferences } from "../run/reference_list.ts";
import { openSession } from "../run/session.ts";
import { chooseReporter } from "../terminal/choose_reporter.ts";
import { printable } from "../terminal/text.ts";

const help = `<what> is one of:
  128713                        a version id (model:4384 or --model for a model id)
  urn:air:sdxl:checkpoint:civitai:827184@2514310, or short: civitai:827184@2514310
  https://civitai.com/models/4384?modelVersionId=128713   a page or download URL
  https://example.com/x.safetensors                       any other https URL; the
                                server may name its file (Content-Disposition)
  -                             references on standard input, one a line

Interrupted or failed? Run the same command again: it goes on where it stopped.
Finished files are checked, not fetched again. Hashes decide what is finished.

Progress and messages go to standard error; standard output holds only what
--json, --print-path or --dry-run put there. Every line of --json is an object
with "event": plan, start, progress, done, error, would_download or summary.

examples:
  civikit download 128713
  civikit download model:4384 --dir models/Stable-diffusion
  civikit download --from list.txt --jobs 2 --limit-rate 20M
  civikit download https://example.com/x.bin --sha256 0f3c...`;

async function collectReferences(
  { references, from }: DownloadOptions,
  { io }: CommandContext,
): Promise<WrittenReference[]> {
  const sources = [...references, ...(from === undefined || from === "-" ? [] : [{ path: from }])];
  if (from === "-") sources.push("-");
  const lists = sources.map(async (source) => {
    if (source === "-") return listedReferences(await io.stdin(), "-");
    if (typeof source === "string") return [{ text: source }];
    const bytes = await Deno.readFile(source.path).catch((error) => {
      const wrapped = wrapDiskError(error, source.path, "reading the list");
      if (wrapped.reason !== "file_missing") throw wrapped;
      const { code, message } = wrapped;
      throw new DiskError(message, { code, reason: "list_missing", path: source.path, cause: error });
    });
    return listedReferences(bytes, source.path);
  });
  const all = (await Promise.all(lists)).flat();
  if (all.length > 0) return all;
  throw new InputError("reading references: the list is empty", {
    code: "invalid_argument",
    reason: "list_empty",
    input: from ?? "-",
  });
}

/** A reference as it was written, with the line where it stands in a list; fit for a terminal. */
function shownReference({ text, place }: WrittenReference): string {
  const written = printable(redactUrl(text));
  return place === undefined ? written : `${place}: ${written}`;
}

async function run(args: ParsedArgs, context: CommandContext): Promise<number> {
  const options = downloadOptions(args);
  const { io, style } = context;
  const { dir, parallel, printPath } = options;
  const references = await collectReferences(options, context);

  const startedMs = io.now();
  const reporter = chooseReporter(options, context);
  const say = (text: string) => options.json ? undefined : reporter.note(text);
  let isPlanned = false;
  using session = await openSession(args, context, {
    parallel,
    named: references.map(({ text }) => text).filter((text) => URL.canParse(text)),
    // later, each file shows its own waits
    showsWaits: () => !isPlanned,
    say,
    close: () => reporter.close(),
  });
  const { api, transport, track, signal } = session;

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
    if (unfinished > 0) say(`Run the same command again to go on; what is finished stays in ${printable(dir)}.`);
    return code;
  }

  try {
    const { files, failures } = await planFiles(references, api, { ...options, concurrency: options.jobs, signal });
    isPlanned = true;
    for (const { error, reference } of failures) reporter.failed(error, shownReference(reference));
    const failed = failures.map(({ error }) => exitCode(error));
    if (options.dryRun) return sharedExitCode([...failed, dryRun(files, options, { io, style })].filter(Boolean));

    reporter.plan(files);
    for (const { name, warnings } of files) {
      for (const { message } of warnings) say(`${style.warn("warning")}: ${name}: ${printable(message)}`);
    }
    using cache = openHashes(args, context, say);
    const result = await runDownloads(transport, files, options, { reporter, signal, track, cache });
    if (printPath) { for (const { path } of result.outcomes) io.stdout(`${path}\n`); }
    return end(files.length + failed.length, { ...result, failures: [...failed, ...result.failures] });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return end(references.length, { outcomes: [], failures: [], fetchedBytes: 0 });
  } finally {
    reporter.close();
  }
}

/** `civikit download`: references to verified files. */
export const downloadCommand: Command = {
  name: "download",
  summary: "Downloads files from Civitai, or any https URL, and verifies them.",
  usage: "download <what>... [options]",
  flags: downloadFlags,
  help,
  run,
};
