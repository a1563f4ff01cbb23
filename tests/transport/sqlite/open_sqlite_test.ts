import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { DiskError, type ErrorCode } from "../../../transport/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { migrations, notes } from "./_notes.ts";
import { withFolder } from "../../_support/folder.ts";

const isWindows = Deno.build.os === "windows";

type Notes = ReturnType<typeof notes>;

const texts = (file: Notes): unknown[] => file.use("reading", () => file.run.all.all().map(({ text }) => text));
const add = (file: Notes, text: string) => file.transaction("writing", () => void file.run.add.run(text));
/** How many files were set aside, their logs not counted. */
const asideIn = (folder: string): number => namesIn(folder).filter((name) => /corrupt-\w+$/.test(name)).length;
const namesIn = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** A file with so many notes that they fill several pages. */
function filled(path: string): Uint8Array<ArrayBuffer> {
  using file = notes(path);
  file.transaction("writing", () => {
    for (let n = 0; n < 500; n++) file.run.add.run(`note ${n} `.repeat(5));
  });
  file.close();
  return Deno.readFileSync(path);
}

function refused(path: string, code: ErrorCode, options: Parameters<typeof notes>[1] = {}): DiskError {
  const error = assertThrows(() => notes(path, options), DiskError);
  assertEquals(error.code, code, error.message);
  return error;
}

Deno.test("openSqlite() makes folder, file and tables, and finds everything again", () =>
  withFolder((folder) => {
    const path = join(folder, "state", "deep", "notes.sqlite");
    {
      using file = notes(path);
      add(file, "first");
    }
    using file = notes(path);
    add(file, "second");
    assertEquals(texts(file), ["first", "second"]);
  }));

Deno.test("openSqlite() keeps nothing in :memory:", () => {
  using file = notes(":memory:");
  add(file, "first");
  assertEquals(texts(file), ["first"]);
  assert(!file.heal(new Error("database disk image is malformed")));
});

Deno.test("openSqlite() goes through the steps that are missing, and no other", () =>
  withFolder((folder) => {
    const path = join(folder, "n.sqlite");
    {
      using old = notes(path, { migrations: migrations.slice(0, 1) });
      add(old, "kept");
    }
    const seen: string[] = [];
    using file = notes(path, {
      migrations: [() => seen.push("one"), (db) => (seen.push("two"), db.exec(migrations[1]!))],
    });
    assertEquals([seen, texts(file)], [["two"], ["kept"]]);
    file.db.exec("INSERT INTO owners VALUES ('me')");
  }));

Deno.test("openSqlite() leaves everything as it was when a step fails", () =>
  withFolder((folder) => {
    const path = join(folder, "n.sqlite");
    notes(path, { migrations: migrations.slice(0, 1) }).close();
    const steps = [...migrations.slice(0, 1), "INSERT INTO notes (text) VALUES ('half')", "nonsense"];
    assertThrows(() => notes(path, { migrations: steps }), DiskError, "nonsense");
    using file = notes(path);
    assertEquals(texts(file), []);
  }));

Deno.test("openSqlite() takes over a file from before files were marked, with everything in it", () =>
  withFolder((folder) => {
    const path = join(folder, "n.sqlite");
    {
      using old = new DatabaseSync(path);
      old.exec(`${migrations[0]}; PRAGMA user_version = 1; INSERT INTO notes (text) VALUES ('old')`);
    }
    using file = notes(path);
    assertEquals(texts(file), ["old"]);
    assertEquals(asideIn(folder), 0);
  }));

Deno.test("openSqlite() refuses what a newer version wrote by name, and leaves every byte of it", () =>
  withFolder((folder) => {
    const path = join(folder, "n.sqlite");
    {
      using file = notes(path);
      file.db.exec("PRAGMA user_version = 99; CREATE TABLE future (x); PRAGMA journal_mode = DELETE");
    }
    const before = Deno.readFileSync(path);
    const { message } = refused(path, "newer_format");
    assert(message.includes(path) && message.includes("99"), message);
    assertEquals([Deno.readFileSync(path), namesIn(folder)], [before, ["n.sqlite"]]);
  }));

