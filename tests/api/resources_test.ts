import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { generationOf } from "@civikit/civikit/api";
import { hasSamples, sample, sampleText } from "./_samples.ts";
import { withApi } from "./_server.ts";
import { codeOf, withSite } from "./_site.ts";

Deno.test({
  name: "tags, creators, enums and images read every saved answer and keep it whole",
  ignore: !hasSamples,
  async fn() {
    const tags = sample("tags.limit-3.json");
    const creators = sample("creators.limit-3.json");
    const enums = sample("enums.json");
    const image = sample("images.item-98780806.json");
    const routes = {
      "/api/v1/tags?limit=3&page=1": tags,
      "/api/v1/creators?limit=3&page=1": creators,
      "/api/v1/enums": enums,
      "/api/v1/images?limit=1": { items: [image], metadata: {} },
    };
    await withApi(routes, async ({ api }) => {
      const first = { max: 3 };
      assertEquals(JSON.stringify(await Array.fromAsync(api.tags.list({}, first))), JSON.stringify(tags.items));
      assertEquals(JSON.stringify(await Array.fromAsync(api.creators.list({}, first))), JSON.stringify(creators.items));
      assertEquals(JSON.stringify(await api.enums()), JSON.stringify(enums));
      const [read] = await Array.fromAsync(api.images.list({}, { max: 1 }));
      assertEquals(JSON.stringify(read), JSON.stringify(image));
      assertEquals(read?.stats?.likeCount, 4816);
      const made = generationOf(read!);
      assertEquals([made?.seed, made?.comfy !== undefined], ["3971715163", true]);
    });
  },
});

Deno.test({
  name: "the API gives saved error bodies as HttpError with their own words",
  ignore: !hasSamples,
  async fn() {
    const expected = {
      "error.401.download-login-required.json": "login_required",
      "error.403.download-early-access.json": "early_access",
      "error.404.models.json": "not_found",
      "error.429.page-times-limit.json": "too_many_pages",
      "error.500.unexpected.json": "internal_server_error",
    };
    for (const [name, code] of Object.entries(expected)) {
      const answer = () =>
        new Response(sampleText(name), {
          status: Number(name.split(".")[1]),
          headers: { "content-type": "application/json" },
        });
      await withApi({ "/api/v1/models/5": answer }, async ({ api }) => {
        assertEquals(codeOf(await assertRejects(() => api.models.get(5))), code, name);
      });
    }
  },
});

Deno.test("images.list() keeps every digit of a seed beyond 2^53, as text, and other numbers as they are", async () => {
  await withSite(async ({ api }) => {
    const list = await Array.fromAsync(api.images.list({ withMeta: true, nsfw: true }));
    assertEquals(list[0]?.meta?.["seed"], "18446744073709551615");
    assertEquals(generationOf(list[0]!)?.seed, "18446744073709551615");
    assertEquals(typeof list[1]?.meta?.["seed"], "number");
    assertEquals([list[1]?.width, list[10]?.username], [512, 12345]);
  });
});

Deno.test("images.list() means all levels by nsfw, where the site would leave PG out", async () => {
  await withSite(async ({ api, asked }) => {
    const count = async (query: Parameters<typeof api.images.list>[0]) =>
      (await Array.fromAsync(api.images.list(query))).length;
    assertEquals([await count({ nsfw: true }), await count({ nsfw: false }), await count({})], [20, 18, 18]);
    assertEquals(asked().map((path) => path.replace(/.*nsfw=/, "")), [
      "X&limit=200",
      "None&limit=200",
      "/images?limit=200",
    ]);
    assertEquals([await count({ ids: [7_000_001, 7_000_002], nsfw: "X" }), await count({ browsingLevel: 8 })], [2, 2]);
    assertEquals(await count({ modelId: 1001, withMeta: true, baseModels: ["SDXL 1.0"], tags: [1, 2] }), 18);
  });
});

Deno.test("images.get() gives one image with its generation data, and not_found where the site answers no rows", async () => {
  await withSite(async ({ api }) => {
    const image = await api.images.get(7_000_006);
    assertEquals([image.nsfwLevel, image.meta?.["steps"]], ["X", 20]);
    assertEquals(codeOf(await assertRejects(() => api.images.get(5))), "not_found");
  });
});

