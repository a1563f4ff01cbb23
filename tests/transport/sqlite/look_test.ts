import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DiskError } from "../../../transport/mod.ts";
import { lookAtSqlite, openSqlite } from "../../../transport/internal.ts";
import { withFolder } from "../../_support/folder.ts";

const layout = { applicationId: 0x636b7474, migrations: ["CREATE TABLE notes (text TEXT)"], statements: {} };

const inFolder = (work: (path: string, folder: string) => void) =>
  withFolder((folder) => work(`${folder}/notes.sqlite`, folder));

const codeOf = (path: string) => {
  const { code, reason, message } = assertThrows(() => lookAtSqlite(path, 50), DiskError);
  assertEquals(message.includes(JSON.stringify(path)), true, message);
  return [code, reason];
};

Deno.test("lookAtSqlite() tells the size of a whole file, also while it is open, and makes none", () =>
  inFolder((path) => {
    assertEquals([lookAtSqlite(path), lookAtSqlite(`${path}/below/nothing`)], [undefined, undefined]);
    {
      using file = openSqlite(path, layout);
      file.db.exec("INSERT INTO notes VALUES ('a')");
      assertEquals(lookAtSqlite(path), Deno.statSync(path).size);
    }
    assertEquals(lookAtSqlite(path), Deno.statSync(path).size);
    assertEquals(lookAtSqlite(`${path}/below`), undefined);
  }));

Deno.test("lookAtSqlite() finds damage, and leaves the damaged file as it is", () =>
  inFolder((path) => {
    {
      using file = openSqlite(path, layout);
      for (let n = 0; n < 500; n++) file.db.exec(`INSERT INTO notes VALUES ('${"x".repeat(200)}')`);
    }
    const bytes = Deno.readFileSync(path);
    bytes.fill(0xff, 8192, 16384);
    Deno.writeFileSync(path, bytes);
    assertEquals(codeOf(path), ["invalid_file", undefined]);
    assertEquals(Deno.readFileSync(path), bytes);
    Deno.writeTextFileSync(path, "no database at all, but long enough to have the head of one".repeat(20));
    assertEquals(codeOf(path), ["invalid_file", undefined]);
  }));

Deno.test("lookAtSqlite() tells another program's file, one that is locked, and what is no file", () =>
  inFolder((path, folder) => {
    {
      using other = new DatabaseSync(path);
      other.exec("CREATE TABLE bookmarks (url TEXT)");
    }
    assertEquals(codeOf(path), ["invalid_file", "database_foreign"]);
    {
      using holder = new DatabaseSync(path);
      holder.exec("BEGIN EXCLUSIVE");
      assertEquals(codeOf(path), ["target_locked", "database_locked"]);
    }
    assertEquals(codeOf(folder)[0], "invalid_path");
  }));
