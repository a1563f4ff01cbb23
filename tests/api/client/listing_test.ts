import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { Listing, ListPosition } from "@civikit/civikit/api";
import type { ListQuirks } from "../../../testing/mod.ts";
import { withApi } from "../_server.ts";
import { codeOf, withSite } from "../_site.ts";

const idOf = ({ id }: { id: number }) => id;
const model = (id: number) => ({ id, name: "A", type: "LORA", modelVersions: [] });
const page = (ids: number[], nextCursor?: string) => ({ items: ids.map(model), metadata: { nextCursor } });
const everything = { nsfw: true, archived: true };

const quirks: ListQuirks[] = [
  {},
  { emptyPages: 3 },
  { shortBy: 2 },
  { repeatsEdge: true },
  { numericCursor: true },
  { emptyPages: 1, shortBy: 1, repeatsEdge: true },
];

Deno.test("models.list() gives every model once, whatever is wrong with the pages", async () => {
  await withSite(async ({ site, api }) => {
    const all = site.models.map(idOf);
    for (const quirk of quirks) {
      site.faults.breakPages(quirk);
      for (const limit of [1, 2, 5, 100]) {
        const ids = await Array.fromAsync(api.models.list({ ...everything, limit }), idOf);
        assertEquals(ids, all, JSON.stringify({ quirk, limit }));
      }
    }
  });
});

Deno.test("images.list() gives every image once, whatever is wrong with the pages", async () => {
  await withSite(async ({ site, api }) => {
    for (const quirk of quirks) {
      site.faults.breakPages(quirk);
      const ids = await Array.fromAsync(api.images.list({ browsingLevel: 63, limit: 7 }), idOf);
      assertEquals(ids, Array.from({ length: 40 }, (_, index) => 7_000_000 + index), JSON.stringify(quirk));
    }
  }, { galleryImages: 40 });
});

Deno.test("models.list() gives the rows before a circle of pages, then says so", async () => {
  await withSite(async ({ site, api }) => {
    site.faults.breakPages({ circleAfter: 2 });
    const list = api.models.list({ ...everything, limit: 2 });
    const ids: number[] = [];
    const error = await assertRejects(async () => {
      for await (const { id } of list) ids.push(id);
    });
    assertEquals(codeOf(error), "page_loop");
    assertEquals(ids, site.models.slice(0, 4).map(idOf));
  });
});

Deno.test("a list of new cursors without new rows ends with page_loop", async () => {
  let cursor = 0;
  const endless = {
    "/api/v1/models": 0,
  };
  for (const items of [[], [model(5)]]) {
    const routes = new Proxy(endless, { get: () => ({ items, metadata: { nextCursor: String(++cursor) } }) });
    await withApi(routes, async ({ api, asked }) => {
      const list = api.models.list({ limit: 1 });
      const error = await assertRejects(() => Array.fromAsync(list));
      assertEquals(codeOf(error), "page_loop");
      assert(asked.length < 1100, `${asked.length} pages were asked for`);
    });
  }
});

Deno.test("a list goes on at its position in another walk, without losing or repeating a row", async () => {
  await withSite(async ({ site, api }) => {
    const all = site.models.map(idOf);
    for (let count = 0; count <= all.length; count++) {
      const first = api.models.list({ ...everything, limit: 3 });
      const taken: number[] = [];
      while (taken.length < count) taken.push((await first.next()).value!.id);
      const position = JSON.parse(JSON.stringify(first.position)) as ListPosition;
      await first.return!();
      const rest = await Array.fromAsync(api.models.list({ ...everything, limit: 3 }, { from: position }), idOf);
      assertEquals([...taken, ...rest], all, `after ${count}`);
    }
    const whole = api.models.list(everything);
    await Array.fromAsync(whole);
    assertEquals(whole.position, null);
  });
});

Deno.test("a list goes on at its position after a failure", async () => {
  const routes: Record<string, unknown> = { "/api/v1/models?limit=2": page([1, 2], "a") };
  await withApi(routes, async ({ api }) => {
    const list = api.models.list({ limit: 2 });
    const ids: number[] = [];
    const error = await assertRejects(async () => {
      for await (const { id } of list) ids.push(id);
    });
    assertEquals([codeOf(error), ids], ["not_found", [1, 2]]);
    routes["/api/v1/models?limit=2&cursor=a"] = page([3]);
    const rest = await Array.fromAsync(api.models.list({ limit: 2 }, { from: list.position! }), idOf);
    assertEquals(rest, [3]);
  });
});

Deno.test("a list gives a page again when the row to go on after is gone from it", async () => {
  await withApi({ "/api/v1/models?limit=100&cursor=a": page([7, 8]) }, async ({ api }) => {
    const from = { cursor: "a", after: 6 };
    assertEquals(await Array.fromAsync(api.models.list({}, { from }), idOf), [7, 8]);
  });
});

