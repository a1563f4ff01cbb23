import { findUpdates, type LibraryFile, type ModelUpdates, type ScanReport } from "../../api/mod.ts";
import type { CivikitError } from "../../transport/mod.ts";
import { alignedRows } from "../terminal/columns.ts";
import type { CommandContext } from "../command.ts";
import { jsonLine } from "../terminal/json_line.ts";
import type { Session } from "./session.ts";

/** What {@linkcode showUpdates} found. */
export interface Updates {
  /** Models asked about. */
  readonly models: number;
  /** Of them, those with newer versions. */
  readonly outdated: number;
  /** Models that could not be asked about. */
  readonly failures: readonly { readonly subject: string; readonly error: CivikitError }[];
}

function showTable(outdated: readonly ModelUpdates[], pathOf: (id: number) => string, { io }: CommandContext): void {
  const rows = outdated.map(({ modelId, modelName, newest, newer, owned }) => {
    const { versionId, versionName, baseModel } = newest ?? newer[0]!;
    return [modelName, owned.join(", "), String(versionId), versionName, baseModel ?? "", pathOf(modelId)];
  });
  const head = ["MODEL", "HAVE", "NEWEST", "NAME", "BASE MODEL", "FILE"];
  if (rows.length > 0) io.stdout(alignedRows([head, ...rows], io.isTerminal ? io.size().columns : undefined));
}

/** How {@linkcode showUpdates} shows them. */
export interface UpdateView {
  /** Newer versions for other base models too. */
  readonly isAnyBase: boolean;
  /** JSON lines in place of the table. */
  readonly isJson: boolean;
  /** No table. */
  readonly isQuiet: boolean;
  /** Makes a path of the table short. */
  short(path: string): string;
}

/** Asks which models of a scanned library have newer versions, and shows them as a table or as JSON lines. */
export async function showUpdates(
  report: ScanReport,
  { api, signal }: Session,
  { isAnyBase, isJson, isQuiet, short }: UpdateView,
  context: CommandContext,
): Promise<Updates> {
  const known = report.files.filter((file): file is LibraryFile & { identity: object } => !!file.identity);
  const owned = known.map(({ identity, sha256 }) => ({ ...identity!, sha256 }));
  const { models, failures } = await findUpdates(api, owned, { signal });
  const pathsOf = (id: number) => known.filter(({ identity }) => identity!.modelId === id).map(({ path }) => path);
  const outdated = models.filter(({ newest, newer }) => isAnyBase ? newer.length > 0 : newest !== undefined);
  if (isJson) {
    for (const { modelId, modelName, owned, newest = null, newer } of outdated) {
      const paths = pathsOf(modelId);
      jsonLine(context.io, { event: "update", modelId, modelName, owned, newest, newer, paths });
    }
  } else if (!isQuiet) showTable(outdated, (id) => short(pathsOf(id)[0] ?? ""), context);
  return {
    models: models.length,
    outdated: outdated.length,
    failures: failures.map(({ modelId, error }) => ({ subject: `model:${modelId}`, error })),
  };
}
