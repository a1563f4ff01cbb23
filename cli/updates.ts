import { findUpdates, type LibraryFile, scan, type ScanProgress } from "../api/mod.ts";
import type { ParsedArgs } from "./args.ts";
import { alignedRows } from "./columns.ts";
import type { Command, Surroundings } from "./command.ts";
import { ExitCode, exitCode, sharedExitCode } from "./exit_code.ts";
import { describeFailure } from "./failure.ts";
import { hashesFlag, openHashes } from "./hash_store.ts";
import { failureFields, jsonLine } from "./json_line.ts";
import { statusLine } from "./progress/status_line.ts";
import { progressText } from "./scan.ts";
import { openSession, siteFlag } from "./session.ts";
import { outputFlags } from "./output_flags.ts";

const help = `Scans the folders as "civikit scan" does (quick when nothing changed), then asks
Civitai, 100 models a question, which of them have newer versions. A model that
cannot be asked about, because it was deleted for instance, is reported and
stops nothing. Nothing is downloaded: give a version id of the list to
"civikit download".

A version counts as newer when it stands before every one you have; NEWEST is
the newest for a base model you have, so that an SDXL LoRA is not "updated" to
a Flux one. --any-base shows the others too.

With --json every line is an object with "event": update, error or summary.`;

async function run(args: ParsedArgs, surroundings: Surroundings): Promise<number> {
  const { io, style, locale } = surroundings, json = args.has("json"), isQuiet = args.has("quiet");
  using line = statusLine(io, isQuiet || json);
  const say = (text: string) => isQuiet || json ? undefined : line.say(text);
  using cache = openHashes(args, surroundings, say);
  using session = await openSession(args, surroundings, { say, close: line.close });
  const { api, signal } = session, roots = args.operands.length > 0 ? args.operands : ["."];
  try {
    line.show("looking at the files");
    const onProgress = (progress: ScanProgress) => line.show(progressText(progress));
    const found = await scan(api, roots, { cache, signal, onProgress });
    line.show("asking Civitai for newer versions");
    const known = found.files.filter((file): file is LibraryFile & { identity: object } => !!file.identity);
    const { models, failures } = await findUpdates(api, known.map(({ identity }) => identity!), { signal });
    line.close();

    const pathsOf = (id: number) => known.filter(({ identity }) => identity!.modelId === id).map(({ path }) => path);
    const outdated = models.filter(({ newest, newer }) =>
      args.has("any-base") ? newer.length > 0 : newest !== undefined
    );
    if (json) {
      for (const { modelId, modelName, owned, newest = null, newer } of outdated) {
        jsonLine(io, { event: "update", modelId, modelName, owned, newest, newer, paths: pathsOf(modelId) });
      }
    } else if (outdated.length > 0 && !isQuiet) {
      const rows = outdated.map(({ modelId, modelName, newest, newer, owned }) => {
        const { versionId, versionName, baseModel } = newest ?? newer[0]!;
        return [
          modelName,
          owned.join(", "),
          String(versionId),
          versionName,
          baseModel ?? "",
          pathsOf(modelId)[0] ?? "",
        ];
      });
      const head = ["MODEL", "HAVE", "NEWEST", "NAME", "BASE MODEL", "FILE"];
      io.stdout(alignedRows([head, ...rows], io.isTerminal ? io.size().columns : undefined));
    }
    const errors = [
      ...found.skipped.map(({ path, error }) => ({ subject: path, error })),
      ...found.failures.map((error) => ({ subject: "asking Civitai", error })),
      ...failures.map(({ modelId, error }) => ({ subject: `model:${modelId}`, error })),
    ];
    for (const { subject, error } of errors) {
      if (json) jsonLine(io, { event: "error", subject, ...failureFields(error) });
      else io.stderr(describeFailure(error, subject, locale, style));
    }
    const code = sharedExitCode(errors.map(({ error }) => exitCode(error)));
    const counts = { models: models.length, outdated: outdated.length, failed: errors.length };
    if (json) jsonLine(io, { event: "summary", ...counts, exitCode: code });
    else if (!isQuiet) io.stdout(`${counts.outdated} of ${counts.models} models have newer versions\n`);
    return code;
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return ExitCode.interrupted;
  }
}

/** `civikit updates`: newer versions of what a library has. */
export const updatesCommand: Command = {
  name: "updates",
  summary: "Shows which models in a folder have newer versions.",
  usage: "updates [<folder>...] [options]",
  flags: [
    { name: "any-base", about: "newer versions for other base models too" },
    hashesFlag,
    ...outputFlags,
    siteFlag,
  ],
  help,
  run,
};