Deno.test("a list asks one page ahead, once more than one row is taken, and none that max makes needless", async () => {
  const routes = {
    "/api/v1/models?limit=3": page([1, 2, 3], "a"),
    "/api/v1/models?limit=3&cursor=a": page([4, 5, 6], "b"),
    "/api/v1/models?limit=3&cursor=b": page([7]),
  };
  await withApi(routes, async ({ api, asked }) => {
    const list = api.models.list({ limit: 3 });
    await list.next();
    assertEquals(asked.length, 1);
    await list.next();
    await list.next();
    while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve));
    await list.next();
    await list.next();
    while (asked.length < 3) await new Promise((resolve) => setTimeout(resolve));
    await list.return!();

    asked.length = 0;
    assertEquals(await Array.fromAsync(api.models.list({ limit: 3 }, { max: 3 }), idOf), [1, 2, 3]);
    assertEquals(asked.length, 1);
    assertEquals(await Array.fromAsync(api.models.list({ limit: 3 }, { max: 4 }), idOf), [1, 2, 3, 4]);
    assertEquals(asked.length, 3);
    assertEquals(await Array.fromAsync(api.models.list({ limit: 3 }, { max: 0 })), []);
    assertEquals(asked.length, 3);
  });
});

Deno.test("a list asks for no more rows a page than max", async () => {
  await withApi({ "/api/v1/models?limit=2": page([1, 2], "a") }, async ({ api, asked }) => {
    assertEquals(await Array.fromAsync(api.models.list({}, { max: 2 }), idOf), [1, 2]);
    assertEquals(asked, ["/api/v1/models?limit=2"]);
  });
});

Deno.test("a list that is broken off gives up the page being asked for", async () => {
  const aborted = Promise.withResolvers<void>();
  const routes = {
    "/api/v1/models?limit=2": page([1, 2], "a"),
    "/api/v1/models?limit=2&cursor=a": () =>
      new Response(new ReadableStream({ cancel: () => aborted.resolve() }), {
        headers: { "content-type": "application/json" },
      }),
  };
  await withApi(routes, async ({ api, asked }) => {
    for await (const { id } of api.models.list({ limit: 2 })) {
      if (id === 2) {
        while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve));
        break;
      }
    }
    await aborted.promise;
  });
});

Deno.test("a list throws the caller's own reason, between rows and while it waits", async () => {
  const reason = { mine: true };
  await withApi({ "/api/v1/models?limit=3": page([1, 2, 3]) }, async ({ api }) => {
    const stop = new AbortController();
    const list = api.models.list({ limit: 3 }, { signal: stop.signal });
    await list.next();
    stop.abort(reason);
    assertStrictEquals(await list.next().then(() => "no", (error) => error), reason);
  });
  const asked = Promise.withResolvers<void>();
  const never = Promise.withResolvers<Response>();
  const routes = { "/api/v1/models?limit=3": () => (asked.resolve(), never.promise) };
  await withApi(routes, async ({ api }) => {
    const stop = new AbortController();
    const waiting = api.models.list({ limit: 3 }, { signal: stop.signal }).next();
    await asked.promise;
    stop.abort(reason);
    assertStrictEquals(await waiting.then(() => "no", (error) => error), reason);
    never.resolve(Response.json({}));
  });
});

Deno.test("tags.list() and creators.list() go on while pages are full, whatever the totals say", async () => {
  await withSite(async ({ api, asked }) => {
    const names = await Array.fromAsync(api.tags.list({ limit: 10 }), ({ name }) => name);
    assertEquals(new Set(names).size, names.length);
    assertEquals(names.filter((name) => /^tag \d+$/.test(name)).length, 45);
    assertEquals(asked()[1], "/tags?limit=10&page=2");
    assertEquals((await Array.fromAsync(api.tags.list({ query: "tag 4", limit: 2 }))).length, 6);

    const makers = await Array.fromAsync(api.creators.list({ limit: 10 }), ({ username }) => username);
    assertEquals(makers.filter((name) => name === null).length, 1);
    assertEquals(makers.filter((name) => /^maker\d+$/.test(String(name))).length, 45);
    assertEquals((await Array.fromAsync(api.creators.list({ query: "maker4", limit: 2 }))).length, 6);
    assertEquals((await Array.fromAsync(api.creators.list({}, { max: 3 }))).length, 3);
  }, { extraNames: 45 });
});

Deno.test("tags.list() ends when the server gives its last page for every later number", async () => {
  const rows = { items: [{ name: "a" }, { name: "b" }], metadata: {} };
  const routes = Object.fromEntries([1, 2, 3].map((number) => [`/api/v1/tags?limit=2&page=${number}`, rows]));
  await withApi(routes, async ({ api }) => {
    assertEquals((await Array.fromAsync(api.tags.list({ limit: 2 }))).length, 2);
  });
});

Deno.test("collections.list() and articles.list() walk by their own cursors", async () => {
  await withSite(async ({ api }) => {
    const lists: Listing<{ id: number }>[] = [
      api.collections.list({ limit: 2 }),
      api.articles.list({ limit: 2, nsfw: true }),
    ];
    const ids = await Promise.all(lists.map((list) => Array.fromAsync(list, idOf)));
    assertEquals(ids, [[501, 502, 503, 504, 505, 506, 507], [601, 602, 603, 604, 605]]);
  });
});
