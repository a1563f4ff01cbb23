import { basename, resolve } from "node:path";
import {
  type FolderMove,
  type FolderStay,
  type LibraryFile,
  parseReference,
  planFolderUpdate,
  scan,
  updateFolder,
  type WantedFile,
  withRules,
} from "../../api/mod.ts";
import { addSidecars, type ModelOnDisk, promisedOf, runFiles, trashOf } from "../../hub/run/mod.ts";
import type { Args } from "../options/args.ts";
import { isProject } from "../options/project_options.ts";
import type { installFlags } from "../options/project_options.ts";
import { UsageError } from "../options/usage_error.ts";
import type { CommandContext } from "../command.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { chooseReporter } from "../terminal/choose_reporter.ts";
import { InterruptedError } from "../terminal/interrupt.ts";
import { output } from "../terminal/output.ts";
import type { Item } from "../terminal/reporter.ts";
import { describeOwner } from "../terminal/skipped.ts";
import { printable, withColons } from "../terminal/text.ts";
import { reporterWatcher } from "../terminal/watcher.ts";
import { runText } from "../texts/run.ts";
import { bilingual } from "../texts/texts.ts";
import { updateText } from "../texts/update.ts";
import { commandTeller } from "./command_teller.ts";
import { decidedBy } from "./download_run.ts";
import { downloadSettings } from "./download_settings.ts";
import { dryRun } from "./dry_run.ts";
import { openHashes } from "./hash_store.ts";
import type { OldFiles } from "./install_run.ts";
import { readingLimit } from "./reading_limit.ts";
import { secondSource } from "./second_source.ts";
import { openSession } from "./session.ts";
import { settle } from "./settle.ts";
import { folderRules } from "./update_rules.ts";

/** What {@linkcode updateFolders} goes by. */
export interface UpdateFoldersOptions {
  /** The folders. */
  readonly folders: readonly string[];
  /** Models and versions to look at, as they were typed. */
  readonly only: readonly string[];
  /** Whether all are looked at. */
  readonly all: boolean;
  /** What becomes of old files. */
  readonly old: OldFiles;
  /** Whether versions for other base models are updates this once. */
  readonly anyBase: boolean;
}

function meant(
  { only, all }: UpdateFoldersOptions,
  { settings: { value } }: CommandContext,
): { models?: Map<number, string>; versions?: Map<number, string> } {
  if (only.length === 0) {
    if (!all) throw new UsageError(bilingual(updateText, (t) => t.nothingMeant));
    return {};
  }
  const [models, versions] = [new Map<number, string>(), new Map<number, string>()];
  for (const text of only) {
    const reference = parseReference(text, { baseUrl: value("baseUrl"), trustedHosts: value("trustedHosts") });
    if (reference.kind === "model") models.set(reference.modelId, text);
    else if (reference.kind === "version") versions.set(reference.versionId, text);
    else throw new UsageError(bilingual(updateText, (t) => t.notAFolder(printable(text))));
  }
  return { models, versions };
}

/** @throws {UsageError} When something that was meant is not there: it was mistyped. */
function checkThere({ models, versions }: ReturnType<typeof meant>, files: readonly LibraryFile[]): void {
  const there = files.flatMap(({ identity }) => identity ?? []);
  const missing = [
    ...[...models ?? []].filter(([id]) => !there.some(({ modelId }) => modelId === id)),
    ...[...versions ?? []].filter(([id]) => !there.some(({ versionId }) => versionId === id)),
  ];
  for (const [, text] of missing) throw new UsageError(bilingual(updateText, (t) => t.notThere(printable(text))));
}

function itemOf({ file, fresh }: FolderMove, index: number): Item {
  const { air, versionId, sizeBytes } = file;
  const name = printable(basename(fresh));
  return { index, reference: air ?? `version:${versionId}`, name, path: fresh, totalBytes: sizeBytes };
}

const named = ({ from: { identity }, to }: FolderMove | FolderStay) =>
  printable(`${identity.modelName}: ${identity.versionName} -> ${to.versionName}`);

