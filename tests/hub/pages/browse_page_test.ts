import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createTransport } from "../../../create_transport.ts";
import { identity, testLibrary } from "../library/_library.ts";
import { type ServedHub, serveHub } from "../_service.ts";

async function page(hub: ServedHub, path: string, locale = "en"): Promise<string> {
  const response = await hub.ask("GET", path, undefined, { accept: "text/html", "accept-language": locale });
  return await response.text();
}

const card = (text: string, id: number) =>
  new RegExp(`<li class="card" id="model-${id}">.*?</li>`, "s").exec(text)?.[0];
const asked = ({ civitai }: ServedHub) => civitai.log.filter(({ path }) => path === "/api/v1/models").length;

Deno.test("browse finds models by words, type and base model, page by page, one call a page", async () => {
  await using hub = await serveHub();
  const found = await page(hub, "/browse?query=lantern");
  assertStringIncludes(found, "Paper Lantern Style");
  assert(!found.includes("Harbour Mix"));
  assertEquals(asked(hub), 1);
  // what was just asked is not asked again
  assertEquals(await page(hub, "/browse?query=lantern"), found);
  assertEquals(asked(hub), 1);
  const checkpoints = await page(hub, "/browse?type=Checkpoint");
  assertStringIncludes(checkpoints, "Harbour Mix");
  assert(!checkpoints.includes("Paper Lantern Style"));
  assertStringIncludes(await page(hub, "/browse?base=SD+1.5"), "Soft Edges");
  assertStringIncludes(await page(hub, "/browse?query=nobodyhasthis"), "Nothing fits");
});

Deno.test("browse offers every version and file, and puts the chosen one into the queue", async () => {
  await using hub = await serveHub();
  const before = card(await page(hub, "/browse?query=harbour"), 1002)!;
  for (const choice of ["2011", "2011/3014", "2010", "2010/3011", "2010/3012"]) {
    assertStringIncludes(before, `value="${choice}"`);
  }
  assert(!before.includes("queued"));
  const answer = await fetch(`${hub.url}/browse/add`, {
    method: "POST",
    headers: {
      accept: "text/html",
      "accept-language": "en",
      origin: hub.url,
      referer: `${hub.url}/browse?query=harbour`,
    },
    body: new URLSearchParams({ choice: "2010/3011" }),
  });
  const after = await answer.text();
  assertStringIncludes(after, "Added to the queue: version:2010");
  assertStringIncludes(card(after, 1002)!, "queued");
  const { jobs: [job] } = await hub.queue.list();
  assertEquals([job!.reference, job!.options.file], ["version:2010", "3011"]);
  const refused = await hub.send("/browse/add", { choice: "../../etc" });
  assertEquals(refused.status, 400);
  assertStringIncludes(await refused.text(), "no version and no file of one");
});

