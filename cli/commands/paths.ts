import { readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { formatBytes } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import type { Flags } from "../options/flags.ts";
import { outputFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import {
  cachePath,
  hashesPath,
  keyPath,
  monitorPaths,
  outboxPath,
  pairingPath,
  queuePath,
  rootsPath,
  watchPath,
} from "../settings/places.ts";
import { output } from "../terminal/output.ts";
import { printable } from "../terminal/text.ts";
import { pathsText } from "../texts/paths.ts";

const help = {
  en: `Settings, API keys, cache, remembered hashes, statistics, logs, downloads: each with
its size, or that it is not there yet. Of the folders of downloads and models only
the place is told.

With --json, a line for each: "name", "path" (null where it is switched off or has
no place), "exists", "bytes" (null where it was not added up).`,
  "zh-TW": `設定、API 金鑰、快取、算過的雜湊、統計、紀錄檔、下載的檔案：各自的大小，或還不存在。
下載與模型的資料夾只列出位置。

--json 時一行一項：「name」、「path」（關閉或沒有位置時為 null）、「exists」、「bytes」
（沒有加總時為 null）。`,
};

const flags = { json: outputFlags.json } as const satisfies Flags;

type PlaceName =
  | "settings"
  | "key"
  | "keys"
  | "pairing"
  | "cache"
  | "hashes"
  | "stats"
  | "logs"
  | "queue"
  | "watch"
  | "outbox"
  | "roots"
  | "downloads"
  | "root";

/** One place; `path` is null where it is switched off, and `isCounted` tells whether its size is added up. */
interface Place {
  readonly name: PlaceName;
  readonly path: string | null | undefined;
  readonly isCounted: boolean;
}

function places({ io: { env }, settings }: CommandContext): Place[] {
  const monitor = monitorPaths(env);
  const other = keyPath(env, "other.example");
  const counted: [PlaceName, string | null | undefined][] = [
    ["settings", settings.path],
    ["key", keyPath(env)],
    ["keys", other && dirname(other)],
    ["pairing", pairingPath(env)],
    ["cache", cachePath(env)],
    ["hashes", hashesPath(env)],
    ["stats", monitor?.store],
    ["logs", monitor?.logs],
    ["queue", queuePath(env)],
    ["watch", watchPath(env)],
    ["outbox", outboxPath(env)],
    ["roots", rootsPath(env)],
  ];
  const roots: [PlaceName, string | undefined][] = [
    ["downloads", settings.value("download.directory")],
    ["root", settings.value("root")],
  ];
  return [
    ...counted.map(([name, path]) => ({ name, path, isCounted: true })),
    ...roots.filter(([, path]) => path !== undefined).map(([name, path]) => ({ name, path, isCounted: false })),
  ];
}

/** Bytes of a file with the logs of its database, or of all files in a folder; undefined where nothing is there. */
function sizeOf(path: string): number | undefined {
  try {
    if (statSync(path).isDirectory()) {
      return readdirSync(path).reduce((sum, name) => sum + (sizeOf(join(path, name)) ?? 0), 0);
    }
    const beside = ["-wal", "-shm"].map((end) => statSync(`${path}${end}`, { throwIfNoEntry: false })?.size ?? 0);
    return beside.reduce((sum, size) => sum + size, statSync(path).size);
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  const text = pathsText[context.locale];
  using out = output(context, args.flags);
  const rows = places(context).map(({ name, path, isCounted }) => {
    const full = path ? resolve(path) : null;
    const isThere = full !== null && exists(full);
    const bytes = isThere && isCounted ? sizeOf(full!) ?? null : null;
    out.emit({ name, path: full, exists: isThere, bytes });
    const size = full === null ? text.off : !isThere ? text.missing : bytes === null ? text.folder : formatBytes(bytes);
    return [text[name], full === null ? "-" : printable(full), size];
  });
  out.table([text.heads, ...rows], { isWhole: true });
  return Promise.resolve(ExitCode.ok);
}

/** `civikit paths`: where everything is kept. */
export const pathsCommand: Command = {
  usage: "paths [options]",
  flags,
  mostOperands: 0,
  help,
  run,
};
