import { assertEquals, assertNotEquals } from "@std/assert";
import { type CacheEntry, type CacheStore, memoryStore, sqliteStore, type StoredHead } from "../../cache/mod.ts";
import { openRedis, redisStore } from "../../fleet/mod.ts";
import { hasRedis, startRedis } from "../_support/redis.ts";

interface Bounds {
  maxBytes?: number;
  maxVariants?: number;
}

type Make = (bounds?: Bounds) => CacheStore | Promise<CacheStore>;

/** Stores in one Redis, each with a prefix of its own. */
async function inRedis(test: (make: Make) => Promise<void>): Promise<void> {
  await using redis = await startRedis();
  const client = await openRedis(redis.url);
  let made = 0;
  // on a busy machine it may take longer than a cache is worth waiting for
  const patient = { useGrainMs: 0, patienceMs: 60_000 };
  try {
    await test((bounds) =>
      redisStore(client, { ...bounds, ...patient, local: memoryStore(bounds), prefix: `{${made++}}:` })
    );
  } finally {
    client.disconnect();
  }
}

/** Runs `test` over every store there is. */
function contract(name: string, test: (make: Make) => Promise<void>): void {
  Deno.test({ name: `redisStore() ${name}`, ignore: !hasRedis, fn: () => inRedis(test) });
  Deno.test(`memoryStore() ${name}`, () => test((bounds) => memoryStore(bounds)));
  Deno.test(`sqliteStore() ${name}`, async () => {
    const folder = await Deno.makeTempDir();
    const made: CacheStore[] = [];
    try {
      await test((bounds) => {
        const store = sqliteStore(`${folder}/${made.length}.sqlite`, { ...bounds, useGrainMs: 0 });
        made.push(store);
        return store;
      });
    } finally {
      for (const store of made) store.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const key = (path: string, partition = "") => ({ url: `http://a.test/${path}`, partition });
const head = (extra: Partial<StoredHead> = {}): StoredHead => ({
  status: 200,
  statusText: "OK",
  headers: [["x-a", "é"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
  vary: [["foo", "1"], ["bar", null]],
  requestMs: 1000,
  responseMs: 2000,
  ...extra,
});
const bytes = (size: number, fill = 7) => new Uint8Array(size).fill(fill);

async function put(
  store: CacheStore,
  path: string,
  { body = [bytes(10)] as readonly Uint8Array[], partition = "", replaces = [] as readonly CacheEntry[], of = head() } =
    {},
): Promise<void> {
  const writer = store.open(key(path, partition), of, replaces);
  for (const piece of body) await writer.write(piece);
  await writer.commit();
}

async function bodyOf(store: CacheStore, entry: CacheEntry): Promise<Uint8Array | undefined> {
  const pieces = await store.body(entry);
  return pieces && new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

contract("gives back what was stored", async (make) => {
  const store = await make();
  assertEquals(await store.get(key("a")), []);
  await put(store, "a", {
    body: [bytes(3), bytes(2, 8)],
    of: head({ ttlMs: 5, span: { start: 1, end: 5, total: 9 } }),
  });
  const [entry] = await store.get(key("a"));
  assertEquals(entry!.head, head({ ttlMs: 5, span: { start: 1, end: 5, total: 9 } }));
  assertEquals([entry!.bodyBytes, await bodyOf(store, entry!)], [5, new Uint8Array([7, 7, 7, 8, 8])]);
});

contract("keeps an empty body and large ones, byte by byte", async (make) => {
  const store = await make();
  for (const size of [0, 1, 65_536, 65_537, 262_144, 3_000_000]) {
    const body: Uint8Array[] = [];
    const whole = new Uint8Array(size);
    for (let at = 0; at < size; at += 70_001) {
      const piece = bytes(Math.min(70_001, size - at), (at / 70_001) % 251);
      whole.set(piece, at);
      body.push(piece);
    }
    await put(store, `size-${size}`, { body });
    const [entry] = await store.get(key(`size-${size}`));
    assertEquals(entry!.bodyBytes, size);
    assertEquals(await bodyOf(store, entry!), whole);
  }
});

contract("shows nothing of an entry before it is committed, and nothing at all after an abort", async (make) => {
  const store = await make();
  for (const size of [10, 1_000_000]) {
    const writer = store.open(key("a"), head(), []);
    await writer.write(bytes(size));
    assertEquals(await store.get(key("a")), []);
    assertEquals((await store.list()).length, 0);
    writer.abort();
    assertEquals(await store.get(key("a")), []);
  }
});

contract("puts a new entry in the place of those it replaces", async (make) => {
  const store = await make();
  for (const size of [10, 100_000]) {
    await put(store, "a", { body: [bytes(size)], of: head({ vary: [["foo", "1"]] }) });
    await put(store, "a", { body: [bytes(size)], of: head({ vary: [["foo", "2"]] }) });
    const [first, second] = await store.get(key("a"));
    await put(store, "a", { body: [bytes(size)], replaces: [first!], of: head({ vary: [["foo", "3"]] }) });
    const left = (await store.get(key("a"))).map((entry) => entry.head.vary[0]![1]).sort();
    assertEquals(left, [second!.head.vary[0]![1], "3"].sort());
    await store.drop(await store.get(key("a")));
    assertEquals(await store.get(key("a")), []);
  }
});

contract("gives an entry new fields and keeps its body", async (make) => {
  const store = await make();
  await put(store, "a");
  const [entry] = await store.get(key("a"));
  await store.update(entry!, head({ headers: [["x-a", "new"]], responseMs: 3000 }));
  const [again] = await store.get(key("a"));
  assertEquals([again!.head.headers, again!.head.responseMs, again!.id], [[["x-a", "new"]], 3000, entry!.id]);
  assertEquals(await bodyOf(store, again!), bytes(10));
  assertEquals((await store.stats()).oldestMs, 3000);
});

contract("an update of an entry that is gone does not bring it back", async (make) => {
  const store = await make();
  await put(store, "a");
  const [entry] = await store.get(key("a"));
  await store.drop([entry!]);
  await store.update(entry!, head());
  assertEquals([await store.get(key("a")), (await store.stats()).entries], [[], 0]);
});

contract("keeps partitions apart, and invalidates all of them at once", async (make) => {
  const store = await make();
  await put(store, "a", { partition: "", body: [bytes(1)] });
  await put(store, "a", { partition: "p1", body: [bytes(2)] });
  await put(store, "a", { partition: "p2", body: [bytes(3)] });
  await put(store, "b");
  assertEquals((await store.get(key("a", "p1"))).map((entry) => entry.bodyBytes), [2]);
  assertEquals((await store.get(key("a"))).map((entry) => entry.bodyBytes), [1]);
  assertEquals(await store.get(key("a", "p3")), []);
  await store.invalidate(key("a").url);
  assertEquals((await store.stats()).entries, 1);
});

contract("holds at most its limit, and gives up what was used least recently", async (make) => {
  const store = await make({ maxBytes: 100_000 });
  for (let n = 0; n < 8; n++) await put(store, `${n}`, { body: [bytes(10_000)] });
  await store.stats();
  await store.get(key("0"));
  await store.stats();
  for (let n = 8; n < 14; n++) {
    await put(store, `${n}`, { body: [bytes(10_000)] });
    await store.get(key("0"));
  }
  const { bytes: size, maxBytes } = await store.stats();
  assertEquals([size <= 100_000, maxBytes], [true, 100_000]);
  assertEquals([
    (await store.get(key("0"))).length,
    (await store.get(key("1"))).length,
    (await store.get(key("13"))).length,
  ], [1, 0, 1]);
});

contract("does not keep what is larger than all it may hold", async (make) => {
  const store = await make({ maxBytes: 200_000 });
  await put(store, "small");
  await put(store, "a", { body: [bytes(150_000), bytes(150_000)] });
  assertEquals((await store.stats()).bytes <= 200_000, true);
  assertEquals(await store.get(key("a")), []);
});

contract("keeps a bounded number of variants of one URL", async (make) => {
  const store = await make({ maxVariants: 3 });
  for (let n = 0; n < 5; n++) await put(store, "a", { of: head({ vary: [["foo", `${n}`]] }) });
  await put(store, "a", { partition: "p" });
  const left = (await store.get(key("a"))).map((entry) => entry.head.vary[0]![1]);
  assertEquals(left.sort(), ["2", "3", "4"]);
  assertEquals((await store.get(key("a", "p"))).length, 1);
});

contract("counts, lists and clears, all of it or by host and prefix", async (make) => {
  const store = await make();
  const urls = [
    "https://a.test/x/1",
    "https://a.test/x/2",
    "https://a.test/y",
    "http://a.test:8080/x",
    "https://b.test/a.test/",
  ];
  for (const url of urls) {
    const writer = store.open({ url, partition: url.endsWith("y") ? "p" : "" }, head(), []);
    await writer.write(bytes(5));
    await writer.commit();
  }
  store.record("hit", 100);
  store.record("hit", 50);
  store.record("stale", 1);
  store.record("revalidated", 1);
  store.record("miss", 0);
  const { entries, oldestMs, hits, stale, revalidated, misses, bytesSaved, failures } = await store.stats();
  assertEquals({ entries, oldestMs, hits, stale, revalidated, misses, bytesSaved, failures }, {
    entries: 5,
    oldestMs: 2000,
    hits: 2,
    stale: 1,
    revalidated: 1,
    misses: 1,
    bytesSaved: 152,
    failures: 0,
  });
  const listed = async (filter = {}) => (await store.list(filter)).map(({ url }) => url).sort();
  assertEquals(await listed(), [...urls].sort());
  assertEquals(await listed({ host: "a.test" }), ["https://a.test/x/1", "https://a.test/x/2", "https://a.test/y"]);
  assertEquals(await listed({ host: "a.test:8080" }), ["http://a.test:8080/x"]);
  assertEquals(await listed({ prefix: "https://a.test/x" }), ["https://a.test/x/1", "https://a.test/x/2"]);
  assertEquals(await listed({ host: "b.test", prefix: "https://a" }), []);
  const [line] = await store.list({ prefix: "https://a.test/y" });
  assertEquals([line!.partition, line!.status, line!.bodyBytes, line!.storedMs], ["p", 200, 5, 2000]);
  assertEquals(await store.clear({ prefix: "https://a.test/x" }), 2);
  assertEquals(await store.clear({ host: "b.test" }), 1);
  assertEquals((await store.stats()).entries, 2);
  assertEquals(await store.clear(), 2);
  assertEquals(await listed(), []);
  assertEquals((await store.stats()).bytes, 0);
});

contract("finds nothing wrong with what is whole", async (make) => {
  const store = await make();
  await put(store, "a");
  await put(store, "b", { body: [bytes(500_000)] });
  assertEquals(await store.verify(), { checked: 2, removed: 0 });
});

contract("has a salt of its own", async (make) => {
  const store = await make();
  assertEquals(store.salt, store.salt);
  assertNotEquals(store.salt, (await make()).salt);
});
