import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Histogram, type SeriesSnapshot, type StatsDelta, type StatsStore, statsStore } from "../../../monitor/mod.ts";
import { applicationId, migrations } from "../../../monitor/stats/stats_schema.ts";
import { openSqlite } from "../../../transport/internal.ts";
import { DiskError } from "../../../transport/mod.ts";
import { registryFlags } from "../../../tools/registry.ts";
import { fakeClock } from "../../_support/clock.ts";
import { withFolder } from "../../_support/folder.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function series(more: Partial<SeriesSnapshot> = {}, ...durations: number[]): SeriesSnapshot {
  const latency = new Histogram();
  for (const ms of durations.length > 0 ? durations : [20]) latency.record(ms);
  return {
    ...{ host: "civitai.com", route: "/api/v1/models", method: "GET", requests: latency.count },
    ...{ failed: 0, aborted: 0, bytes: 100, statuses: { "200": latency.count }, codes: {}, latency },
    ...more,
  };
}

const delta = (...all: SeriesSnapshot[]): StatsDelta => ({ series: all, counters: [], failures: [] });

Deno.test("statsStore() adds up what it is given, whoever gives it and when", () =>
  withFolder(async (folder) => {
    const clock = fakeClock("2026-03-01T12:00:30Z");
    using store = statsStore(join(folder, "s.sqlite"), { clock });
    store.add(delta(series({}, 10, 20)), clock.date());
    store.add(
      delta(series({ failed: 1, statuses: { "404": 1 }, codes: { not_found: 1 } }, 30), series({ host: "b.example" })),
      clock.date(),
    );
    await clock.advance(2 * minute);
    store.add({
      series: [series({ statuses: { "200": 1, "404": 2 }, codes: { not_found: 2 } }, 40)],
      counters: [{ name: "queue", host: "civitai.com", label: "", count: 2, sum: 7.5 }],
      failures: [],
      rssBytes: 1000,
    }, clock.date());
    store.add({
      series: [],
      counters: [{ name: "queue", host: "civitai.com", label: "", count: 1, sum: 0.5 }],
      failures: [],
      rssBytes: 3000,
    }, clock.date());

    const { fromMs, toMs, series: found, counters, memory } = store.read();
    assertEquals(new Date(fromMs).toISOString(), "2026-03-01T12:00:00.000Z");
    assertEquals(toMs, clock.date());
    const [first, second] = found.toSorted((a, b) => b.requests - a.requests);
    assertEquals([first?.requests, first?.statuses, first?.codes], [4, { "200": 3, "404": 3 }, { not_found: 3 }]);
    assertEquals([first?.latency.count, first?.latency.sumMs, first?.latency.maxMs], [4, 100, 40]);
    assertEquals([second?.host, second?.requests], ["b.example", 1]);
    assertEquals(counters, [{ name: "queue", host: "civitai.com", label: "", count: 3, sum: 8 }]);
    assertEquals([memory?.rssBytes, memory?.peakBytes], [2000, 3000]);
  }));

Deno.test("statsStore() reads spans by the minute, and by the hour where minutes are gone", () =>
  withFolder(async (folder) => {
    const clock = fakeClock("2026-03-01T00:00:00Z");
    using store = statsStore(join(folder, "s.sqlite"), { clock });
    for (let n = 0; n < 6 * 24 * 3; n++) {
      await clock.advance(5 * minute);
      store.add(delta(series()), clock.date());
      await clock.advance(5 * minute);
    }
    const count = (fromMs?: number, toMs?: number) =>
      store.read({ fromMs, toMs }).series.reduce((sum, { requests }) => sum + requests, 0);
    const now = clock.date();
    assertEquals(count(), 432);
    assertEquals(count(now - hour), 6);
    assertEquals(count(now - 90 * minute), 9);
    assertEquals(count(now - 23.5 * hour, now - 22.5 * hour), 6);
    assertEquals(count(now - 25 * minute, now - 14 * minute), 2);
    assertEquals(count(now - 2 * day - 30 * minute), 12 * 24 + 6);
    assertEquals(count(now - 2 * day, now - 2 * day + 3 * hour), 18);
    assertEquals(count(now + hour, now + 2 * hour), 0);
  }));

