import { dirname, resolve } from "node:path";
import { formatBytes } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { outputFlags, yesFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { findLeftovers, type Leftover, removeLeftover } from "../run/find_leftovers.ts";
import { cachePath, hashesPath, monitorPaths } from "../settings/places.ts";
import { output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { pathsText } from "../texts/paths.ts";

const help = {
  en: `Looks into the folders given, else into those of downloads and models, and below them
for unfinished files with their journals, old ones that were put aside, and bytes
that failed their verification; and beside cache and statistics for databases that
were damaged. Nothing is removed without --yes. Models are never touched, nor what a
running download is at work on, nor files of other programs that end in .part.

An unfinished file that is removed starts from its first byte the next time.

With --json, a line for each file, "would_remove", "removed" or "in_use", and a
summary.

examples:
  civikit clean
  civikit clean ~/ComfyUI/models --yes`,
  "zh-TW": `在指定的資料夾（不指定就是下載與模型的資料夾）及其下層，找未完成的檔案與下載紀錄、
被換下的舊檔、驗證失敗而隔離的檔案；也在快取與統計旁邊找毀損的資料庫。沒有 --yes
就什麼都不移除。不會動到模型、正在下載的檔案，以及其他程式的 .part 檔案。

移除未完成的檔案之後，下次會從頭下載。

--json 時一行一個檔案：「would_remove」、「removed」或「in_use」，最後是 summary。

範例：
  civikit clean
  civikit clean ~/ComfyUI/models --yes`,
};

const flags = {
  ...yesFlags,
  json: outputFlags.json,
} as const satisfies Flags;

/** Everything left over: below the folders of models, and beside our own databases. */
function* allLeftovers(folders: readonly string[], { io: { env }, settings }: CommandContext): Generator<Leftover> {
  const models = folders.length > 0 ? folders : [settings.value("download.directory"), settings.value("root")];
  const databases = [cachePath(env), hashesPath(env), monitorPaths(env)?.store].filter((path) => !!path);
  const seen = new Set<string>();
  const places = [
    ...models.filter((folder) => folder !== undefined).map((folder) => [folder, true] as const),
    ...databases.map((path) => [dirname(path!), false] as const),
  ];
  for (const [folder, isDeep] of places) {
    for (const found of findLeftovers(resolve(folder), isDeep)) {
      if (seen.has(found.path)) continue;
      seen.add(found.path);
      yield found;
    }
  }
}

function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const text = pathsText[context.locale];
  using out = output(context, args.flags);
  const isDry = !args.flags.yes;
  let files = 0;
  let bytes = 0;
  for (const found of allLeftovers(args.operands, context)) {
    const { kind, path } = found;
    try {
      const isFree = removeLeftover(found, isDry);
      const event = !isFree ? "in_use" : isDry ? "would_remove" : "removed";
      out.emit({ event, kind, path, bytes: found.bytes });
      if (isFree) {
        files++;
        bytes += found.bytes;
      }
      const shown = printable(path);
      if (!isFree) out.note(text.busy(shown));
      else if (isDry) out.print(`${text.kinds[kind]}, ${formatBytes(found.bytes)}: ${shown}\n`);
      else out.print(`${text.removed(shown)}\n`);
    } catch (error) {
      out.fail(error, path);
    }
  }
  const words = files === 0 ? text.nothing : (isDry ? text.would : text.done)(files, formatBytes(bytes));
  return Promise.resolve(out.finish({ files, bytes, dryRun: isDry }, `${words}\n`));
}

/** `civikit clean`: what is left of downloads goes. */
export const cleanCommand: Command = {
  usage: "clean [folder]... [options]",
  operands: "folder",
  flags,
  help,
  run,
};
