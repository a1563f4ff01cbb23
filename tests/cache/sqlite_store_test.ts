import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { type CacheStore, sqliteStore, type StoredHead } from "../../cache/mod.ts";
import { cached, numbered } from "./_cached.ts";

const key = { url: "http://a.test/", partition: "" };
const head: StoredHead = {
  status: 200,
  statusText: "OK",
  headers: [["x-a", "1"]],
  vary: [],
  requestMs: 1,
  responseMs: Date.now(),
};

async function put(store: CacheStore, size: number, url = key.url): Promise<void> {
  const writer = store.open({ ...key, url }, head, []);
  for (let at = 0; at < size; at += 50_000) await writer.write(new Uint8Array(Math.min(50_000, size - at)).fill(7));
  await writer.commit();
}

/** Runs `test` with the path of a file that is not there yet, in a folder that is not there yet. */
async function withPath(test: (path: string, folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/cache/http.sqlite`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Changes the file behind the store's back. */
function meddle(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

Deno.test("sqliteStore() finds everything again after it was closed", () =>
  withPath(async (path) => {
    const first = sqliteStore(path);
    const { salt } = first;
    await put(first, 10);
    await put(first, 300_000, "http://a.test/large");
    first.record("hit", 5);
    first.close();
    const second = sqliteStore(path);
    const [entry] = await second.get(key);
    assertEquals([entry!.head, (await second.body(entry!))![0]], [head, new Uint8Array(10).fill(7)]);
    assertEquals((await second.get({ ...key, url: "http://a.test/large" }))[0]!.bodyBytes, 300_000);
    assertEquals([(await second.stats()).hits, second.salt], [1, salt]);
    second.close();
  }));

Deno.test("sqliteStore() shows one process's entries to another connection", () =>
  withPath(async (path) => {
    const one = sqliteStore(path);
    const two = sqliteStore(path);
    await put(one, 10);
    await one.stats();
    assertEquals((await two.get(key)).length, 1);
    await two.invalidate(key.url);
    assertEquals((await one.get(key)).length, 0);
    one.close();
    two.close();
  }));

Deno.test({
  name: "sqliteStore() gives its file rights 0600 and its folder 0700",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withPath(async (path, folder) => {
      const store = sqliteStore(path);
      await put(store, 10);
      await store.stats();
      const mode = (name: string) => (Deno.statSync(name).mode! & 0o777).toString(8);
      assertEquals([mode(`${folder}/cache`), mode(path), mode(`${path}-wal`)], ["700", "600", "600"]);
      store.close();
      Deno.chmodSync(path, 0o644);
      sqliteStore(path).close();
      assertEquals(mode(path), "600");
    }),
});

Deno.test("sqliteStore() sets a file aside that is no database, and goes on with a new one", () =>
  withPath(async (path, folder) => {
    await Deno.mkdir(`${folder}/cache`);
    await Deno.writeTextFile(path, "this was never a database, whatever its name says\n".repeat(100));
    const store = sqliteStore(path);
    await put(store, 10);
    assertEquals((await store.get(key)).length, 1);
    store.close();
    const names = [...Deno.readDirSync(`${folder}/cache`)].map(({ name }) => name).sort();
    assertEquals(names.length, 2);
    assert(/^http\.sqlite\.corrupt-\d{8}T\d{6}/.test(names[1]!), names[1]);
  }));

Deno.test("sqliteStore() survives a file that is damaged while it is open", () =>
  withPath(async (path, folder) => {
    const store = sqliteStore(path);
    for (let n = 0; n < 300; n++) await put(store, 5000, `http://a.test/${n}`);
    store.close();
    const again = sqliteStore(path);
    const file = await Deno.open(path, { write: true });
    await file.seek(4096, Deno.SeekMode.Start);
    await file.write(new Uint8Array(300_000).fill(0xa5));
    file.close();
    for (let n = 0; n < 300; n++) {
      const [entry] = await again.get({ ...key, url: `http://a.test/${n}` });
      const body = entry && await again.body(entry);
      if (body) assertEquals(body[0], new Uint8Array(5000).fill(7));
    }
    await put(again, 10);
    await again.verify();
    await put(again, 10);
    assertEquals((await again.get(key)).length > 0, true);
    assert((await again.stats()).failures > 0);
    again.close();
    assert([...Deno.readDirSync(`${folder}/cache`)].some(({ name }) => name.includes(".corrupt-")));
  }));

Deno.test("sqliteStore() takes a damaged body or damaged fields for none", () =>
  withPath(async (path) => {
    const store = sqliteStore(path);
    const large = { ...key, url: "http://a.test/large" };
    const fields = { ...key, url: "http://a.test/fields" };
    await put(store, 10);
    await put(store, 600_000, large.url);
    await put(store, 10, fields.url);
    await store.stats();
    meddle(path, "UPDATE entries SET body = zeroblob(10) WHERE url = 'http://a.test/'");
    meddle(path, "UPDATE chunks SET bytes = zeroblob(length(bytes)) WHERE n = 1");
    meddle(path, "UPDATE entries SET head = replace(head, 'x-a', 'x-b') WHERE url LIKE '%fields'");
    const [small] = await store.get(key);
    const [big] = await store.get(large);
    assertEquals([await store.body(small!), await store.body(big!), await store.get(fields)], [
      undefined,
      undefined,
      [],
    ]);
    assertEquals(await store.verify(), { checked: 3, removed: 3 });
    assertEquals([await store.get(key), await store.get(large)], [[], []]);
    store.close();
  }));

