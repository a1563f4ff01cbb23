import { basename, dirname, relative, sep } from "node:path";
import type { OrganizePlan } from "../../api/mod.ts";
import type { CommandContext } from "../command.ts";
import type { Output } from "../terminal/output.ts";
import { printable, truncate } from "../terminal/text.ts";
import { organizeText } from "../texts/organize.ts";

/** Rows that are shown where not all are asked for. */
const mostShown = 40;

/** Shows what moves where, by the folder it goes to; on a terminal each line fits. */
export function showOrganize(
  { root, moves, stays, settled, steps }: OrganizePlan,
  { out, isAll }: { readonly out: Output; readonly isAll: boolean },
  { io, locale }: Pick<CommandContext, "io" | "locale">,
): void {
  const text = organizeText[locale];
  const below = (path: string) => printable(relative(root, path).split(sep).join("/"));
  const columns = io.isOutTerminal ? io.size().columns : Infinity;
  const line = (indent: string, words: string) => out.print(`${indent}${truncate(words, columns - indent.length)}\n`);
  for (const { from, to, identity, sidecars } of out.isJson ? moves : []) {
    const { modelId, versionId } = identity;
    if (isAll) out.emit({ event: "would_move", from, to, sidecars, modelId, versionId });
  }
  for (const { path, reason } of stays) out.emit({ event: "stays", path, reason });
  let shown = 0;
  for (const [folder, these] of Map.groupBy(moves, ({ to }) => dirname(to))) {
    if (!isAll && shown >= mostShown) break;
    line("", `→ ${below(folder) || "."}/`);
    for (const { from, to, isRenamed } of these) {
      if (!isAll && shown >= mostShown) break;
      shown++;
      line("  ", below(from));
      if (isRenamed) line("    ", text.asName(printable(basename(to))));
    }
  }
  if (shown < moves.length) out.print(`${text.more(moves.length - shown)}\n`);
  const count = (reason: string) => stays.filter((one) => one.reason === reason).length;
  const counts = text.counts(settled, count("unknown"), count("twin"));
  const head = moves.length === 0 ? text.nothing : text.plan(moves.length, steps.length);
  out.print(`${head}${text.also}${counts}\n`);
}
