import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath as fromFileUrl } from "node:url";
import { sqliteQueue } from "../../../hub/queue/mod.ts";
import { applicationId, migrations } from "../../../hub/queue/sqlite_rows.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { openSqlite } from "../../../transport/internal.ts";
import { DiskError } from "../../../transport/mod.ts";
import { queueContract } from "./_queue_contract.ts";

queueContract("sqliteQueue()", async (clock, work) => {
  const folder = await Deno.makeTempDir();
  try {
    await work(() => sqliteQueue(`${folder}/queue.sqlite`, { clock }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sqliteQueue() refuses a queue of a newer civikit by name, and leaves it as it is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/queue.sqlite`;
    const queue = sqliteQueue(path);
    await queue.add([{ reference: "1" }]);
    await queue.close();
    const later = [...migrations, "ALTER TABLE jobs ADD COLUMN mood TEXT"];
    openSqlite(path, { applicationId, migrations: later, statements: {} }).close();
    const before = await Deno.readFile(path);
    const error = assertThrows(() => sqliteQueue(path), DiskError);
    assertEquals(error.code, "newer_format");
    assert(error.message.includes("queue.sqlite"), error.message);
    assertEquals(await Deno.readFile(path), before);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sqliteQueue() gives what a killed process had on at once, long before its lease is over", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/queue.sqlite`;
    await using queue = sqliteQueue(path);
    await queue.add([{ reference: "1" }, { reference: "2" }]);
    const module = new URL("../../../hub/queue/mod.ts", import.meta.url);
    const code = `import { sqliteQueue } from "${module}";
      const jobs = await sqliteQueue(${JSON.stringify(path)}).lease("theirs", 1, 3_600_000);
      console.log(jobs[0].reference);
      setInterval(() => {}, 1000);`;
    const flags = await registryFlags();
    await Deno.writeTextFile(`${folder}/theirs.ts`, code);
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        `--config=${fromFileUrl(new URL("../../../deno.json", import.meta.url))}`,
        ...flags,
        `${folder}/theirs.ts`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = process.stdout.getReader();
    assertEquals(new TextDecoder().decode((await reader.read()).value).trim(), "1");
    assertEquals((await queue.lease("mine", 2, 1000)).map(({ reference }) => reference), ["2"]);
    assertEquals((await queue.workers()).find(({ id }) => id === "theirs")?.isAlive, true);
    process.kill("SIGKILL");
    await process.status;
    assertEquals((await queue.workers()).find(({ id }) => id === "theirs")?.isAlive, false);
    assertEquals((await queue.lease("mine", 2, 1000)).map(({ reference }) => reference), ["1"]);
    await reader.cancel();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sqliteQueue() whose file is damaged sets it aside, and whoever listens is told to read again", async () => {
  const folder = await Deno.makeTempDir();
  const ending = new AbortController();
  try {
    const path = `${folder}/queue.sqlite`;
    const aside: string[] = [];
    await using queue = sqliteQueue(path, { onSetAside: (where) => aside.push(where) });
    for (let n = 1; n <= 5; n++) await queue.add([{ reference: String(n) }]);
    const events = queue.events(ending.signal)[Symbol.asyncIterator]();
    const told = events.next();
    {
      using db = new DatabaseSync(path);
      db.exec("PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(TRUNCATE)");
      using file = await Deno.open(path, { write: true });
      await file.write(new Uint8Array(65_536).fill(7));
    }
    await queue.add([{ reference: "6" }]);
    assertEquals(aside.length, 1);
    const { value } = await told;
    assertEquals([value?.isComplete, (await queue.list()).jobs.map(({ reference }) => reference)], [false, ["6"]]);
  } finally {
    ending.abort();
    await Deno.remove(folder, { recursive: true });
  }
});