Deno.test("sqliteStore() takes a body with a missing chunk for none", () =>
  withPath(async (path) => {
    const store = sqliteStore(path);
    await put(store, 1_000_000);
    meddle(path, "DELETE FROM chunks WHERE n = 2");
    const [entry] = await store.get(key);
    assertEquals(await store.body(entry!), undefined);
    store.close();
  }));

Deno.test("sqliteStore() is of no use, and no harm, where there can be no file", async () => {
  const folder = await Deno.makeTempDir();
  const store = sqliteStore(folder);
  await put(store, 10);
  await put(store, 100_000);
  assertEquals([await store.get(key), await store.list(), await store.clear(), await store.verify()], [[], [], 0, {
    checked: 0,
    removed: 0,
  }]);
  const { entries, failures, failure } = await store.stats();
  assertEquals([entries, failures], [0, 1]);
  assert(failure);
  assertNotEquals(store.salt, "");
  store.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("sqliteStore() drops what lay unused for too long", () =>
  withPath(async (path) => {
    const store = sqliteStore(path, { maxIdleMs: 3_600_000 });
    await put(store, 10, "http://a.test/old");
    await put(store, 500_000, "http://a.test/old-large");
    await store.stats();
    meddle(path, "UPDATE entries SET used = used - 3700000 * 1024");
    await put(store, 10);
    await store.stats();
    assertEquals((await store.list()).map(({ url }) => url), [key.url]);
    store.close();
  }));

Deno.test("sqliteStore() clears away what a killed process left unfinished", () =>
  withPath(async (path) => {
    const store = sqliteStore(path, { maxIdleMs: 7_200_000 });
    await store.open(key, head, []).write(new Uint8Array(600_000));
    assertEquals([(await store.stats()).entries, (await store.list()).length], [1, 0]);
    meddle(path, "UPDATE entries SET stored_ms = stored_ms - 7300000, used = used - 7300000 * 1024");
    await put(store, 10, "http://a.test/new");
    await store.stats();
    assertEquals((await store.stats()).entries, 1);
    store.close();
  }));

Deno.test("sqliteStore() names an option that cannot be meant", () => {
  assertThrows(() => sqliteStore("x", { maxBytes: -1 }), RangeError, "maxBytes");
  assertThrows(() => sqliteStore("x", { maxIdleMs: 0 }), RangeError, "maxIdleMs");
  assertThrows(() => sqliteStore("x", { useGrainMs: NaN }), RangeError, "useGrainMs");
});

Deno.test("sqliteStore() can be closed twice, and does nothing afterwards", () =>
  withPath(async (path) => {
    const store = sqliteStore(path);
    store.close();
    store.close();
    await put(store, 10);
    assertEquals(await store.get(key), []);
  }));

Deno.test("sqliteStore() leaves what a newer version or another program wrote untouched, says so, and does without", () =>
  withPath(async (path, folder) => {
    await Deno.mkdir(`${folder}/cache`);
    for (
      const [sql, word] of [["PRAGMA user_version = 99", "version 99"], ["CREATE TABLE mine (x)", "another program"]]
    ) {
      if (word === "version 99") sqliteStore(path).close();
      meddle(path, `${sql}; PRAGMA journal_mode = DELETE`);
      const before = await Deno.readFile(path);
      const store = sqliteStore(path);
      await put(store, 10);
      assertEquals(await store.get(key), []);
      assertEquals(await store.clear(), 0);
      assert((await store.stats()).failure?.includes(word!), (await store.stats()).failure);
      store.close();
      assertEquals([await Deno.readFile(path), [...Deno.readDirSync(`${folder}/cache`)].length], [before, 1]);
      await Deno.remove(path);
    }
  }));

Deno.test("sqliteStore() keeps the entries of a file from before files were marked", () =>
  withPath(async (path) => {
    const store = sqliteStore(path);
    await put(store, 10);
    store.close();
    meddle(path, "PRAGMA application_id = 0");
    const again = sqliteStore(path);
    assertEquals((await again.get(key)).length, 1);
    again.close();
  }));

Deno.test("sqliteStore() does without a file that another process has locked, and takes it up when it is free", () =>
  withPath(async (path) => {
    sqliteStore(path).close();
    const other = new DatabaseSync(path);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE totals SET hit = hit");
    const store = sqliteStore(path);
    await put(store, 10);
    assertEquals([await store.get(key), (await store.stats()).failures], [[], 0]);
    other.exec("COMMIT");
    other.close();
    // it is tried again every now and then
    for (let found = 0; found === 0; found = (await store.get(key)).length) {
      await put(store, 10);
      await setImmediate();
    }
    store.close();
  }));

Deno.test("a stored body that is damaged on disk is fetched again, not served", () =>
  withPath(async (path) => {
    const store = sqliteStore(path);
    const cache = cached(numbered({ "cache-control": "max-age=60" }), { store });
    await cache.get();
    await store.stats();
    meddle(path, "UPDATE entries SET body = zeroblob(length(body))");
    assertEquals((await cache.get()).text, "answer 2");
    assertEquals((await cache.get()).info?.result, "hit");
    store.close();
  }));

Deno.test("httpCache() over sqliteStore() streams large bodies in and out", () =>
  withPath(async (path) => {
    const store = sqliteStore(path);
    const bytes = new Uint8Array(1_500_000).map((_, n) => n % 251);
    const cache = cached(
      () => new Response(new Blob([bytes]).stream(), { headers: { "cache-control": "max-age=60" } }),
      { store },
    );
    for (let n = 0; n < 2; n++) {
      assertEquals(await (await cache.transport.fetch(new Request("http://a.test/"))).bytes(), bytes);
    }
    const { text, status } = await cache.get({ headers: { range: "bytes=600000-600003" } });
    assertEquals([status, text.length, cache.seen.length], [206, 4, 1]);
    store.close();
  }));
