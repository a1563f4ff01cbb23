import { basename, join } from "node:path";
import { addSidecars, runFiles, trashOf } from "../../hub/run/mod.ts";
import { install, type InstallOptions, type InstallOutcome, type LockedFile, type Project } from "../../api/mod.ts";
import { isInside } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { installFlags } from "../options/project_options.ts";
import type { CommandContext } from "../command.ts";
import { chooseReporter } from "../terminal/choose_reporter.ts";
import { commandTeller } from "./command_teller.ts";
import { decidedBy } from "./download_run.ts";
import { downloadSettings } from "./download_settings.ts";
import { openMirror } from "./open_file_store.ts";
import { dryRun } from "./dry_run.ts";
import { ExitCode, exitCode, sharedExitCode } from "../exit_code.ts";
import { openHashes } from "./hash_store.ts";
import { output } from "../terminal/output.ts";
import type { Item, Reporter } from "../terminal/reporter.ts";
import { projectWords } from "../terminal/project_words.ts";
import { InterruptedError } from "../terminal/interrupt.ts";
import { reporterWatcher } from "../terminal/watcher.ts";
import { secondSource } from "./second_source.ts";
import { openSession, type Session } from "./session.ts";
import { settle } from "./settle.ts";
import { describeOwner } from "../terminal/skipped.ts";
import { shellWord } from "../terminal/shell_word.ts";
import { printable, withColons } from "../terminal/text.ts";
import { runText } from "../texts/run.ts";

/** What becomes of files that give way to others. */
export type OldFiles = "keep" | "trash" | "replace";

/** What {@linkcode Installer.install} goes by. */
export interface InstallerOptions extends Pick<InstallOptions, "isFrozen"> {
  /** What becomes of files nobody wants any more. Default `replace`. */
  readonly old?: OldFiles | undefined;
  /** What the trash says of them. Default `updated`. */
  readonly why?: string | undefined;
}

/** What {@linkcode withInstaller} hands to a command. */
export interface Installer extends Session {
  /** Shows the run. */
  readonly reporter: Reporter;
  /** Shows what was done, or would be: a line of JSON, else the text. */
  emit(event: object, text: string): void;
  /** Shows a failure; its exit code counts. */
  fail(error: unknown, subject: string): void;
  /** Takes down the exit code of a failure that was told already. */
  count(code: number): void;
  /** Makes the folder what the lock file says. */
  install(project: Project, options?: InstallerOptions): Promise<void>;
}

function itemOf(file: LockedFile, index: number, root: string): Item {
  const name = printable(basename(file.path));
  return { index, reference: file.air, name, path: join(root, file.path), totalBytes: file.bytes ?? undefined };
}