Deno.test("generationOf() reads meta of both shapes alike", async () => {
  await withSite(async ({ api }) => {
    const wrapped = await Array.fromAsync(api.images.list({ modelId: 1001, withMeta: true }));
    const flat = await Array.fromAsync(api.images.list({ modelId: 1001, withMeta: true, flatMeta: true }));
    assertEquals(Object.keys(wrapped[0]!.meta!), ["id", "meta"]);
    assertEquals(wrapped.map(generationOf), flat.map(generationOf));
    const { clipSkip, width, height, comfy } = generationOf(flat[1]!)!;
    assertEquals([clipSkip, width, height], [2, 512, 768]);
    assertStringIncludes(comfy!.text!, "undefined");
    assertEquals([{ meta: null }, {}, { meta: { id: 5, meta: null } }].map(generationOf), [null, null, null]);
  });
});

Deno.test("versions.byHashes() finds many in few calls, mends their URLs, and leaves unknown ones out", async () => {
  await withSite(async ({ site, api, asked }) => {
    const known = [await site.sha256(3001), await site.sha256(3010), await site.sha256(3011)];
    const made = Array.from({ length: 240 }, (_, index) => index.toString(16).padStart(64, "0"));
    asked();
    const found = await api.versions.byHashes([...made, ...known.map((hash) => hash.toLowerCase()), ...known]);
    assertEquals(asked().length, 3);
    assertEquals([...found.keys()].sort(), known.toSorted());
    assertEquals(known.map((hash) => found.get(hash)?.id), [2001, 2010, 2010]);
    for (const { files, downloadUrl } of found.values()) {
      for (const url of [downloadUrl, ...files!.map((file) => file.downloadUrl)]) {
        assertEquals(new URL(url!).origin, site.url);
      }
    }
    const ids = await api.versions.idsByHashes([...made, ...known]);
    assertEquals(ids.get(known[0]!), { modelVersionId: 2001, modelId: 1001, hash: known[0]! });
    assertEquals([ids.size, asked().length], [3, 1]);
    assertEquals([...await api.versions.byHashes([])], []);
    assertEquals(codeOf(await assertRejects(() => api.versions.byHashes(["0123456789"]))), "invalid_argument");
    assertEquals(codeOf(await assertRejects(() => api.versions.idsByHashes([`${known[0]}0`]))), "invalid_argument");
  });
});

Deno.test("versions.idsByHashes() gives what it was asked for in that order, whichever answer is there first", async () => {
  const hashes = Array.from({ length: 10_001 }, (_, index) => index.toString(16).padStart(64, "0").toUpperCase());
  let asked = 0;
  const second = Promise.withResolvers<void>();
  const answer = async (request: Request) => {
    const body: string[] = await request.json();
    if (++asked === 1) await second.promise;
    else second.resolve();
    return Response.json(body.map((hash, index) => ({ modelVersionId: index + 1, modelId: 7, hash })));
  };
  await withApi({ "/api/v1/model-versions/by-hash/ids": answer }, async ({ api }) => {
    assertEquals([...(await api.versions.idsByHashes(hashes)).keys()], hashes);
    assertEquals(asked > 1, true);
  });
});

Deno.test("versions.byHashes() gives up all calls when one fails", async () => {
  const hashes = Array.from({ length: 900 }, (_, index) => index.toString(16).padStart(64, "0"));
  const refuse = () => Response.json({ error: "no" }, { status: 500 });
  await withApi({ "/api/v1/model-versions/by-hash": refuse }, async ({ api, asked }) => {
    assertEquals(codeOf(await assertRejects(() => api.versions.byHashes(hashes))), "internal_server_error");
    assertEquals(asked.length <= 5, true);
  });
});

Deno.test("versions.mini() tells what is needed beforehand", async () => {
  await withSite(async ({ api }) => {
    assertEquals((await api.versions.mini(2080)).requireAuth, true);
    assertEquals((await api.versions.mini(2010, { fileId: 3011 })).fileName, "harbourMix_v10_pruned.safetensors");
    assertEquals(codeOf(await assertRejects(() => api.versions.mini(2010, { fileId: 3001 }))), "not_found");
    assertEquals(codeOf(await assertRejects(() => api.versions.mini(0))), "invalid_argument");
  });
});

Deno.test("models.byIds() gives models of all levels, archived ones too, and leaves unknown ones out", async () => {
  await withSite(async ({ api, asked }) => {
    const ids = [1001, 1010, 1013, 5, ...Array.from({ length: 120 }, (_, index) => 9000 + index)];
    assertEquals([...(await api.models.byIds(ids)).keys()].sort(), [1001, 1010, 1013]);
    assertEquals(asked().length, 2);
    assertEquals((await api.models.byIds([])).size, 0);
  });
});

