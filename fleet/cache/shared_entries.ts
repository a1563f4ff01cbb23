import { Buffer } from "node:buffer";
import { createHash, randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import type { CacheEntry, CacheKey, StoredHead } from "../../cache/mod.ts";
import type { Clock } from "../../transport/mod.ts";
import type { RedisClient } from "../open_redis.ts";
import { findEntries, putEntry, removeAddress, removeEntries, renewEntry } from "./store_scripts.ts";

/** An entry that lies in Redis. */
export interface SharedEntry extends CacheEntry {
  /** What it answers. */
  readonly key: CacheKey;
  /** Its body where it came along; null: it is to be asked for. */
  readonly body: Uint8Array | null;
  /** The CRC-32 of its body. */
  readonly bodySum: number;
}

/** How entries are shared; see `RedisStoreOptions`. */
export interface SharedEntriesOptions {
  readonly prefix: string;
  readonly maxBytes: number;
  readonly maxVariants: number;
  readonly maxIdleMs: number;
  readonly useGrainMs: number;
  readonly flightMs: number;
  readonly clock: Clock;
}

/** The entries in Redis. Each call fails where Redis does. */
export interface SharedEntries {
  /**
   * What is there, once nobody else is fetching it any more.
   *
   * @param isThere Whether this machine has something of its own: then nobody is waited for.
   */
  find(key: CacheKey, isThere: boolean): Promise<SharedEntry[]>;
  /** The body of an entry that came without it; null: it is gone. */
  body(entry: SharedEntry): Promise<Uint8Array | null>;
  /** Puts an entry in place of others. */
  put(key: CacheKey, head: StoredHead, body: Uint8Array, replaces: readonly SharedEntry[]): Promise<void>;
  /** Renews the head of an entry. */
  renew(entry: SharedEntry, head: StoredHead): Promise<void>;
  /** Removes entries; how many there were. */
  remove(ids: readonly (number | string)[]): Promise<number>;
  /** Removes all of an address. */
  removeAddress(url: string): Promise<void>;
  /** Says that this machine is not fetching it any more. */
  giveUp(key: CacheKey): Promise<void>;
}

/** Up to here a body comes with its entry, in one round trip. */
const inlineBytes = 64 * 1024;
/** How often is looked whether another machine has fetched it, in milliseconds. */
const lookMs = 25;
/** How long is not waited for what was waited for in vain, in milliseconds. */
const vainMs = 60_000;
/** What an entry takes in Redis besides body and fields, in bytes, as measured. */
const entryBytes = 700;

const short = (...words: string[]) => createHash("sha256").update(words.join("\n")).digest("base64url").slice(0, 27);
const nameOf = ({ url, partition }: CacheKey) => short(url, partition);

/** Opens the entries whose keys begin with `prefix`. */
export function sharedEntries(client: RedisClient, options: SharedEntriesOptions): SharedEntries {
  const { prefix, maxBytes, maxVariants, maxIdleMs, useGrainMs, flightMs, clock } = options;
  const at = (name: string) => `${prefix}${name}`;
  const self = randomUUID();
  const vain = new Map<string, number>();
  let lastUse = 0;
  /** Grows with every use, in hundredths of a millisecond. */
  const tick = () => lastUse = Math.max(lastUse + 1, Math.round(clock.date() * 100));

  const run = (script: string, ...words: (string | number | Uint8Array)[]) =>
    client.callBuffer(
      ...["EVAL", script, 1, prefix] as const,
      ...words.map((word) =>
        word instanceof Uint8Array ? Buffer.from(word.buffer, word.byteOffset, word.length) : word
      ),
    );

  /** What is there, and who is fetching it: this machine, for `ownMs`, where nobody does. */
  async function ask(
    key: CacheKey,
    ownMs: number,
  ): Promise<{ readonly entries: SharedEntry[]; readonly fetching: string }> {
    const [who, ...fields] = await run(
      ...[findEntries, nameOf(key), tick(), inlineBytes, self, ownMs, useGrainMs * 100] as const,
    ) as (Buffer | null)[];
    const entries: SharedEntry[] = [];
    for (let index = 0; index < fields.length; index += 6) {
      const [id, head, sum, bytes, bodySum] = fields.slice(index, index + 5).map(String);
      if (crc32(head!) !== Number(sum)) continue;
      const body = fields[index + 5] ?? null;
      entries.push({
        ...{ id: Number(id), key, head: JSON.parse(head!), bodyBytes: Number(bytes), bodySum: Number(bodySum), body },
      });
    }
    return { entries, fetching: String(who) };
  }

  const sleep = () => new Promise<void>((resolve) => void clock.after(lookMs, resolve));

  return {
    async find(key, isThere) {
      const name = nameOf(key);
      const mayWait = flightMs > 0 && !isThere && (vain.get(name) ?? 0) <= clock.date();
      let { entries, fetching } = await ask(key, isThere ? 0 : flightMs);
      const untilMs = clock.now() + flightMs;
      while (mayWait && entries.length === 0 && fetching !== "" && fetching !== self && clock.now() < untilMs) {
        await sleep();
        ({ entries, fetching } = await ask(key, flightMs));
      }
      if (mayWait && entries.length === 0 && fetching !== "" && fetching !== self) {
        if (vain.size > 1000) vain.clear();
        vain.set(name, clock.date() + vainMs);
      }
      return entries;
    },
    body: ({ id }) => client.hgetBuffer(at(`e:${id}`), "b"),
    async put(key, head, body, replaces) {
      const id = await client.incr(at("number"));
      const text = JSON.stringify(head);
      const fields = [
        ...["h", text, "c", crc32(text), "n", body.length, "s", crc32(body), "b", body],
        ...["url", key.url, "partition", key.partition, "status", head.status],
      ];
      const total = entryBytes + body.length + text.length + key.url.length;
      await run(
        ...[putEntry, id, nameOf(key), short(key.url), total, tick(), head.responseMs, maxBytes, maxVariants] as const,
        ...[maxIdleMs * 100, fields.length / 2, ...fields, ...replaces.map((entry) => entry.id)],
      );
    },
    async renew({ id }, head) {
      const text = JSON.stringify(head);
      await run(renewEntry, id, text, crc32(text), head.responseMs);
    },
    remove: async (ids) => Number(await run(removeEntries, ...ids)),
    async removeAddress(url) {
      await run(removeAddress, short(url));
    },
    async giveUp(key) {
      await client.del(at(`flight:${nameOf(key)}`));
    },
  };
}
