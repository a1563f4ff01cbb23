import { existsSync } from "node:fs";
import { type CacheFilter, type CacheListing, type CacheStore, sqliteStore } from "../../cache/mod.ts";
import { formatBytes, redactUrl } from "../../transport/internal.ts";
import type { Args } from "../options/args.ts";
import { readAction } from "../options/read_action.ts";
import { UsageError } from "../options/usage_error.ts";
import type { Flags, Values } from "../options/flags.ts";
import { listFlags, outputFlags } from "../options/shared_flags.ts";
import type { Command, CommandContext } from "../command.ts";
import { ExitCode } from "../exit_code.ts";
import { cachePath } from "../settings/places.ts";
import { invalid } from "../settings/setting_words.ts";
import { formatDuration, printable } from "../terminal/text.ts";
import { type Output, output } from "../terminal/output.ts";
import { cacheHelp } from "../texts/cache.ts";

const flags = {
  onlyHost: {
    type: "text",
    value: "HOST",
    help: { en: "only what came from this host (with its port, if any)", "zh-TW": "快取裡只看這個主機來的" },
  },
  prefix: {
    type: "text",
    value: "URL",
    help: { en: "only URLs that begin so", "zh-TW": "快取裡只看這樣開頭的網址" },
  },
  limit: {
    ...listFlags.limit,
    default: 50,
    help: { ...listFlags.limit.help, en: "list: at most so many entries" },
  },
  json: {
    ...outputFlags.json,
    help: { ...outputFlags.json.help, en: "JSON, one object a line, on standard output" },
  },
} as const satisfies Flags;

const actions = ["stats", "list", "clear", "verify"] as const;

function ago(ms: number | undefined): string {
  return ms === undefined ? "-" : `${formatDuration(Date.now() - ms)} ago`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${(100 * part / whole).toFixed(1)}%`;
}

async function stats(store: CacheStore, filter: CacheFilter, path: string): Promise<Record<string, unknown>> {
  const { entries, bytes, maxBytes, oldestMs, hits, stale, revalidated, misses, bytesSaved, failure } = await store
    .stats();
  const asked = hits + stale + revalidated + misses;
  if (filter.host !== undefined || filter.prefix !== undefined) {
    const lines = await store.list(filter);
    const stored = lines.map(({ storedMs }) => storedMs);
    return {
      path,
      ...filter,
      entries: lines.length,
      bytes: lines.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
      oldestMs: lines.length === 0 ? undefined : Math.min(...stored),
    };
  }
  const hitRate = asked === 0 ? undefined : (hits + stale + revalidated) / asked;
  return { path, entries, bytes, maxBytes, oldestMs, hits, stale, revalidated, misses, hitRate, bytesSaved, failure };
}

function describeStats(numbers: Record<string, unknown>): string {
  const { path, entries, bytes, maxBytes, oldestMs, hits, stale, revalidated, misses, bytesSaved, failure } =
    numbers as Record<string, number | undefined>;
  const lines = [
    `file         ${printable(String(path))}`,
    `entries      ${entries}`,
    `size         ${formatBytes(bytes!)}${maxBytes === undefined ? "" : ` of ${formatBytes(maxBytes)}`}`,
    `oldest       ${ago(oldestMs)}`,
  ];
  if (hits !== undefined) {
    const useful = hits + stale! + revalidated!;
    lines.push(
      `hit rate     ${
        percent(useful, useful + misses!)
      } (${hits} fresh, ${stale} stale, ${revalidated} confirmed, ${misses} missed)`,
      `bytes saved  ${formatBytes(bytesSaved!)}`,
    );
  }
  if (failure !== undefined) lines.push(`trouble      ${printable(String(failure))}`);
  return lines.join("\n") + "\n";
}

function describeEntry({ url, partition, status, bodyBytes, storedMs }: CacheListing): string {
  const owner = partition === "" ? "" : "  (with a key)";
  const size = formatBytes(bodyBytes).padStart(10);
  const age = ago(storedMs).padStart(12);
  return `${status}  ${size}  ${age}  ${printable(redactUrl(url))}${owner}\n`;
}

function filterOf({ onlyHost: host, prefix }: Values<typeof flags>): CacheFilter {
  return { ...(host !== undefined && { host }), ...(prefix !== undefined && { prefix }) };
}

async function act(
  action: string,
  store: CacheStore,
  args: Args<typeof flags>,
  path: string,
  { show, note }: Output,
): Promise<number> {
  const filter = filterOf(args.flags);
  const { limit } = args.flags;
  switch (action) {
    case "stats": {
      const numbers = await stats(store, filter, path);
      show(numbers, describeStats(numbers));
      return ExitCode.ok;
    }
    case "list": {
      const all = await store.list(filter);
      for (const entry of all.slice(0, limit)) {
        show({ ...entry, url: redactUrl(entry.url) }, describeEntry(entry));
      }
      if (all.length > limit) note(`and ${all.length - limit} more (--limit)`);
      return ExitCode.ok;
    }
    case "clear": {
      const removed = await store.clear(filter);
      show({ removed }, `${removed} entries removed\n`);
      return ExitCode.ok;
    }
    default: {
      const { checked, removed } = await store.verify();
      show({ checked, removed }, `${checked} entries checked, ${removed} damaged ones removed\n`);
      return removed === 0 ? ExitCode.ok : ExitCode.verification;
    }
  }
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  using out = output(context, args.flags);
  const [word, ...more] = args.operands;
  if (more.length > 0) throw new UsageError(`argument "${printable(more[0]!)}": one action at a time`);
  const action = readAction(word, actions);
  const path = context.settings.value("cache.enabled") ? cachePath(context.io.env) : null;
  if (path === undefined) throw invalid("finding the cache: neither CIVIKIT_CACHE nor HOME is set", "CIVIKIT_CACHE");
  if (path === null) {
    const { from } = context.settings.entries().find(({ key }) => key === "cache.enabled")!;
    out.note(`the cache is switched off by ${printable(from ?? "CIVIKIT_CACHE")}`);
    return ExitCode.ok;
  }
  if (!existsSync(path)) {
    out.note(`no cache yet at ${printable(path)}`);
    return ExitCode.ok;
  }
  const store = sqliteStore(path);
  try {
    return await act(action, store, args, path, out);
  } finally {
    store.close();
  }
}

/** `civikit cache`: looks into the HTTP cache, empties and checks it. */
export const cacheCommand: Command = {
  usage: "cache <stats|list|clear|verify> [options]",
  help: cacheHelp,
  flags,
  actions,
  run,
};
