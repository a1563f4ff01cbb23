import { findUpdates, type ModelUpdates } from "../../api/mod.ts";
import type { Output } from "../terminal/output.ts";
import type { ScanRow } from "./scan_rows.ts";
import type { Session } from "./session.ts";

/** What {@linkcode showUpdates} found. */
export interface Updates {
  /** Models asked about. */
  readonly models: number;
  /** Of them, those with newer versions. */
  readonly outdated: number;
}

function showTable(outdated: readonly ModelUpdates[], pathOf: (id: number) => string, out: Output): void {
  const rows = outdated.map(({ modelId, modelName, newest, newer, owned }) => {
    const { versionId, versionName, baseModel } = newest ?? newer[0]!;
    return [modelName, owned.join(", "), String(versionId), versionName, baseModel ?? "", pathOf(modelId)];
  });
  const head = ["MODEL", "HAVE", "NEWEST", "NAME", "BASE MODEL", "FILE"];
  if (rows.length > 0) out.table([head, ...rows]);
}

/** How {@linkcode showUpdates} shows them. */
export interface UpdateView {
  /** Newer versions for other base models too. */
  readonly isAnyBase: boolean;
  /** Makes a path of the table short. */
  short(path: string): string;
}

/** Asks which models of a scanned library have newer versions, and shows them as a table or as JSON lines. */
export async function showUpdates(
  rows: readonly ScanRow[],
  { api, signal }: Session,
  { isAnyBase, short }: UpdateView,
  out: Output,
): Promise<Updates> {
  const known = rows.filter(({ identity }) => identity);
  const owned = known.map(({ identity, sha256 }) => ({ ...identity!, sha256 }));
  const { models, failures } = await findUpdates(api, owned, { signal });
  const pathsOf = (id: number) => known.filter(({ identity }) => identity!.modelId === id).map(({ path }) => path);
  const outdated = models.filter(({ newest, newer }) => isAnyBase ? newer.length > 0 : newest !== undefined);
  for (const { modelId, modelName, owned, newest = null, newer } of outdated) {
    const paths = pathsOf(modelId);
    out.emit({ event: "update", modelId, modelName, owned, newest, newer, paths });
  }
  showTable(outdated, (id) => short(pathsOf(id)[0] ?? ""), out);
  for (const { modelId, error } of failures) out.fail(error, `model:${modelId}`);
  return {
    models: models.length,
    outdated: outdated.length,
  };
}