Deno.test("statsStore() forgets minutes after a day, hours after a month, and failures beyond their number", () =>
  withFolder(async (folder) => {
    const clock = fakeClock("2026-03-01T00:30:00Z");
    const path = join(folder, "s.sqlite");
    using store = statsStore(path, { clock, keepFailures: 3 });
    const target = "https://a.example/";
    const failures = Array.from({ length: 10 }, (_, n) => ({
      ...{
        atMs: clock.date() + n,
        kind: "request" as const,
        code: "not_found" as const,
        host: "a.example",
        status: 404,
      },
      ...{ target, durationMs: n },
    }));
    store.add({ ...delta(series()), failures }, clock.date());
    await clock.advance(25 * hour);
    store.add(delta(series()), clock.date());
    const rows = (table: string) => {
      using db = new DatabaseSync(path, { readOnly: true });
      return Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()!["n"]);
    };
    assertEquals([rows("minutes"), rows("hours"), rows("failures")], [1, 2, 3]);
    assertEquals(store.failures().map(({ durationMs }) => durationMs), [9, 8, 7]);
    assertEquals(store.read().series[0]?.requests, 2);
    await clock.advance(31 * day);
    store.prune();
    assertEquals([rows("minutes"), rows("hours")], [0, 0]);
  }));

Deno.test("statsStore() draws a timeline with every step in it", () =>
  withFolder(async (folder) => {
    const clock = fakeClock("2026-03-01T10:00:00Z");
    using store = statsStore(join(folder, "s.sqlite"), { clock });
    store.add({
      ...delta(series({ failed: 1 }, 10, 30), series({ route: "file", bytes: 9999 })),
      counters: [{ name: "download_bytes", host: "", label: "", count: 1, sum: 500 }],
    }, clock.date());
    await clock.advance(10 * minute);
    store.add(delta(series({}, 50)), clock.date());
    await clock.advance(5 * minute);
    const points = store.timeline({}, 5 * minute);
    assertEquals(points.map(({ requests, failed, bytes }) => [requests, failed, bytes]), [
      [3, 1, 600],
      [0, 0, 0],
      [1, 0, 100],
    ]);
    assertAlmostEquals(points[0]!.p99Ms, 30, 0.6);
    assertEquals(store.timeline({}, hour).map(({ requests }) => requests), [4]);
    assertThrows(() => store.timeline({}, 1000), RangeError, "stepMs");
  }));

Deno.test("statsStore() exports minutes as JSON lines and as CSV that no spreadsheet takes for formulas", () =>
  withFolder((folder) => {
    const clock = fakeClock("2026-03-01T10:00:00Z");
    using store = statsStore(join(folder, "s.sqlite"), { clock });
    store.add(delta(series({ host: `=cmd(","")`, failed: 1, codes: { gone: 1 } }, 20)), clock.date());
    const [head, row, ...rest] = [...store.export("csv")];
    assertEquals(rest, []);
    assertEquals(head!.split(",").slice(0, 5), ["time", "host", "route", "method", "requests"]);
    assert(row!.startsWith(`2026-03-01T10:00:00.000Z,"'=cmd("",""` + `"")",/api/v1/models,GET,1,1,0,100,20,`), row);
    assert(row!.endsWith("\r\n"));
    const [line] = [...store.export("json")];
    const { host, requests, codes, p95_ms } = JSON.parse(line!);
    assertEquals([host, requests, codes], [`=cmd(","")`, 1, { gone: 1 }]);
    assertAlmostEquals(p95_ms, 20, 0.4);
    assertEquals([...store.export("json", { fromMs: clock.date() + hour })], []);
  }));