for (
  const [kind, sql] of Object.entries({
    "with other tables": "CREATE TABLE mine (x)",
    "with other tables and a version": "CREATE TABLE mine (x); PRAGMA user_version = 2",
    "with a table of the same name": "CREATE TABLE notes (path, size); PRAGMA user_version = 1",
    "with a mark of its own": "PRAGMA application_id = 1234; PRAGMA user_version = 1",
    "with a higher version": "CREATE TABLE mine (x); PRAGMA user_version = 5000",
  })
) {
  Deno.test(`openSqlite() refuses a database of another program ${kind}, and leaves its bytes and rights`, () =>
    withFolder((folder) => {
      const path = join(folder, "n.sqlite");
      new DatabaseSync(path)[Symbol.dispose]();
      {
        using other = new DatabaseSync(path);
        other.exec(sql);
      }
      if (!isWindows) Deno.chmodSync(path, 0o644);
      const before = Deno.readFileSync(path);
      assertEquals(refused(path, "invalid_file").reason, "database_foreign");
      assertEquals([Deno.readFileSync(path), namesIn(folder)], [before, ["n.sqlite"]]);
      if (!isWindows) assertEquals(Deno.statSync(path).mode! & 0o777, 0o644);
    }));
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Every way in which a file may be damaged: seen when it is opened, or only in the middle of work. */
const damages: Record<string, (bytes: Bytes) => Bytes> = {
  "with a page overwritten": (bytes) => bytes.fill(0xaa, 4096, 8192),
  "with a page of zeros": (bytes) => bytes.fill(0, 4096, 8192),
  "with the second half overwritten": (bytes) => bytes.fill(0xaa, bytes.length / 2),
  "with its first page overwritten after the header": (bytes) => bytes.fill(0xaa, 100, 4096),
  "cut in the header": (bytes) => bytes.slice(0, 50),
  "cut after the header": (bytes) => bytes.slice(0, 100),
  "cut in the middle of a page": (bytes) => bytes.slice(0, 9000),
  "cut after a page": (bytes) => bytes.slice(0, 8192),
  "of zeros alone": (bytes) => bytes.fill(0),
  "that is a text": () => new TextEncoder().encode("this was never a database\n".repeat(1000)),
};

for (const [kind, damage] of Object.entries(damages)) {
  Deno.test(`openSqlite() sets a file aside ${kind}, and goes on with a new one`, () =>
    withFolder((folder) => {
      const path = join(folder, "n.sqlite");
      const told: string[] = [];
      const broken = damage(filled(path));
      Deno.writeFileSync(path, broken);
      using file = notes(path, { onSetAside: (aside) => told.push(aside) });
      assertEquals(texts(file), []);
      add(file, "new");
      assertEquals(texts(file), ["new"]);
      assertEquals(told.length, 1);
      assertMatch(basename(told[0]!), /^n\.sqlite\.corrupt-\d{8}T\d{9}Z$/);
      assertEquals(Deno.readFileSync(told[0]!), broken);
      assertEquals(file.db.prepare("PRAGMA quick_check").get(), { __proto__: null, quick_check: "ok" } as never);
    }));

  Deno.test(`openSqlite() refuses a file that is to be kept ${kind}, and leaves every byte of it`, () =>
    withFolder((folder) => {
      const path = join(folder, "n.sqlite");
      const broken = damage(filled(path));
      Deno.writeFileSync(path, broken);
      const error = assertThrows(() => {
        using file = notes(path, { keep: true });
        texts(file);
      }, DiskError);
      assertEquals(error.code, "invalid_file", error.message);
      assert(error.message.includes(path), error.message);
      assertEquals([Deno.readFileSync(path), namesIn(folder)], [broken, ["n.sqlite"]]);
    }));
}

Deno.test("openSqlite() sets a file aside that is damaged while it is open", () =>
  withFolder((folder) => {
    const path = join(folder, "n.sqlite");
    const told: string[] = [];
    filled(path);
    using file = notes(path, { onSetAside: (aside) => told.push(aside), pragmas: "PRAGMA cache_size = 0" });
    const bytes = Deno.readFileSync(path).fill(0xa5, 4096);
    using handle = Deno.openSync(path, { write: true });
    handle.writeSync(bytes);
    assertEquals(texts(file), []);
    add(file, "new");
    assertEquals([texts(file), told.length], [["new"], 1]);
  }));

Deno.test("openSqlite() takes what cannot be read back, JSON or a number, for damage", () =>
  withFolder((folder) => {
    using file = notes(join(folder, "n.sqlite"));
    add(file, "{ no JSON");
    const read = () => file.use("reading", () => file.run.all.all().map(({ text }) => JSON.parse(String(text))));
    assertEquals(read(), []);
    assertEquals(asideIn(folder), 1);
  }));

Deno.test("openSqlite() gives up on a disk that damages every new file", () =>
  withFolder((folder) => {
    using file = notes(join(folder, "n.sqlite"));
    let asked = 0;
    const error = assertThrows(() =>
      file.use("reading", () => {
        asked++;
        throw new Error("database disk image is malformed");
      }), DiskError);
    assertEquals([error.code, asked, asideIn(folder)], [
      "invalid_file",
      4,
      3,
    ]);
  }));

Deno.test("openSqlite() says who is in the way of a locked file, and opens it afterwards", () =>
  withFolder((folder) => {
    const path = join(folder, "n.sqlite");
    filled(path);
    using other = new DatabaseSync(path);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO notes (text) VALUES ('other')");
    assertEquals(refused(path, "target_locked", { patienceMs: 20 }).reason, "database_locked");
    other.exec("COMMIT");
    other.close();
    using file = notes(path, { patienceMs: 20 });
    assertEquals([texts(file).length, asideIn(folder)], [501, 0]);
  }));

Deno.test({
  name: "openSqlite() says that a right is missing, whatever words are in the path",
  permissions: { read: false, write: false },
  fn() {
    for (const name of ["locked", "busy", "malformed", "not a database", "disk I/O error"]) {
      refused(`/nowhere/${name}/n.sqlite`, "permission_denied");
    }
  },
});

Deno.test({
  name: "openSqlite() refuses a pipe in the place of a file or its log at once, and a folder",
  ignore: isWindows,
  fn: () =>
    withFolder(async (folder) => {
      for (const end of ["", "-wal", "-shm"]) {
        const path = join(folder, `n${end}.sqlite`);
        await new Deno.Command("mkfifo", { args: [path + end] }).output();
        assertMatch(refused(path, "invalid_path").message, /not a file/);
      }
      refused(folder, "invalid_path");
    }),
});

Deno.test({
  name: "openSqlite() lets nobody else read its files, also those made before it took care",
  ignore: isWindows,
  fn: () =>
    withFolder((folder) => {
      const path = join(folder, "made", "n.sqlite");
      const mode = (name: string) => Deno.statSync(name).mode! & 0o777;
      {
        using file = notes(path);
        add(file, "first");
        assertEquals([join(folder, "made"), path, `${path}-wal`].map(mode), [0o700, 0o600, 0o600]);
      }
      Deno.chmodSync(path, 0o644);
      using file = notes(path);
      assertEquals([mode(path), texts(file)], [0o600, ["first"]]);
    }),
});

const opener = fileURLToPath(new URL("_opener.ts", import.meta.url));

for (const [kind, damage] of [["missing", undefined], ["damaged", damages["cut after the header"]]] as const) {
  Deno.test(`openSqlite(): of processes that open a ${kind} file at once, each gets a good database, and all the same`, () =>
    withFolder(async (folder) => {
      const path = join(folder, "n.sqlite");
      const root = fileURLToPath(new URL("../../../", import.meta.url));
      if (damage) Deno.writeFileSync(path, damage(filled(path)));
      const flags = await registryFlags(root);
      const children = Array.from({ length: 6 }, () =>
        new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", "--quiet", ...flags, opener, path, "20"],
          ...{ cwd: root, stdin: "piped", stdout: "piped", stderr: "inherit" },
        }).spawn());
      for (const { stdout } of children) await stdout.getReader().read();
      for (const { stdin } of children) await stdin.close();
      assertEquals(await Promise.all(children.map(async ({ status }) => (await status).code)), [0, 0, 0, 0, 0, 0]);
      using file = notes(path);
      assertEquals(texts(file).length, 120);
      assertEquals(asideIn(folder), damage ? 1 : 0);
    }));
}
