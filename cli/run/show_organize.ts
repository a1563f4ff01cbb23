import { basename, dirname, relative, sep } from "node:path";
import type { OrganizePlan } from "../../api/mod.ts";
import type { CommandContext } from "../command.ts";
import type { Output } from "../terminal/output.ts";
import { printable, truncate } from "../terminal/text.ts";
import { organizeText } from "../texts/organize.ts";

/** Rows that are shown where not all are asked for. */
const mostShown = 40;

/** A file, where it goes, and whether its name changes on the way. */
interface Way {
  readonly from: string;
  readonly to: string;
  readonly isRenamed?: boolean;
}

/** Moves by the folder they go to; on a terminal each line fits. */
export function showFolders(
  root: string,
  moves: readonly Way[],
  out: Output,
  { io, locale }: Pick<CommandContext, "io" | "locale">,
): void {
  const below = (path: string) => printable(relative(root, path).split(sep).join("/"));
  const columns = io.isOutTerminal ? io.size().columns : Infinity;
  const line = (indent: string, words: string) => out.print(`${indent}${truncate(words, columns - indent.length)}\n`);
  for (const [folder, these] of Map.groupBy(moves, ({ to }) => dirname(to))) {
    line("", `→ ${below(folder) || "."}/`);
    for (const { from, to, isRenamed } of these) {
      line("  ", below(from));
      if (isRenamed) line("    ", organizeText[locale].asName(printable(basename(to))));
    }
  }
}

/** Shows what moves where, and what stays. */
export function showOrganize(
  { root, moves, stays, settled, steps }: OrganizePlan,
  { out, isAll }: { readonly out: Output; readonly isAll: boolean },
  { io, locale }: Pick<CommandContext, "io" | "locale">,
): void {
  const text = organizeText[locale];
  for (const { from, to, identity, sidecars } of out.isJson ? moves : []) {
    const { modelId, versionId } = identity;
    if (isAll) out.emit({ event: "would_move", from, to, sidecars, modelId, versionId });
  }
  for (const { path, reason } of stays) out.emit({ event: "stays", path, reason });
  const shown = isAll ? moves : moves.slice(0, mostShown);
  showFolders(root, shown, out, { io, locale });
  if (shown.length < moves.length) out.print(`${text.more(moves.length - shown.length)}\n`);
  const count = (reason: string) => stays.filter((one) => one.reason === reason).length;
  const counts = text.counts(settled, count("unknown"), count("twin"));
  const head = moves.length === 0 ? text.nothing : text.plan(moves.length, steps.length);
  out.print(`${head}${text.also}${counts}\n`);
}