Deno.test("browse marks what is here, what is older, and what is sold", async () => {
  await using files = await testLibrary();
  await files.write("a.safetensors", "a", identity(2002));
  await files.write("b.safetensors", "b", identity(2010));
  await files.library.look();
  await using hub = await serveHub({ library: files.library });
  const text = await page(hub, "/browse");
  assertMatch(card(text, 1001)!, /is-ok"><span>have it/);
  assertMatch(card(text, 1002)!, /older version here/);
  assertMatch(card(text, 1008)!, /early access until 2099-01-01/);
  const chinese = await page(hub, "/browse", "zh-TW");
  assertMatch(card(chinese, 1001)!, /已擁有/);
  assertMatch(card(chinese, 1002)!, /已有較舊的版本/);
});

Deno.test("browse remembers the level, and blurs what is above it", async () => {
  await using hub = await serveHub();
  const first = await hub.ask("GET", "/browse?level=r", undefined, { accept: "text/html" });
  await first.body?.cancel();
  assertMatch(first.headers.get("set-cookie") ?? "", /civikit_level=r;.*SameSite=Strict/);
  const again = await hub.ask("GET", "/browse", undefined, { accept: "text/html", cookie: "civikit_level=r" });
  const text = await again.text();
  assertStringIncludes(text, '<option value="r" selected');
  assertStringIncludes(text, "Campfire Stories");
  assert(!(await page(hub, "/browse")).includes("Campfire Stories"));
});

Deno.test("a picture is blurred above the chosen level, also one that nobody has rated", async () => {
  const { isOpen } = await import("../../../hub/search/levels.ts");
  const cases = [[1, "pg", true], [2, "pg", false], [2, "pg13", true], [8, "r", false], [16, "xxx", true]] as const;
  for (const [nsfwLevel, level, isShown] of cases) assertEquals(isOpen({ nsfwLevel }, level), isShown, `${nsfwLevel}`);
  assertEquals([isOpen({}, "x"), isOpen({ nsfwLevel: 0 }, "xxx"), isOpen({ nsfwLevel: 32 }, "xxx")], [
    ...[false, true, false],
  ]);
  assertEquals([isOpen({ nsfwLevel: "None" }, "pg"), isOpen({ nsfwLevel: "Mature" }, "pg13")], [true, false]);
});

Deno.test("pictures come through the service: small, still, and pictures only", async () => {
  await using hub = await serveHub();
  const text = await page(hub, "/browse?query=lantern");
  assert(!/<img[^>]+src="https?:/.test(text));
  const path = /<img src="([^"]+)"/.exec(text)![1]!.replaceAll("&amp;", "&");
  const picture = await hub.ask("GET", path);
  assertEquals(picture.status, 200);
  assertMatch(picture.headers.get("content-type")!, /^image\//);
  assertMatch(decodeURIComponent(path), /width=450,anim=false/);
  assert((await picture.bytes()).length > 0);
  for (
    const url of [
      "https://example.com/a.png",
      "https://civitai.com/a.png",
      "http://image.civitai.com/a.png",
      "https://image.civitai.com:8443/a.png",
      "https://me@image.civitai.com/a.png",
      "http://169.254.169.254/latest",
      "file:///etc/passwd",
      `${hub.civitai.url}/api/v1/models`,
      `${hub.civitai.url}/models/1001`,
      "nonsense",
      "",
    ]
  ) {
    const refused = await hub.ask("GET", `/preview?url=${encodeURIComponent(url)}`);
    assertEquals([refused.status, await refused.text()], [404, ""], url);
  }
});

Deno.test("browse says it when the site is down, and what to do", async () => {
  using transport = createTransport({ retry: { max: 0 } });
  await using hub = await serveHub({ transport });
  hub.civitai.faults.maintenance(true);
  for (const [locale, word] of [["en", /Wait/], ["zh-TW", /請/]] as const) {
    const said = /<p class="problem" id="down"><b>.*?<\/p>/s.exec(await page(hub, "/browse", locale))![0];
    assertMatch(said, word);
    assertMatch(said, /503/);
  }
});

Deno.test("browse shows an old answer as what it is, and asks again soon", async () => {
  let asked = 0;
  const headers = { age: "90", "cache-status": "civikit; fwd=stale; detail=503" };
  const transport = {
    fetch(request: Request) {
      if (request.url.includes("/models")) asked++;
      return Promise.resolve(Response.json({ items: [], metadata: {} }, { headers }));
    },
  };
  await using hub = await serveHub({ transport });
  assertMatch(await page(hub, "/browse"), /id="stale">The site does not answer. This is its answer of 1:30 ago/);
  assertMatch(await page(hub, "/browse", "zh-TW"), /id="stale">網站沒有回應/);
  assertEquals((await (await hub.ask("GET", "/api/v1/search")).json()).staleMs, 90_000);
  assertEquals(asked, 1);
  const { openSearch } = await import("../../../hub/search/search.ts");
  const { civitai } = await import("../../../api/mod.ts");
  let now = 0;
  const search = openSearch({ api: civitai(transport), transport, clock: { now: () => now } });
  const query = { query: "", sort: "Newest", period: "AllTime", level: "pg", limit: 5 } as const;
  for (now of [0, 4_000, 6_000]) await search.find(query);
  assertEquals(asked, 3);
});

Deno.test("browse shows what people named their models as text", async () => {
  const { modelCard } = await import("../../../hub/pages/browse/card.ts");
  const name = `<script>alert(1)</script>"'`;
  const file = { id: 3, name, type: name, sizeBytes: 1, isPrimary: true };
  const version = { id: 2, name, baseModel: name, isEarlyAccess: false, earlyAccessUntil: null };
  const text = String(
    await modelCard({
      ...{ id: 1, name, type: name, creator: name, downloads: 1, here: null, isQueued: false },
      preview: { path: '/preview?url="><script>', isOpen: true },
      versions: [{ ...version, isThere: false, isQueued: false, files: [file] }],
    }, { locale: "en", site: "https://civitai.com", hasProject: false, hasWatch: false }),
  );
  assert(!text.includes("<script>"));
  assertEquals(text.match(/<select/g)?.length, 1);
});

Deno.test("the API searches as the page does, and names what is wrong", async () => {
  await using hub = await serveHub();
  const answer = await (await hub.ask("GET", "/api/v1/search?query=lantern&limit=1")).json();
  assertEquals(answer.items.map(({ id }: { id: number }) => id), [1001]);
  assertEquals([answer.next, answer.staleMs], [null, null]);
  const first = await (await hub.ask("GET", "/api/v1/search?limit=2")).json();
  const second = await (await hub.ask("GET", `/api/v1/search?limit=2&cursor=${encodeURIComponent(first.next)}`)).json();
  assertEquals([...first.items, ...second.items].map(({ id }: { id: number }) => id), [1001, 1002, 1003, 1004]);
  for (const [query, word] of [["limit=0", "limit"], ["sort=Best", "sort"], ["page=2", "page"], ["level=z", "level"]]) {
    const refused = await hub.ask("GET", `/api/v1/search?${query}`);
    assertEquals(refused.status, 400, query);
    assertStringIncludes((await refused.json()).message, word!);
  }
  const unknown = await hub.ask("GET", "/api/v1/search?base=Nothing");
  assertEquals(unknown.status, 400);
  assertStringIncludes((await unknown.json()).message, "no such base model");
});