Deno.test("posts.get(), collections.get() and articles.get() give whole answers, and not_found", async () => {
  await withSite(async ({ api }) => {
    const post = await api.posts.get(801);
    assertEquals([post.images?.length, post.images?.[0]?.meta, post.user?.username], [5, null, "lamplighter"]);
    assertEquals((await api.collections.get(501)).tags, [{ id: 5, name: "lantern" }]);
    assertEquals((await api.articles.get(601)).content, "<p>Light it.</p>");
    for (const ask of [api.posts.get, api.collections.get, api.articles.get]) {
      assertEquals(codeOf(await assertRejects(() => ask(5))), "not_found");
      assertEquals(codeOf(await assertRejects(() => ask(-5))), "invalid_argument");
    }
  });
});

Deno.test("users finds by id, by exact name, and by likeness", async () => {
  await withSite(async ({ api }) => {
    assertEquals((await api.users.byIds([7, 99, 1234])).get(99)?.username, 12345);
    assertEquals((await api.users.find("LampLighter"))?.id, 77);
    assertEquals((await api.users.find(8))?.username, "member");
    assertEquals([await api.users.find("lamp"), await api.users.find(4321)], [null, null]);
    assertEquals((await api.users.search("lamp")).map(({ id }) => id), [77]);
    assertEquals(codeOf(await assertRejects(() => api.users.find("a b"))), "invalid_argument");
  });
});

Deno.test("checkKey() notices the anonymous answer to a bad key", async () => {
  await withSite(async ({ api, keyed }) => {
    assertEquals((await keyed("demo-key").checkKey())?.username, "demo");
    assertEquals([await keyed("wrong").checkKey(), await api.checkKey()], [null, null]);
    // with the same bad key everything else answers as if all were well
    assertEquals((await keyed("wrong").models.get(1001)).id, 1001);
  });
  const busy = () => Response.json({ error: "Server busy" }, { status: 503 });
  await withApi({ "/api/v1/me": busy }, async ({ api }) => {
    assertEquals(codeOf(await assertRejects(() => api.checkKey())), "service_unavailable");
  });
});

Deno.test("vault shows what is kept, checks and toggles versions; null for those who have none", async () => {
  await withSite(async ({ keyed, api }) => {
    const { vault } = keyed("member-key");
    assertEquals((await vault.get())?.storageKb, 1000);
    assertEquals(await keyed("demo-key").vault.get(), null);
    assertEquals(codeOf(await assertRejects(() => api.vault.get())), "unauthorized");
    assertEquals(await vault.toggle(2002), { success: true, vaultId: 8 });
    const kept = await Array.fromAsync(vault.list({ limit: 1 }), ({ modelVersionId }) => modelVersionId);
    assertEquals(kept, [2001, 2002]);
    const checked = await vault.check([2001, 2010]);
    assertEquals([checked.get(2001)?.modelName, checked.get(2010)], ["Paper Lantern Style", null]);
    assertEquals((await vault.check([])).size, 0);
  });
});

Deno.test("permissions.check() gives an answer for each version, none for none", async () => {
  await withSite(async ({ api, asked }) => {
    assertEquals(await api.permissions.check([2001, 5], { userId: 7 }), new Map([[2001, true], [5, false]]));
    asked();
    assertEquals((await api.permissions.check([])).size, 0);
    assertEquals(asked(), []);
  });
  await withApi(
    { "/api/v1/permissions/check?entityIds=5&entityType=ModelVersion&permission=Generate": [] },
    async ({ api }) => {
      assertEquals((await api.permissions.check([5])).size, 0);
    },
  );
});

Deno.test("files.tensorMetadata() gives the header, and tells a file that has none", async () => {
  await withSite(async ({ api, asked }) => {
    const header = await api.files.tensorMetadata(3001);
    assertEquals(Object.keys(header).length, 25);
    asked();
    assertEquals((await api.files.tensorMetadata(3001, { summaryOnly: true }))["tensorCount"], 24);
    await api.files.tensorMetadata(3001, { summaryOnly: false });
    assertEquals(asked().map((path) => path.split("?")[1]), ["summaryOnly=true", ""]);
    assertEquals(codeOf(await assertRejects(() => api.files.tensorMetadata(3014))), "client_error");
  });
});

Deno.test("the API works the same on every host of the site", async () => {
  await withSite(async ({ site }) => {
    const { civitai } = await import("@civikit/civikit/api");
    for (const baseUrl of ["https://civitai.red", "https://civitai.green", "https://api.civitai.com"]) {
      const asked: string[] = [];
      const mirror = {
        fetch(request: Request) {
          asked.push(request.url);
          return fetch(request.url.replace(baseUrl, site.url));
        },
      };
      assertEquals((await civitai(mirror, { baseUrl }).models.get(1001)).id, 1001);
      assertEquals(asked, [`${baseUrl}/api/v1/models/1001`]);
    }
  });
});