/** Runs a command that installs: opens what it needs, shows the run, ends with a summary. Resolves with the exit code. */
export async function withInstaller(
  args: Pick<Args<typeof installFlags>, "flags">,
  context: CommandContext,
  work: (installer: Installer) => Promise<void>,
): Promise<number> {
  const { io, locale } = context;
  const { json, quiet, dryRun: isDry, jobs: concurrency, force, sidecars } = args.flags;
  const words = projectWords(locale);
  const reporter = chooseReporter({ json, quiet }, context);
  const startedMs = io.now();
  using _closing = { [Symbol.dispose]: () => reporter.close() };
  const { note } = reporter;
  const out = output(context, { json });
  function emit(event: object, text: string): void {
    // what would be done is what was asked for
    if (json || isDry) out.show(event, `${text}\n`);
    else note(text);
  }
  using cache = openHashes(args, context, note);
  using session = await openSession(args, context, { note, close: reporter.close });
  await using teller = await commandTeller(context, note);
  using mirror = isDry ? undefined : await openMirror(context, note, emit);
  const { api, transport, signal } = session;
  const defaults = downloadSettings(context.settings);
  const codes: number[] = [];
  const ended: InstallOutcome[] = [];
  const items = new Map<string, Item>();
  const watcher = reporterWatcher(reporter, ({ name }) => items.get(name)!);
  const fetch = runFiles({
    ...{ watcher, track: session.track, published: teller.published, defaults },
    secondSource: secondSource(context.settings, transport),
  });
  let planned = 0;
  let failedFiles = 0;
  let isShown = false;

  function fail(error: unknown, subject: string, item?: Item): void {
    codes.push(exitCode(error));
    if (item !== undefined) failedFiles++;
    reporter.failed(error, subject, item);
  }

  /** Shows what would be fetched; the exit codes of what is in the way. */
  function dry(files: readonly LockedFile[], root: string): number[] {
    const wanted = files.map((file, index) => {
      const hashes = file.sha256 === null ? file.hashes ?? {} : { SHA256: file.sha256 };
      return { ...itemOf(file, index, root), url: file.url, hashes, warnings: [] };
    });
    if (wanted.length === 0) out.print(`${words.nothing}\n`);
    const code = dryRun(wanted, { dir: root, json, force: true }, context);
    return code === ExitCode.ok ? [] : [code];
  }

  async function run(project: Project, { isFrozen, old, why }: InstallerOptions = {}): Promise<void> {
    isShown = !isDry;
    // a root that only somebody's manifest names is refused by what follows
    const isOurs = project.isRootGiven || isInside(project.folder, project.root);
    if (!isDry && isOurs) await settle([project.root], { cache, session, note }, context);
    const { failures, removed, left, waiting } = await install(project, api, transport, {
      isFrozen,
      keepOld: old === "keep",
      ...(old === "trash" && { discard: trashOf([project.root], why) }),
      cache,
      signal,
      concurrency,
      force,
      onPlan(files) {
        planned = files.length;
        files.forEach((file, index) => items.set(file.path, itemOf(file, index, project.root)));
        if (isDry) codes.push(...dry(files, project.root));
        else reporter.plan([...items.values()]);
      },
      fetch: mirror === undefined ? fetch : mirror.first(fetch),
      onOutcome(outcome) {
        const { file, state, result, error } = outcome;
        const item = items.get(file.path);
        if (state === "missing") return;
        if (state === "failed") return fail(error, item?.name ?? file.path, item);
        ended.push(outcome);
        if (result !== undefined && item !== undefined) {
          reporter.done(item, {
            ...result,
            verifiedBy: result.verified ? decidedBy(file.hashes ?? { SHA256: "" }) : undefined,
          });
        }
      },
    });
    for (const { wanted, error } of failures) fail(error, wanted.air);
    const isTrash = old === "trash";
    const event = isDry ? "would_remove" : "removed";
    const gone = isDry ? isTrash ? words.wouldTrash : words.wouldRemove : isTrash ? words.trashed : words.removed;
    for (const path of removed) emit({ event, path }, `${gone}: ${printable(path)}`);
    if (isTrash && !isDry && !json && removed.length > 0) {
      note(`civikit trash list ${shellWord(printable(project.root))}`);
    }
    for (const path of left) emit({ event: "left", path }, withColons(words.left, printable(path)));
    for (const path of waiting) emit({ event: "waiting", path }, withColons(words.waiting, printable(path)));
    if (sidecars && !isDry) {
      // of a file elsewhere the site has nothing to tell
      const models = ended.flatMap(({ path, file: { sha256, versionId } }) =>
        versionId === null ? [] : [{ path, sha256: sha256!, versionId }]
      );
      for await (const { path, owner, error } of addSidecars(models, session)) {
        if (error !== undefined) fail(error, path);
        else if (owner !== undefined) note(describeOwner(path, owner, context.locale));
      }
    }
  }

  function end(isAborted: boolean): number {
    const fetched = ended.filter(({ state }) => state === "fetched");
    const unfinished = isAborted ? Math.max(1, planned - fetched.length - failedFiles) : 0;
    const code = isAborted ? ExitCode.interrupted : sharedExitCode(codes);
    const bytes = ended.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0);
    const counts = { done: fetched.length, skipped: ended.length - fetched.length, failed: codes.length, unfinished };
    if (isShown) {
      reporter.summary({
        ...counts,
        bytes,
        fetchedBytes: watcher.receivedBytes,
        elapsedMs: io.now() - startedMs,
        exitCode: code,
      });
    }
    if (isAborted) note(runText[context.locale].again);
    return code;
  }

  try {
    await work({
      ...session,
      [Symbol.dispose]: () => {},
      reporter,
      emit,
      fail,
      count: (code) => void codes.push(code),
      install: run,
    });
    return end(false);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    return end(true);
  }
}
