import { resolve } from "node:path";
import { addSidecars, type ModelOnDisk, type PlannedFile } from "../../hub/run/mod.ts";
import type { CommandContext } from "../command.ts";
import { exitCode } from "../exit_code.ts";
import type { Outcome, Reporter } from "../terminal/reporter.ts";
import { describeOwner } from "../terminal/skipped.ts";
import type { Session } from "./session.ts";

/** Writes what other programs read beside the files of a run that the site knows; the exit codes of what failed. */
export async function writeSidecars(
  files: readonly PlannedFile[],
  outcomes: readonly Outcome[],
  session: Session,
  reporter: Reporter,
  { locale }: CommandContext,
): Promise<number[]> {
  const planned = new Map(files.map((file) => [resolve(file.path), file]));
  const models = outcomes.flatMap(({ path, digests }): ModelOnDisk[] => {
    const file = planned.get(resolve(path));
    const sha256 = digests.SHA256 ?? file?.hashes.SHA256;
    return file?.versionId === undefined || sha256 === undefined ? [] : [{
      path,
      sha256,
      versionId: file.versionId,
    }];
  });
  const codes: number[] = [];
  for await (const { path, owner, error } of addSidecars(models, session)) {
    if (error !== undefined) {
      codes.push(exitCode(error));
      reporter.failed(error, path);
    } else if (owner !== undefined) reporter.note(describeOwner(path, owner, locale));
  }
  return codes;
}
