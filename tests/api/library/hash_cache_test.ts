import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type HashCache, hashCache, type Identity } from "@civikit/civikit/api";
import { type CivikitError, DiskError } from "@civikit/civikit/transport";
import { inFolder } from "./_folder.ts";

const stamp = { path: "/x", bytes: 1, mtimeMs: 2.5 };
const identity: Identity = {
  ...{ modelId: 1, versionId: 2, fileId: 3, modelName: "Lantern", versionName: "v1", modelType: "LORA" },
  ...{ baseModel: null, fileName: "lantern.safetensors" },
};

const withPath = (test: (path: string) => void | Promise<void>): Promise<void> =>
  inFolder(async (folder) => await test(join(folder, "state", "hashes.sqlite")));

/** Fills a file, several pages of it. */
function fill(path: string): void {
  using cache = hashCache(path);
  cache.together(() => {
    for (let n = 0; n < 200; n++) {
      cache.keep({ ...stamp, path: `/models/${n}`, sha256: "AB".repeat(32) });
      cache.keepAsked(`${n}`, { identity, askedAt: 5 });
    }
  });
}

/** Everything a scan does with a cache; gives back what it found of what `fill` put in. */
function useAll(cache: HashCache): unknown[] {
  cache.together(() => cache.keep({ ...stamp, sha256: "AA" }));
  cache.together(() => cache.keepAsked("AA", { identity, askedAt: 5 }));
  return [cache.recorded("/models/7"), cache.asked("7")];
}

Deno.test("hashCache() keeps hashes and identities in a file that nobody else may read", () =>
  withPath((path) => {
    {
      using cache = hashCache(path);
      cache.keep({ ...stamp, sha256: "AA" });
      cache.keepAsked("AA", { identity: null, askedAt: 5 });
    }
    using cache = hashCache(path);
    assertEquals(cache.find(stamp)?.sha256, "AA");
    assertEquals(cache.find({ ...stamp, mtimeMs: 3 }), undefined);
    assertEquals(cache.recorded("/x")?.mtimeMs, 2.5);
    assertEquals([cache.asked("AA"), cache.asked("BB")], [{ identity: null, askedAt: 5 }, undefined]);
    if (Deno.build.os !== "windows") {
      assertEquals([join(path, ".."), path].map((name) => Deno.statSync(name).mode! & 0o777), [0o700, 0o600]);
    }
  }));

Deno.test("hashCache() takes over a file of the first release, with everything in it", () =>
  withPath((path) => {
    Deno.mkdirSync(join(path, ".."));
    {
      using old = new DatabaseSync(path);
      old.exec(`
        CREATE TABLE IF NOT EXISTS files (
          path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mtime REAL NOT NULL, sha256 TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS identities (
          sha256 TEXT PRIMARY KEY, identity TEXT, asked_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        PRAGMA user_version = 1;
        INSERT INTO files VALUES ('/x', 1, 2.5, 'AA');
      `);
    }
    using cache = hashCache(path);
    assertEquals(cache.find(stamp)?.sha256, "AA");
  }));

for (
  const [code, sql] of [
    ["newer_format", "PRAGMA user_version = 99"],
    ["invalid_file", "PRAGMA application_id = 7"],
  ]
) {
  Deno.test(`hashCache() refuses a file with ${code}, and leaves it as it is`, () =>
    withPath((path) => {
      fill(path);
      {
        using db = new DatabaseSync(path);
        db.exec(sql!);
      }
      const before = Deno.readFileSync(path);
      assertEquals(assertThrows(() => hashCache(path), DiskError).code, code);
      assertEquals(Deno.readFileSync(path), before);
    }));
}

Deno.test("hashCache() refuses a database with a table of the same name", () =>
  withPath((path) => {
    Deno.mkdirSync(join(path, ".."));
    {
      using other = new DatabaseSync(path);
      other.exec("CREATE TABLE files (name TEXT, size INTEGER); PRAGMA user_version = 1");
    }
    assertEquals(assertThrows(() => hashCache(path), DiskError, "another program").code, "invalid_file");
  }));

for (
  const [kind, damage] of Object.entries({
    "damaged after its first page": (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(0xaa, 4096),
    "zeroed after its first page": (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(0, 4096),
    "cut after a page": (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, 4096),
    "cut in the header": (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, 100),
    "zeroed": (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(0),
    "a text": () => new TextEncoder().encode("this is no database, ".repeat(400)),
  })
) {
  Deno.test(`hashCache() sets a file aside that is ${kind}, and goes on with a new one`, () =>
    withPath((path) => {
      const told: string[] = [];
      const troubles: CivikitError[] = [];
      fill(path);
      Deno.writeFileSync(path, damage(Deno.readFileSync(path)));
      {
        using cache = hashCache(path, {
          onSetAside: (aside) => told.push(aside),
          onTrouble: (error) => troubles.push(error),
        });
        assertEquals(useAll(cache), [undefined, undefined]);
      }
      assertEquals([told.length, troubles], [1, []]);
      using cache = hashCache(path);
      assertEquals([cache.find(stamp)?.sha256, cache.asked("AA")?.identity], ["AA", identity]);
    }));
}

Deno.test("hashCache() goes on when the file is damaged in the middle of one step, and keeps what comes then", () =>
  withPath((path) => {
    fill(path);
    using cache = hashCache(path);
    const bytes = Deno.readFileSync(path);
    {
      using file = Deno.openSync(path, { write: true });
      file.writeSync(bytes.fill(0xaa, 4096));
    }
    cache.together(() => {
      for (let n = 0; n < 500; n++) cache.keep({ ...stamp, path: `/new/${n}`, sha256: "CC" });
    });
    assertEquals(cache.recorded("/new/499")?.sha256, "CC");
  }));

Deno.test("hashCache() takes an identity that is no JSON for damage, and forgets it", () =>
  withPath((path) => {
    fill(path);
    {
      using db = new DatabaseSync(path);
      db.exec("UPDATE identities SET identity = substr(identity, 1, 20)");
    }
    using cache = hashCache(path);
    assertEquals(cache.asked("7"), undefined);
    cache.keepAsked("7", { identity, askedAt: 6 });
    assertEquals(cache.asked("7"), { identity, askedAt: 6 });
  }));

Deno.test("hashCache() goes on while another process has the file locked, and says once that nothing is kept", () =>
  withPath((path) => {
    const troubles: CivikitError[] = [];
    fill(path);
    using cache = hashCache(path, { patienceMs: 20, onTrouble: (error) => troubles.push(error) });
    using other = new DatabaseSync(path);
    other.exec("BEGIN EXCLUSIVE");
    const [recorded, asked] = useAll(cache);
    assert(recorded !== undefined && asked !== undefined, "reading goes on beside a writer");
    assertEquals(troubles.map(({ code }) => code), ["target_locked"]);
    other.exec("COMMIT");
    useAll(cache);
    assertEquals(cache.find(stamp)?.sha256, "AA");
  }));

Deno.test({
  name: "hashCache() says so where there can be no file",
  ignore: Deno.build.os !== "linux",
  fn() {
    assertEquals(assertThrows(() => hashCache("/sys/kernel/h.sqlite"), DiskError).code, "permission_denied");
  },
});
