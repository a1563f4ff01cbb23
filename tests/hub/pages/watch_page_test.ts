import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { wakeRules, type WatchPort, watchStore } from "../../../hub/watch/mod.ts";
import { serveHub } from "../_service.ts";

function portOf(): WatchPort & { readonly ran: string[] } {
  const ran: string[] = [];
  return {
    ran,
    store: watchStore(":memory:"),
    settings: () => ({ isEnabled: true, schedule: "daily", jitterMs: 0, pages: 1 }),
    runNow: (id) => void ran.push(id),
    changed() {},
  };
}

Deno.test("the page of watching: add, change, pause, run now and remove by plain forms", async () => {
  const watch = portOf();
  await using hub = await serveHub({ watch });
  const sent = async (path: string, fields: Record<string, string>) => await (await hub.send(path, fields)).text();
  const page = async () => await (await hub.ask("GET", "/watch", undefined, { accept: "text/html" })).text();
  assertStringIncludes(await page(), "Nothing is watched yet.");
  const fields = { target: "creator:lamplighter", types: "LORA, VAE", level: "r", action: "queue", schedule: "" };
  assertStringIncludes(await sent("/watch/add", fields), "Watched from now on: creator:lamplighter");
  assertStringIncludes(await sent("/watch/add", fields), "Is watched already");
  assertEquals(watch.store.get("1")!.filters, { types: ["LORA", "VAE"], level: "r" });
  assertStringIncludes(await sent("/watch/add", { target: "<b>nonsense" }), "understood are");
  assert(!(await sent("/watch/add", { target: "<b>nonsense" })).includes("<b>nonsense"));

  const sized = { id: "1", minSize: "10M", maxSize: "1.5 GB", dir: "/models/new" };
  await sent("/watch/edit", sized);
  const { minBytes, maxBytes } = watch.store.get("1")!.filters;
  assertEquals([minBytes, maxBytes, watch.store.get("1")!.options], [10 * 1024 ** 2, 1.5 * 1024 ** 3, {
    dir: "/models/new",
  }]);
  for (const value of ['value="10M"', 'value="1536M"', 'value="/models/new"']) {
    assertStringIncludes(await page(), value);
  }
  assertStringIncludes(await sent("/watch/edit", { ...sized, minSize: "big" }), "a size such as 500M");
  assertStringIncludes(await sent("/watch/edit", { ...sized, dir: "new" }), "its whole path is due");
  await sent("/watch/edit", { id: "1", types: "", action: "tell", schedule: "every 6h", timeZone: "Asia/Taipei" });
  const { filters, action, schedule, timeZone } = watch.store.get("1")!;
  assertEquals([filters, action, schedule, timeZone], [{}, "tell", "every 6h", "Asia/Taipei"]);
  assertStringIncludes(await sent("/watch/edit", { id: "1", schedule: "soon" }), "soon");
  assertStringIncludes(await sent("/watch/pause", { id: "1" }), "paused");
  assert(watch.store.get("1")!.isPaused);
  await sent("/watch/resume", { id: "1" });
  await sent("/watch/now", { id: "1" });
  assertEquals(watch.ran, ["1"]);
  assertStringIncludes(await sent("/watch/remove", { id: "1" }), "Not watched any more: creator:lamplighter");
  assertStringIncludes(await sent("/watch/pause", { id: "1" }), "There is no such rule.");
  assertStringIncludes(
    await (await hub.ask("GET", "/watch?lang=zh-TW", undefined, { accept: "text/html" })).text(),
    "追蹤",
  );
  watch.store.close();
});

Deno.test("the page of searching watches a model, its creator, and the search", async () => {
  const watch = portOf();
  await using hub = await serveHub({ watch });
  const page = await (await hub.ask("GET", "/browse?query=lantern&type=LORA", undefined, { accept: "text/html" }))
    .text();
  for (
    const word of ['value="model:1001"', 'value="creator:lamplighter"', "Watch this search", 'value="search:lantern"']
  ) {
    assertStringIncludes(page, word);
  }
  await hub.send("/watch/add", { target: "search:lantern", types: "LORA", level: "pg" });
  assertEquals(watch.store.get("1")!.filters, { types: ["LORA"], level: "pg" });
  watch.store.close();
});

Deno.test("where nothing watches there is no page, no address and no button", async () => {
  await using hub = await serveHub();
  for (const path of ["/watch", "/api/v1/watch"]) {
    const answer = await hub.ask("GET", path);
    await answer.body?.cancel();
    assertEquals(answer.status, 404);
  }
  assert(!(await (await hub.ask("GET", "/browse", undefined, { accept: "text/html" })).text()).includes("/watch/add"));
});