/** Takes the models in folders to newer versions. Resolves with the exit code. */
export async function updateFolders(
  args: Pick<Args<typeof installFlags>, "flags">,
  options: UpdateFoldersOptions,
  context: CommandContext,
): Promise<number> {
  const { io, locale, settings } = context;
  const { json, quiet, dryRun: isDry, jobs: concurrency, sidecars } = args.flags;
  const text = updateText[locale];
  const roots = options.folders.map((folder) => resolve(folder));
  for (const root of roots) {
    if (isProject(root)) throw new UsageError(bilingual(updateText, (t) => t.isProject(printable(root))));
  }
  const which = meant(options, context);
  const startedMs = io.now();
  const reporter = chooseReporter({ json, quiet }, context);
  using _closing = { [Symbol.dispose]: () => reporter.close() };
  const { note } = reporter;
  using out = output(context, { json, quiet });
  using cache = openHashes(args, context, note);
  using session = await openSession(args, context, { note, close: reporter.close });
  await using teller = await commandTeller(context, note);
  const { api, transport, signal } = session;
  const codes: number[] = [];
  const emit = (event: object, line: string) => json || isDry ? out.show(event, `${line}\n`) : note(line);
  const fail = (error: unknown, subject: string, item?: Item) => {
    codes.push(exitCode(error));
    reporter.failed(error, subject, item);
  };
  let planned = 0;
  let skipped = 0;
  let done = 0;
  let bytes = 0;
  const items = new Map<WantedFile, Item>();
  const watcher = reporterWatcher(reporter, (file) => items.get(file)!);

  /** Writes what other programs read beside a new file, before that is crossed off. */
  async function beside(model: ModelOnDisk): Promise<void> {
    if (!sidecars) return;
    for await (const { path, owner, error } of addSidecars([model], session)) {
      if (error !== undefined) fail(error, path);
      else if (owner !== undefined) note(describeOwner(path, owner, locale));
    }
  }

  function end(isAborted: boolean): number {
    const failed = codes.length;
    const unfinished = isAborted ? Math.max(1, planned - done - failed) : 0;
    const code = isAborted ? ExitCode.interrupted : sharedExitCode(codes);
    const elapsedMs = io.now() - startedMs;
    const counts = { done: done - skipped, skipped, failed, unfinished };
    reporter.summary({ ...counts, bytes, fetchedBytes: watcher.receivedBytes, elapsedMs, exitCode: code });
    if (isAborted) note(runText[locale].again);
    return code;
  }

  try {
    const trash = trashOf(roots);
    if (!isDry) {
      await settle(roots, {
        ...{ cache, session, note },
        async onEnd({ old, path, sha256, state, sidecars: isTheirs }) {
          emit({ event: "finished", old, path, state }, text.finished(printable(path)));
          if (!isTheirs) await beside({ path, sha256 });
        },
      }, context);
    }
    out.progress(text.scanning);
    const throttle = readingLimit(settings);
    const report = await scan(api, roots, { cache, signal, throttle });
    out.close();
    for (const error of report.failures) fail(error, roots.join(", "));
    if (report.failures.length === 0) checkThere(which, report.files);
    const plan = await planFolderUpdate(api, report.files, {
      ...(which.models && { models: new Set(which.models.keys()) }),
      ...(which.versions && { versions: new Set(which.versions.keys()) }),
      rules: withRules(folderRules(settings), { otherBase: options.anyBase ? ["all"] : [] }),
      layout: settings.value("layout"),
      folders: settings.value("folders"),
      signal,
    });
    const goneIds = new Set(plan.gone.map(({ identity }) => identity.modelId));
    const isAsked = (id: number | null) => !plan.failures.some(({ modelId }) => modelId === id);
    for (const { sha256, identity } of report.files) {
      if (identity && isAsked(identity.modelId)) cache.markGone(sha256, null);
    }
    for (const { path, sha256, identity } of plan.gone) {
      cache.markGone(sha256, Date.now());
      emit({ event: "gone", path, ...identity }, text.gone(printable(path)));
    }
    for (const { modelId, error } of plan.failures) if (!goneIds.has(modelId)) fail(error, `model:${modelId}`);
    for (const { from, to, fresh, target } of plan.moves) {
      const facts = {
        modelId: from.identity.modelId,
        from: from.path,
        to: target,
        fromVersion: from.identity.versionId,
      };
      const [event, word] = isDry ? ["would_move", text.wouldMove] : ["moves", text.moved];
      if (isDry) {
        const line = withColons(
          word,
          named({ from, to } as FolderMove),
          `${printable(from.path)} -> ${printable(target)}`,
        );
        emit({ event, ...facts, fresh, toVersion: to.versionId, old: options.old }, line);
      }
    }
    for (const stay of plan.stays) {
      const { from, to, reason, error } = stay;
      if (reason === "failed") fail(error, from.path);
      else {
        const line = withColons(text.stays, named(stay), text.state[reason](to.until), printable(from.path));
        emit({ event: "stays", path: from.path, reason, to }, line);
      }
    }
    if (plan.moves.length === 0 && !json) out.print(`${text.nothing}\n`);
    planned = plan.moves.length;
    if (isDry) {
      const files = plan.moves.map((move, index) => {
        const { url, warnings } = move.file;
        return { ...itemOf(move, index), url, hashes: promisedOf(move.file).hashes, warnings };
      });
      const code = dryRun(files, { dir: roots[0]!, json, force: false }, context);
      return sharedExitCode(code === ExitCode.ok ? codes : [...codes, code]);
    }
    reporter.plan(plan.moves.map(itemOf));
    const fetch = runFiles({
      ...{ watcher, track: session.track, published: teller.published, defaults: downloadSettings(settings) },
      secondSource: secondSource(settings, transport),
    });
    const byMove = new Map<FolderMove, Item>();
    const outcomes = updateFolder(transport, plan.moves, roots, {
      ...{ old: options.old, trash, sidecars, cache, concurrency, fetch, signal },
      onFile(file, move) {
        const item = itemOf(move, items.size);
        items.set(file, item);
        byMove.set(move, item);
      },
    });
    for await (const { move, path, old, result, error } of outcomes) {
      const item = byMove.get(move)!;
      if (result === undefined || path === undefined) {
        if (!signal.aborted) fail(error, item.name, item);
        continue;
      }
      if (result.skipped) skipped++;
      bytes += result.bytes;
      const { SHA256: sha256 } = result.digests;
      done++;
      reporter.done({ ...item, path }, { ...result, path, verifiedBy: decidedBy(promisedOf(move.file).hashes) });
      const way = `${printable(move.from.path)} -> ${printable(path)}; ${text.old[old]}`;
      const line = withColons(text.moved, named(move), way);
      emit({ event: "moved", from: move.from.path, to: path, toVersion: move.to.versionId, old }, line);
      if (error !== undefined) fail(error, move.from.path);
      if (sha256 !== undefined) await beside({ path, sha256, versionId: move.to.versionId });
    }
    return end(false);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    return end(true);
  }
}
