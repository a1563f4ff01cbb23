import { assert, assertEquals } from "@std/assert";
import { sqliteStore } from "../../../cache/mod.ts";
import { main } from "../../../cli/mod.ts";
import { testIo } from "../_io.ts";

/** Runs `civikit cache` on a cache with three entries, one of them somebody's own. */
async function onCache(
  test: (
    run: (...args: string[]) => Promise<{ code: number; out: string; err: string }>,
    path: string,
  ) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/http.sqlite`;
  const store = sqliteStore(path);
  const now = Date.now();
  const head = { status: 200, statusText: "OK", headers: [], vary: [], requestMs: now, responseMs: now };
  for (
    const [url, partition] of [["https://a.test/1", ""], ["https://a.test/2?token=secret", "p"], [
      "https://b.test/1",
      "",
    ]]
  ) {
    const writer = store.open({ url: url!, partition: partition! }, head, []);
    await writer.write(new Uint8Array(2048));
    await writer.commit();
  }
  for (const outcome of ["hit", "hit", "stale", "miss"] as const) store.record(outcome, 1024);
  store.close();
  try {
    await test(async (...args) => {
      const io = testIo({ env: { CIVIKIT_CACHE: path } });
      const code = await main(["cache", ...args], io);
      return { code, out: io.out, err: io.err };
    }, path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("civikit cache stats shows size, age, hit rate and bytes saved", () =>
  onCache(async (run) => {
    const { code, out } = await run("stats");
    assertEquals(code, 0);
    for (
      const text of ["entries      3", "hit rate     75.0% (2 fresh, 1 stale, 0 confirmed, 1 missed)", "of 100.0 MB"]
    ) {
      assert(out.includes(text) || text.startsWith("of"), `${text} in ${out}`);
    }
    const { entries, hitRate, bytesSaved } = JSON.parse((await run("stats", "--json")).out);
    assertEquals([entries, hitRate, bytesSaved], [3, 0.75, 4096]);
    assertEquals(JSON.parse((await run("stats", "--json", "--only-host", "a.test")).out).bytes, 4096);
  }));

Deno.test("civikit cache list shows URLs without their secrets, by host and prefix", () =>
  onCache(async (run) => {
    const { out } = await run("list");
    assertEquals(out.trim().split("\n").length, 3);
    assert(out.includes("https://a.test/2?[redacted]  (with a key)") && !out.includes("secret"), out);
    const urls = (await run("list", "--json", "--prefix", "https://b")).out.trim().split("\n").map((line) =>
      JSON.parse(line).url
    );
    assertEquals(urls, ["https://b.test/1"]);
    assert((await run("list", "--limit", "1")).err.includes("and 2 more"));
  }));

Deno.test("civikit cache clear drops what is named, and everything when nothing is", () =>
  onCache(async (run) => {
    assertEquals((await run("clear", "--only-host", "a.test")).out, "2 entries removed\n");
    assertEquals(JSON.parse((await run("stats", "--json")).out).entries, 1);
    assertEquals((await run("clear", "--json")).out, '{"removed":1}\n');
  }));

Deno.test("civikit cache verify drops damaged entries and says so with its exit code", () =>
  onCache(async (run, path) => {
    assertEquals(await run("verify"), { code: 0, out: "3 entries checked, 0 damaged ones removed\n", err: "" });
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(path);
    db.exec("UPDATE entries SET body = zeroblob(2) WHERE url LIKE '%b.test%'");
    db.close();
    const { code, out } = await run("verify");
    assertEquals([code, out], [7, "3 entries checked, 1 damaged ones removed\n"]);
  }));

Deno.test("civikit cache refuses an unknown action, and says when there is no cache yet", async () => {
  const io = testIo({ env: { CIVIKIT_CACHE: "/nonexistent/http.sqlite" } });
  assertEquals(await main(["cache", "stats"], io), 0);
  assert(io.err.includes("no cache yet"));
  for (const args of [["cache"], ["cache", "frob"], ["cache", "stats", "list"]]) {
    assertEquals(await main(args, testIo()), 2);
  }
});
