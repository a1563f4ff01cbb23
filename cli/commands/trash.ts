import { openTrash, type Trash, type TrashedItem } from "../../api/mod.ts";
import { statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { DiskError } from "../../transport/mod.ts";
import { formatBytes, isInside } from "../../transport/internal.ts";
import type { Command, CommandContext } from "../command.ts";
import type { Args } from "../options/args.ts";
import { placeFlags } from "../options/download_place.ts";
import type { Flags } from "../options/flags.ts";
import { readAction } from "../options/read_action.ts";
import { ageFlags, fetchFlags, outputFlags, yesFlags } from "../options/shared_flags.ts";
import { UsageError } from "../options/usage_error.ts";
import { settle } from "../run/settle.ts";
import { trashRoots } from "../run/trash_roots.ts";
import { askYes } from "../terminal/ask_yes.ts";
import { type Output, output } from "../terminal/output.ts";
import { parseSize, printable } from "../terminal/text.ts";
import { bilingual } from "../texts/texts.ts";
import { trashText } from "../texts/trash.ts";

const flags = {
  olderThan: {
    ...ageFlags.olderThan,
    help: { ...ageFlags.olderThan.help, en: "empty: only what was thrown away before, such as 14d" },
  },
  leave: {
    type: "text",
    value: "SIZE",
    help: {
      en: "empty: the oldest, until so much is left, such as 20G",
      "zh-TW": "`empty` 從最舊的開始移除，留下多少，例如 `20G`",
    },
  },
  root: placeFlags.root,
  dryRun: {
    ...fetchFlags.dryRun,
    help: { en: "only show what would be removed", "zh-TW": fetchFlags.dryRun.help["zh-TW"] },
  },
  ...yesFlags,
  ...outputFlags,
} as const satisfies Flags;

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function checkFolder(path: string): void {
  if (isFolder(path)) return;
  const message = `looking for the trash of ${JSON.stringify(path)}: no such folder`;
  throw new DiskError(message, { code: "folder_missing", path });
}

/** A path as seen from here, where it lies below. */
const shown = (path: string) => printable(isInside(resolve("."), path) ? relative(".", path) : path);

const sizeOf = (items: readonly TrashedItem[]) => formatBytes(items.reduce((sum, { bytes }) => sum + bytes, 0));

function list(trash: Trash, roots: readonly string[], out: Output, { locale }: CommandContext): number {
  const text = trashText[locale];
  const items = trash.list();
  for (const item of items) out.emit({ event: "item", ...item });
  if (items.length === 0) out.print(`${text.emptyIn(roots.map(printable))}\n`);
  else {
    // a path may be longer than any column, and half of one is of no use
    for (const { shortId, trashedMs, bytes, why, path } of items) {
      const day = new Date(trashedMs).toISOString().slice(0, 10);
      out.print(`${shortId}  ${day}  ${formatBytes(bytes)}  ${text.whys[why] ?? why}\n  ${shown(path)}\n`);
    }
  }
  return out.finish({ items: items.length }, items.length === 0 ? "" : `${text.total(items.length, sizeOf(items))}\n`);
}

async function restore(trash: Trash, ids: readonly string[], out: Output, { locale }: CommandContext): Promise<number> {
  const text = trashText[locale];
  if (ids.length === 0) throw new UsageError(bilingual(trashText, (t) => t.idDue));
  let restored = 0;
  for (const id of ids) {
    try {
      const { path } = await trash.restore(id);
      restored++;
      out.emit({ event: "restored", id, path }, text.restored(shown(path)));
    } catch (error) {
      out.fail(error, id);
    }
  }
  return out.finish({ restored }, restored === 0 ? "" : `${text.back(restored)}\n`);
}

async function empty(
  trash: Trash,
  ids: readonly string[],
  args: Args<typeof flags>,
  roots: readonly string[],
  out: Output,
  { io, locale }: CommandContext,
): Promise<number> {
  const text = trashText[locale];
  const { olderThan, leave, yes, dryRun: isDry } = args.flags;
  const keepBytes = leave === undefined ? undefined : parseSize(leave);
  if (leave !== undefined && keepBytes === undefined) {
    throw new UsageError(bilingual(trashText, (t) => t.sizeDue(leave)));
  }
  const which = {
    ...(ids.length > 0 && { ids }),
    ...(olderThan !== undefined && { beforeMs: Date.now() - olderThan }),
    keepBytes,
  };
  const meant = trash.meant(which);
  if (meant.length === 0) {
    const words = trash.list().length === 0 ? text.emptyIn(roots.map(printable)) : text.nothingMeant;
    return out.finish({ removed: 0 }, `${words}\n`);
  }
  const size = sizeOf(meant);
  if (isDry) {
    for (const { id, path, bytes } of meant) out.emit({ event: "would_remove", id, path, bytes }, shown(path));
    return out.finish({ removed: 0, dryRun: true }, `${text.would(meant.length, size)}\n`);
  }
  const answer = yes || await askYes(io, text.question(meant.length, size));
  if (answer !== true) return out.finish({ removed: 0 }, `${answer === false ? text.declined : text.notAsked}\n`);
  const removed = await trash.empty({ ids: meant.map(({ id }) => id) });
  for (const { id, path, bytes } of removed) {
    out.emit({ event: "removed", id, path, bytes }, text.removed(shown(path)));
  }
  return out.finish({ removed: removed.length }, `${text.freed(removed.length, sizeOf(removed))}\n`);
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const [action, ...given] = args.operands;
  const what = readAction(action, ["list", "restore", "empty"]);
  using out = output(context, args.flags);
  const ids = given.filter((word) => what !== "list" && !isFolder(word));
  const folders = given.filter((word) => !ids.includes(word));
  for (const folder of folders) checkFolder(folder);
  const roots = folders.length > 0 ? folders.map((folder) => resolve(folder)) : trashRoots(context.settings);
  if (!args.flags.dryRun) await settle(roots, { note: out.note }, context);
  const trash = openTrash(roots);
  if (what === "list") return list(trash, roots, out, context);
  return await (what === "restore" ? restore(trash, ids, out, context) : empty(trash, ids, args, roots, out, context));
}

/** `civikit trash`: what was thrown away. */
export const trashCommand: Command = {
  usage: "trash [list|restore|empty] [<id or folder>...] [options]",
  flags,
  actions: ["list", "restore", "empty"],
  usualAction: "list",
  help: bilingual(trashText, ({ help }) => help),
  run,
};
