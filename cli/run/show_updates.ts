import {
  findUpdates,
  type HashCache,
  type ModelUpdates,
  type UpdateRules,
  type VersionStanding,
} from "../../api/mod.ts";
import type { CommandContext } from "../command.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { updateText } from "../texts/update.ts";
import type { ScanRow } from "./scan_rows.ts";
import type { Session } from "./session.ts";

/** What {@linkcode showUpdates} found. */
export interface Updates {
  /** Models asked about. */
  readonly models: number;
  /** Of them, those with newer versions. */
  readonly outdated: number;
  /** Versions that the site has no more. */
  readonly gone: number;
}

/** How {@linkcode showUpdates} shows them. */
export interface UpdateView {
  /** Newer versions that are no update too: for other base models, sold, ignored. */
  readonly isAnyBase: boolean;
  /** What is no update, and what is one besides. */
  readonly rules: UpdateRules;
  /** Where it is kept what the site has no more. */
  readonly cache: HashCache;
  /** Makes a path of the table short. */
  short(path: string): string;
}

type Known = ScanRow & { identity: object };

function showTable(
  outdated: readonly ModelUpdates[],
  pathOf: (id: number) => string,
  out: Output,
  { locale }: CommandContext,
): void {
  const stateOf = ({ state, until }: VersionStanding) => updateText[locale].state[state](until);
  const rows = outdated.flatMap(({ modelId, modelName, newest, newer, held, owned }) => {
    const shown = newest ?? newer[0] ?? held[0]!;
    const { versionId, versionName, baseModel } = shown;
    const place = pathOf(modelId);
    return [[modelName, owned.join(", "), String(versionId), versionName, baseModel ?? "", stateOf(shown), place]];
  });
  const head = ["MODEL", "HAVE", "NEWEST", "NAME", "BASE MODEL", "STATE", "FILE"];
  if (rows.length > 0) out.table([head, ...rows]);
}

/**
 * Asks which models of a scanned library have newer versions, and shows them as a table or as JSON lines; what the site has
 * no more is marked and told.
 */
export async function showUpdates(
  rows: readonly ScanRow[],
  { api, signal }: Session,
  { isAnyBase, rules, cache, short }: UpdateView,
  out: Output,
  context: CommandContext,
): Promise<Updates> {
  const known = rows.filter((row): row is Known => !!row.identity);
  const owned = known.map(({ identity, sha256 }) => ({ ...identity!, sha256 }));
  const { models, failures, gone } = await findUpdates(api, owned, { rules, signal });
  const filesOf = (id: number) => known.filter(({ identity }) => identity!.modelId === id);
  const pathsOf = (id: number) => filesOf(id).map(({ path }) => path);
  const shown = models.filter(({ newest, newer }) => isAnyBase ? newer.length > 0 : newest !== undefined);
  for (const { modelId, modelName, owned, newest = null, newer, held } of shown) {
    const paths = pathsOf(modelId);
    out.emit({ event: "update", modelId, modelName, owned, newest, newer, held, paths });
  }
  showTable(shown, (id) => short(pathsOf(id)[0] ?? ""), out, context);
  const isGone = new Set(gone.map(({ modelId }) => modelId));
  for (const { path, sha256, identity } of known) {
    const { modelId, versionId } = identity!;
    const lost = gone.some((one) => one.modelId === modelId && one.versionIds.includes(versionId));
    if (lost) {
      if (sha256 !== null) cache.markGone(sha256, Date.now());
      out.emit({ event: "gone", path, ...identity }, updateText[context.locale].gone(printable(short(path))));
    } else if (sha256 !== null && models.some((one) => one.modelId === modelId)) cache.markGone(sha256, null);
  }
  for (const { modelId, error } of failures) if (!isGone.has(modelId)) out.fail(error, `model:${modelId}`);
  return { models: models.length, outdated: shown.length, gone: gone.flatMap(({ versionIds }) => versionIds).length };
}