for (let version = 1; version < migrations.length; version++) {
  Deno.test(`statsStore() brings a file of version ${version} to version ${migrations.length} with all its numbers`, () =>
    withFolder((folder) => {
      const path = join(folder, "old.sqlite");
      const at = Date.parse("2026-03-01T10:07:00Z");
      const latency = new Histogram();
      latency.record(80);
      openSqlite(path, { applicationId, migrations: migrations.slice(0, version), statements: {} }).close();
      using old = new DatabaseSync(path);
      assertEquals(Object.values(old.prepare("PRAGMA user_version").get()!), [version]);
      old.exec("INSERT INTO series VALUES (7, 'old.example', 'file', 'GET')");
      const put = old.prepare(
        `INSERT INTO minutes VALUES (?, 7, 2, 1, 0, 50, 80, 80, '{"200":1,"404":1}', '{"not_found":1}', ?)`,
      );
      for (const ms of [at, at + minute, at + hour]) put.run(ms, latency.encode());
      // from version 2 on the hours are there too
      if (version > 1) {
        const both = new Histogram();
        both.add(latency);
        both.add(latency);
        old.prepare(`INSERT INTO hours VALUES (?, 7, 4, 2, 0, 100, 160, 80, '{"200":2,"404":2}', '{"not_found":2}', ?)`)
          .run(at - at % hour, both.encode());
        old.prepare(
          "INSERT INTO hours SELECT ?, series, requests, failed, aborted, bytes, sum_ms, max_ms, statuses, codes, latency FROM minutes WHERE at = ?",
        )
          .run(at + hour - at % hour, at + hour);
      }
      old.prepare("INSERT INTO failures VALUES (1, ?, 'request', 'not_found', 'old.example', 404, 'https://x/', 5)")
        .run(at);
      old.close();

      const clock = fakeClock(at + 2 * hour);
      using store = statsStore(path, { clock });
      const { series: [found] } = store.read({ fromMs: at - hour });
      assertEquals([found?.host, found?.requests, found?.statuses], ["old.example", 6, { "200": 3, "404": 3 }]);
      assertEquals(found?.latency.count, 3);
      assertEquals(store.read({ fromMs: at + 30_000, toMs: at + 90_000 }).series[0]?.requests, 4);
      assertEquals(store.failures().map(({ code }) => code), ["not_found"]);
      store.add(delta(series({ host: "old.example", route: "file" })), clock.date());
      assertEquals(store.read().series[0]?.requests, 7);
    }));
}

Deno.test("statsStore() refuses a file of a newer civikit and one of something else, and leaves them alone", () =>
  withFolder((folder) => {
    const path = join(folder, "s.sqlite");
    const other = join(folder, "o.sqlite");
    statsStore(path).close();
    {
      using db = new DatabaseSync(path);
      db.exec("PRAGMA user_version = 99");
      using foreign = new DatabaseSync(other);
      foreign.exec("CREATE TABLE mine (x)");
    }
    assertEquals(assertThrows(() => statsStore(path), DiskError, "version 99").code, "newer_format");
    assertEquals(assertThrows(() => statsStore(other), DiskError, "another program").code, "invalid_file");
    using db = new DatabaseSync(other);
    assertEquals(db.prepare("SELECT count(*) AS n FROM mine").get()!["n"], 0);
  }));

Deno.test("statsStore() keeps a damaged file aside and starts a new one", () =>
  withFolder(async (folder) => {
    const path = join(folder, "s.sqlite");
    await Deno.writeTextFile(path, "this is no database at all, and long enough to be looked at\n".repeat(100));
    using store = statsStore(path);
    store.add(delta(series()), Date.now());
    assertEquals(store.read().series[0]?.requests, 1);
    const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
    assert(names.some((name) => name.startsWith("s.sqlite.corrupt-")), names.join());
  }));

