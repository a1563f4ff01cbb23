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
import { alignedRows } from "../terminal/columns.ts";
import { formatDuration, printable } from "../terminal/text.ts";
import { type Output, output } from "../terminal/output.ts";
import { cacheHelp, type CacheText, cacheText } from "../texts/cache.ts";
import { bilingual } from "../texts/texts.ts";

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
  json: outputFlags.json,
} as const satisfies Flags;

const actions = ["stats", "list", "clear", "verify"] as const;

function ago(ms: number | undefined, text: CacheText): string {
  return ms === undefined ? "-" : text.ago(formatDuration(Date.now() - ms));
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

function describeStats(numbers: Record<string, unknown>, text: CacheText): string {
  const { path, entries, bytes, maxBytes, oldestMs, hits, stale, revalidated, misses, bytesSaved, failure } =
    numbers as Record<string, number | undefined>;
  const rows = [
    [text.file, String(path)],
    [text.entries, String(entries)],
    [text.size, maxBytes === undefined ? formatBytes(bytes!) : text.of(formatBytes(bytes!), formatBytes(maxBytes))],
    [text.oldest, ago(oldestMs, text)],
  ];
  if (hits !== undefined) {
    const useful = hits + stale! + revalidated!;
    rows.push(
      [text.hitRate, text.hits(percent(useful, useful + misses!), hits, stale!, revalidated!, misses!)],
      [text.saved, formatBytes(bytesSaved!)],
    );
  }
  if (failure !== undefined) rows.push([text.trouble, String(failure)]);
  return alignedRows(rows);
}

function describeEntry({ url, partition, status, bodyBytes, storedMs }: CacheListing, text: CacheText): string {
  const owner = partition === "" ? "" : `  ${text.withKey}`;
  const size = formatBytes(bodyBytes).padStart(10);
  const age = ago(storedMs, text).padStart(12);
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
  text: CacheText,
): Promise<number> {
  const filter = filterOf(args.flags);
  const { limit } = args.flags;
  switch (action) {
    case "stats": {
      const numbers = await stats(store, filter, path);
      show(numbers, describeStats(numbers, text));
      return ExitCode.ok;
    }
    case "list": {
      const all = await store.list(filter);
      for (const entry of all.slice(0, limit)) {
        show({ ...entry, url: redactUrl(entry.url) }, describeEntry(entry, text));
      }
      if (all.length > limit) note(text.more(all.length - limit));
      return ExitCode.ok;
    }
    case "clear": {
      const removed = await store.clear(filter);
      show({ removed }, `${text.removed(removed)}\n`);
      return ExitCode.ok;
    }
    default: {
      const { checked, removed } = await store.verify();
      show({ checked, removed }, `${text.verified(checked, removed)}\n`);
      return removed === 0 ? ExitCode.ok : ExitCode.verification;
    }
  }
}

async function run(args: Args<typeof flags>, context: CommandContext): Promise<number> {
  using out = output(context, args.flags);
  const text = cacheText[context.locale];
  const [word, ...more] = args.operands;
  if (more.length > 0) throw new UsageError(bilingual(cacheText, ({ oneAction }) => oneAction(printable(more[0]!))));
  const action = readAction(word, actions);
  const path = context.settings.value("cache.enabled") ? cachePath(context.io.env) : null;
  if (path === undefined) throw invalid("finding the cache: neither CIVIKIT_CACHE nor HOME is set", "CIVIKIT_CACHE");
  if (path === null) {
    const { from } = context.settings.entries().find(({ key }) => key === "cache.enabled")!;
    out.note(text.off(printable(from ?? "CIVIKIT_CACHE")));
    return ExitCode.ok;
  }
  if (!existsSync(path)) {
    out.note(text.none(printable(path)));
    return ExitCode.ok;
  }
  const store = sqliteStore(path);
  try {
    return await act(action, store, args, path, out, text);
  } finally {
    store.close();
  }
}

/** `civikit cache`: looks into the HTTP cache, empties and checks it. */
export const cacheCommand: Command = {
  usage: "cache [stats|list|clear|verify] [options]",
  help: cacheHelp,
  flags,
  actions,
  usualAction: "stats",
  run,
};
