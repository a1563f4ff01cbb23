import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import type { Civitai, Listing } from "@civikit/civikit/api";
import { InputError } from "@civikit/civikit/transport";
import { withApi } from "../_server.ts";
import { codeOf, withSite } from "../_site.ts";

/** What is refused before anything is sent, and a part of the reason. */
const refused: [name: string, (api: Civitai) => Listing<unknown>, reason: string][] = [
  ["page of models", (api) => api.models.list({ page: 2 } as object), "same rows again"],
  ["page of images", (api) => api.images.list({ page: 2 } as object), "same rows again"],
  ["cursor", (api) => api.models.list({ cursor: "1|2" } as object), "max and from"],
  ["slip of the pen", (api) => api.models.list({ type: ["LORA"] } as object), "no parameter"],
  ["ignored parameter", (api) => api.models.list({ rating: 5 } as object), "ignored"],
  ["parameter that is always refused", (api) => api.models.list({ allowNoCredit: true } as object), "refuses it"],
  ["moderators' parameter", (api) => api.models.list({ status: "Draft" } as object), "moderators"],
  ["comma list of types", (api) => api.models.list({ types: ["LORA,LoCon"] }), "commas"],
  ["comma list of base models", (api) => api.models.list({ baseModels: ["SD 1.5,Pony"] }), "commas"],
  ["comma list of base models of images", (api) => api.images.list({ baseModels: ["SD 1.5,Pony"] }), "commas"],
  ["empty word", (api) => api.models.list({ types: [""] }), "a word"],
  ["empty list", (api) => api.models.list({ ids: [] }), "no filter"],
  ["empty query", (api) => api.models.list({ query: " " }), "text"],
  ["empty tag", (api) => api.models.list({ tag: "" }), "text"],
  ["id of a model", (api) => api.models.list({ ids: [0] }), "an id"],
  ["id of a version", (api) => api.models.list({ modelVersionIds: [2 ** 31] }), "an id"],
  ["limit of models", (api) => api.models.list({ limit: 101 }), "1 to 100"],
  ["limit of images", (api) => api.images.list({ limit: 201 }), "1 to 200"],
  ["limit of tags", (api) => api.tags.list({ limit: 0 }), "1 to 200"],
  ["limit of creators", (api) => api.creators.list({ limit: 1.5 }), "1 to 200"],
  ["limit of collections", (api) => api.collections.list({ limit: 101 }), "1 to 100"],
  ["limit of articles", (api) => api.articles.list({ limit: 101 }), "1 to 100"],
  ["limit of the vault", (api) => api.vault.list({ limit: 201 }), "1 to 200"],
  ["user name of images", (api) => api.images.list({ username: "a b" }), "userId"],
  ["level of images", (api) => api.images.list({ browsingLevel: 64 }), "1 to 63"],
  ["too many ids of images", (api) => api.images.list({ ids: Array.from({ length: 101 }, () => 1) }), "1 to 100"],
  ["no ids of images", (api) => api.images.list({ ids: [] }), "1 to 100"],
  ["id of a tag", (api) => api.articles.list({ tags: [-1] }), "an id"],
  ["dates of the vault", (api) => api.vault.list({ dateCreatedFrom: "2025" } as object), "no parameter"],
  ["collections by followers", (api) => api.collections.list({ sort: "Most Followers" }), "one page"],
  ["long query", (api) => api.collections.list({ query: "x".repeat(101) }), "100 characters"],
];

Deno.test("lists refuse what the site would refuse, misread or ignore, before anything is sent", async () => {
  await withApi({}, async ({ api, asked }) => {
    for (const [name, list, reason] of refused) {
      const error = await assertRejects(() => list(api).next());
      assertInstanceOf(error, InputError, name);
      assertEquals(error.code, "invalid_argument", name);
      assertStringIncludes(error.message, reason, name);
    }
    assertEquals(asked, []);
  });
});

Deno.test("models.list() repeats names, sends one format twice, and leaves switches out that are off", async () => {
  const none = () => Response.json({ items: [], metadata: {} });
  const routes = new Proxy({} as Record<string, unknown>, { get: () => none });
  await withApi(routes, async ({ api, asked }) => {
    const queries = [
      { types: ["LORA", "LoCon"], ids: [1, 2], query: "a|b c&d" },
      { fileFormats: ["SafeTensor"] },
      { fileFormats: ["SafeTensor", "GGUF"], allowCommercialUse: ["Sell", "Rent"] as const },
      { supportsGeneration: false, earlyAccess: false, fromPlatform: false, followed: false, archived: false },
      { favorites: false, hidden: false, nsfw: false, primaryFileOnly: false },
      { supportsGeneration: true, favorites: true, nsfw: true, username: "a b" },
    ];
    for (const query of queries) await Array.fromAsync(api.models.list(query));
    assertEquals(asked.map((path) => path.split("?")[1]), [
      "types=LORA&types=LoCon&ids=1&ids=2&query=a%7Cb+c%26d&limit=100",
      "fileFormats=SafeTensor&fileFormats=SafeTensor&limit=100",
      "fileFormats=SafeTensor&fileFormats=GGUF&allowCommercialUse=Sell&allowCommercialUse=Rent&limit=100",
      "limit=100",
      "nsfw=false&primaryFileOnly=false&limit=100",
      "supportsGeneration=true&favorites=true&nsfw=true&username=a+b&limit=100",
    ]);
  });
});

Deno.test("models.list() refuses a tag the site does not know, which would send everything", async () => {
  await withSite(async ({ api, asked }) => {
    const ids = await Array.fromAsync(api.models.list({ tag: "realistic" }), ({ id }) => id);
    assertEquals(ids, [1002]);
    // a true answer needs no second question
    assertEquals(asked().length, 1);
    for (const tag of ["realism", "Realistic", "tag"]) {
      const error = await assertRejects(() => api.models.list({ tag }).next());
      assertEquals(codeOf(error), "invalid_argument");
      assertStringIncludes((error as Error).message, "no such tag");
    }
    const list = api.models.list({ tag: "tag 3" });
    await list.next();
    await list.return!();
  }, { extraNames: 5 });
});

Deno.test("models.list() refuses a base model the site does not know, to which nothing fits", async () => {
  await withSite(async ({ api, asked }) => {
    assertEquals((await Array.fromAsync(api.models.list({ baseModels: ["SD 1.5"] }))).length, 1);
    assertEquals(await Array.fromAsync(api.models.list({ baseModels: ["Flux.1 D"] })), []);
    asked();
    const error = await assertRejects(() => api.models.list({ baseModels: ["SDXL"] }).next());
    assertEquals(codeOf(error), "invalid_argument");
    assertStringIncludes((error as Error).message, '"SDXL"');
    assertEquals(asked().length, 2);
  });
});

Deno.test("models.list() gives the site's own words for an unknown user", async () => {
  await withSite(async ({ api }) => {
    assertEquals(codeOf(await assertRejects(() => api.models.list({ username: "nobody" }).next())), "not_found");
    assertEquals(codeOf(await assertRejects(() => api.models.list({ favorites: true }).next())), "unauthorized");
  });
});