Deno.test("/api/v1/watch: add, list, change, run now, found, rounds, remove", async () => {
  const watch = portOf();
  await using hub = await serveHub({ watch });
  const json = async (method: string, path: string, body?: unknown) => {
    const answer = await hub.ask(method, `/api/v1/watch${path}`, body);
    return [answer.status, await answer.json()] as const;
  };
  const [status, { rule, isNew }] = await json("POST", "", {
    target: "tag:style",
    filters: { bases: ["Pony"] },
    action: "tell",
  });
  assertEquals([status, isNew, rule.id, rule.filters, rule.found], [201, true, "1", { bases: ["Pony"] }, {}]);
  assertEquals((await json("POST", "", { target: "tag:style", options: { dir: "/etc" } }))[0], 400);
  assertEquals((await json("POST", "", { target: "nonsense" }))[0], 400);
  assertEquals((await json("GET", ""))[1].items.length, 1);
  assertEquals((await json("PATCH", "/1", { isPaused: true, schedule: "every 6h" }))[1].schedule, "every 6h");
  assertEquals((await json("PATCH", "/1", { schedule: null }))[1].schedule, null);
  assertEquals((await json("GET", "/1"))[1].isPaused, true);
  assertEquals(await json("POST", "/1/now"), [202, { ok: true }]);
  assertEquals(watch.ran, ["1"]);
  assertEquals([(await json("GET", "/found"))[1], (await json("GET", "/rounds?rule=1"))[1]], [{ items: [] }, {
    items: [],
  }]);
  assertEquals((await json("DELETE", "/1"))[0], 200);
  for (const [method, path] of [["GET", "/1"], ["PATCH", "/1"], ["POST", "/1/now"], ["DELETE", "/1"]] as const) {
    assertEquals((await json(method, path, method === "PATCH" ? {} : undefined))[0], 404);
  }
  watch.store.close();
});

Deno.test("a rule whose key is refused says so on the page and in /healthz, and is due at once with another key", async () => {
  const watch = portOf();
  await using hub = await serveHub({ watch });
  const health = async () => (await (await hub.ask("GET", "/healthz")).json()).checks.watch[0];
  for (const name of ["a", "b"]) watch.store.add({ target: `tag:${name}` });
  watch.store.claim("test", 60_000, 2);
  const laterMs = Date.now() + 1e8;
  watch.store.fail("test", "1", { code: "bad_gateway" }, laterMs);
  assertEquals((await health()).status, "pass", "it may pass");
  watch.store.fail("test", "2", { code: "unauthorized", status: 401 }, laterMs);
  const { status, observedValue, output } = await health();
  assertEquals([status, observedValue, output], ["warn", 1, "1 rule keeps failing, or the site refuses the key"]);
  for (const [lang, words] of Object.entries({ en: "key refused", "zh-TW": "金鑰被拒" })) {
    const page = await (await hub.ask("GET", `/watch?lang=${lang}`, undefined, { accept: "text/html" })).text();
    assertStringIncludes(page, words);
    assertStringIncludes(page, 'href="/settings#key"');
  }
  assertEquals(wakeRules(watch.store), 1);
  assertEquals([watch.store.get("1")!.nextMs, watch.store.get("2")!.nextMs <= Date.now()], [laterMs, true]);
  watch.store.claim("test", 60_000, 1, ["1"]);
  watch.store.fail("test", "1", { code: "bad_gateway" }, laterMs);
  watch.store.claim("test", 60_000, 1, ["1"]);
  watch.store.fail("test", "1", { code: "bad_gateway" }, laterMs);
  assertEquals((await health()).observedValue, 2, "what fails again and again is no accident");
  watch.store.claim("test", 60_000, 1, ["1"]);
  watch.store.fail("test", "1", { code: "invalid_argument", reason: "unknown_word" }, laterMs);
  const page = await (await hub.ask("GET", "/watch?lang=en", undefined, { accept: "text/html" })).text();
  assertStringIncludes(page, "Unknown word", "no «wrong argument»: nobody here gave one");
  for (const word of ["4 times in a row", 'href="/guide#invalid_argument"']) assertStringIncludes(page, word);
  watch.store.close();
});

Deno.test("/metrics says how many rules run, rest and fail", async () => {
  const watch = portOf();
  await using hub = await serveHub({ watch });
  for (const name of ["a", "b", "c", "d"]) watch.store.add({ target: `tag:${name}` });
  watch.store.pause("1", true);
  watch.store.claim("test", 60_000, 1, ["2"]);
  watch.store.fail("test", "2", { code: "not_found" }, Date.now());
  const text = await (await hub.ask("GET", "/metrics")).text();
  for (const line of ['{state="active"} 2', '{state="paused"} 1', '{state="failing"} 1']) {
    assertStringIncludes(text, `civikit_watch_rules${line}`);
  }
  watch.store.close();
});