for (
  const [kind, damage] of Object.entries({
    "damaged after its first page": (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(0xaa, 4096),
    "cut off": (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, 8192),
    "zeroed": (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(0, 4096),
  })
) {
  for (
    const [work, act] of Object.entries<(store: StatsStore) => void>({
      add: (store) => store.add(delta(series()), Date.now()),
      read: (store) => store.read(),
      timeline: (store) => store.timeline({}, minute),
      failures: (store) => store.failures(),
      export: (store) => [...store.export("json")],
      prune: (store) => store.prune(),
      clear: (store) => store.clear(),
    })
  ) {
    Deno.test(`statsStore() sets a file aside that is ${kind} when ${work}() finds it out, and goes on`, () =>
      withFolder((folder) => {
        const path = join(folder, "s.sqlite");
        const told: string[] = [];
        {
          using store = statsStore(path);
          store.add(delta(series()), Date.now());
        }
        Deno.writeFileSync(path, damage(Deno.readFileSync(path)));
        using store = statsStore(path, { onSetAside: (aside) => told.push(aside) });
        act(store);
        store.add(delta(series()), Date.now());
        assertEquals(store.read().series.map(({ requests }) => requests), [work === "add" ? 2 : 1]);
        assertEquals(told.length, 1);
      }));
  }
}

Deno.test("statsStore() takes an encoded histogram that means nothing for damage", () =>
  withFolder((folder) => {
    const path = join(folder, "s.sqlite");
    const told: string[] = [];
    using store = statsStore(path, { onSetAside: (aside) => told.push(aside) });
    store.add(delta(series()), Date.now());
    {
      using db = new DatabaseSync(path);
      db.exec("UPDATE minutes SET latency = x'ffff'; UPDATE hours SET latency = x'ffff'");
    }
    assertEquals([store.read().series, told.length], [[], 1]);
  }));

Deno.test({
  name: "statsStore() gives its file rights 0600 and a folder it makes 0700",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      using _store = statsStore(join(folder, "made", "s.sqlite"));
      assertEquals((await Deno.stat(join(folder, "made"))).mode! & 0o777, 0o700);
      assertEquals((await Deno.stat(join(folder, "made", "s.sqlite"))).mode! & 0o777, 0o600);
    }),
});

Deno.test("statsStore() clears everything and goes on", () =>
  withFolder((folder) => {
    const clock = fakeClock();
    using store = statsStore(join(folder, "s.sqlite"), { clock });
    store.add(delta(series()), clock.date());
    store.clear();
    assertEquals(store.read().series, []);
    store.add(delta(series()), clock.date());
    assertEquals(store.read().series[0]?.requests, 1);
    assert(store.sizeBytes() > 0);
    store.close();
    assertThrows(() => store.read(), DiskError, "reading");
  }));

Deno.test("statsStore() names options that cannot be", () => {
  assertThrows(() => statsStore("/nowhere", { keepMinutesMs: 5 }), RangeError, "keepMinutesMs");
  assertThrows(() => statsStore("/nowhere", { keepHoursMs: hour }), RangeError, "keepHoursMs");
  assertThrows(() => statsStore("/nowhere", { keepFailures: -1 }), RangeError, "keepFailures");
});

const writer = fileURLToPath(new URL("_writer.ts", import.meta.url));

async function startWriter(path: string, rounds: number): Promise<Deno.ChildProcess> {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", ...await registryFlags(root), writer, path, String(rounds)],
    cwd: root,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test("statsStore(): several processes write at once, and no number is lost", () =>
  withFolder(async (folder) => {
    const path = join(folder, "s.sqlite");
    const children = await Promise.all([1, 2, 3].map(() => startWriter(path, 60)));
    const ended = await Promise.all(children.map((child) => child.output()));
    assertEquals(ended.map(({ code }) => code), [0, 0, 0]);
    using store = statsStore(path);
    const { series: [found], counters: [retries] } = store.read();
    assertEquals([found?.requests, found?.latency.count, found?.statuses], [180, 180, { "200": 180 }]);
    assertEquals(retries?.count, 360);
  }));

Deno.test({
  name: "statsStore() survives kill -9 of a process that writes: the file is whole, minutes and hours agree",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const path = join(folder, "s.sqlite");
      for (let round = 0; round < 3; round++) {
        const child = await startWriter(path, 1_000_000);
        const reader = child.stdout.getReader();
        await reader.read(); // it has written something
        child.kill("SIGKILL");
        await child.status;
        while (!(await reader.read()).done);
      }
      using store = statsStore(path);
      const { series: [found], counters: [retries] } = store.read();
      assert(found!.requests >= 3, `${found!.requests}`);
      assertEquals([found!.latency.count, retries!.count], [found!.requests, found!.requests * 2]);
      using db = new DatabaseSync(path, { readOnly: true });
      const sum = (table: string) => Number(db.prepare(`SELECT sum(requests) AS n FROM ${table}`).get()!["n"]);
      assertEquals([sum("minutes"), sum("hours")], [found!.requests, found!.requests]);
      assertEquals(Object.values(db.prepare("PRAGMA integrity_check").get()!), ["ok"]);
    }),
});
