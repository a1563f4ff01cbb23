import { basename, join } from "node:path";
import { install, type InstallOutcome, type LockedFile, type Project, type Wanted, writeSidecars } from "../api/mod.ts";
import { CivikitError } from "../transport/mod.ts";
import { type ParsedArgs, wholeNumber } from "./args.ts";
import type { Surroundings } from "./command.ts";
import { chooseReporter } from "./download.ts";
import { decidedBy, watched } from "./download_run.ts";
import { ExitCode, exitCode, sharedExitCode } from "./exit_code.ts";
import { openHashes } from "./hash_store.ts";
import { jsonLine } from "./json_line.ts";
import type { Item, Reporter } from "./progress/reporter.ts";
import { openSession, type Session } from "./session.ts";
import { printable } from "./text.ts";

/** What {@linkcode withInstaller} hands to a command. */
export interface Installer extends Session {
  /** Shows the run. */
  readonly reporter: Reporter;
  /** Shows a line; with `--json`, the `event` in its place, if there is one. */
  say(text: string, event?: Record<string, unknown>): void;
  /** Shows a failure; its exit code counts. */
  fail(error: unknown, subject: string): void;
  /** Makes the folder what the lock file says. */
  install(project: Project, options?: { again?: readonly Wanted[]; isFrozen?: boolean }): Promise<void>;
}

function itemOf(file: LockedFile, index: number, root: string): Item {
  const name = printable(basename(file.path));
  return { index, reference: file.air, name, path: join(root, file.path), totalBytes: file.bytes ?? undefined };
}

/** Runs a command that installs: opens what it needs, shows the run, ends with a summary. Resolves with the exit code. */
export async function withInstaller(
  args: ParsedArgs,
  surroundings: Surroundings,
  work: (installer: Installer) => Promise<void>,
): Promise<number> {
  const { io } = surroundings, json = args.has("json"), quiet = args.has("quiet");
  const concurrency = wholeNumber(args, "jobs", 1, 16) ?? 3, parallel = wholeNumber(args, "parallel", 1, 32);
  const reporter = chooseReporter({ json, quiet }, surroundings), startedMs = io.now();
  using _closing = { [Symbol.dispose]: () => reporter.close() };
  function say(text: string, event?: Record<string, unknown>): void {
    if (!json) reporter.note(text);
    else if (event !== undefined) jsonLine(io, event);
  }
  using cache = openHashes(args, surroundings, say);
  using session = await openSession(args, surroundings, { say, close: reporter.close, parallel });
  const { api, transport, signal } = session;
  const codes: number[] = [], ended: InstallOutcome[] = [];
  let planned = 0, isShown = false;

  function fail(error: unknown, subject: string, item?: Item): void {
    codes.push(exitCode(error));
    reporter.failed(error, subject, item);
  }

  async function run(project: Project, options: { again?: readonly Wanted[]; isFrozen?: boolean } = {}): Promise<void> {
    isShown = true;
    const items = new Map<LockedFile, Item>();
    const { failures, removed, left } = await install(project, api, transport, {
      ...options,
      again: options.again === undefined ? undefined : [...options.again],
      cache,
      signal,
      concurrency,
      force: args.has("force"),
      onPlan(files) {
        planned = files.length;
        files.forEach((file, index) => items.set(file, itemOf(file, index, project.root)));
        reporter.plan([...items.values()]);
      },
      optionsOf(file) {
        const item = items.get(file)!;
        reporter.start(item);
        const options = watched(item, reporter);
        return session.track?.(file.path, options).options ?? options;
      },
      onOutcome(outcome) {
        const { file, state, result, error } = outcome, item = items.get(file);
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
    for (const path of removed) say(`removed: ${printable(path)}`, { event: "removed", path });
    for (const path of left) say(`left alone, it was changed: ${printable(path)}`, { event: "left", path });
    if (args.has("sidecars")) await addSidecars(ended, session, fail);
  }

  function end(isAborted: boolean): number {
    const fetched = ended.filter(({ state }) => state === "fetched");
    const unfinished = isAborted ? Math.max(1, planned - fetched.length - codes.length) : 0;
    const code = isAborted ? ExitCode.interrupted : sharedExitCode(codes);
    const bytes = ended.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0);
    const counts = { done: fetched.length, skipped: ended.length - fetched.length, failed: codes.length, unfinished };
    if (isShown) reporter.summary({ ...counts, bytes, elapsedMs: io.now() - startedMs, exitCode: code });
    if (isAborted) say("Run the same command again to go on.");
    return code;
  }

  try {
    await work({ ...session, [Symbol.dispose]: () => {}, reporter, say, fail, install: run });
    return end(false);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return end(true);
  }
}

async function addSidecars(
  outcomes: readonly InstallOutcome[],
  { api, transport, signal }: Session,
  fail: (error: unknown, subject: string) => void,
): Promise<void> {
  for (const [versionId, same] of Map.groupBy(outcomes, ({ file }) => file.versionId)) {
    try {
      const version = await api.versions.get(versionId, { signal });
      for (const { path } of same) {
        for (const { error, path: sidecar } of await writeSidecars(path, version, { transport, signal })) {
          if (error !== undefined) fail(error, sidecar);
        }
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof CivikitError)) throw error;
      fail(error, same[0]!.path);
    }
  }
}
