import { assert, assertEquals } from "@std/assert";
import { civitaiPolicy } from "../../../api/mod.ts";
import { memoryStore, partitionOf } from "../../../cache/mod.ts";
import { cached } from "../../cache/_cached.ts";

const api = "https://civitai.com/api/v1";
const json = { "content-type": "application/json; charset=utf-8" };

/** Whether the policy lets this answer be stored, and whether it gives it the default lifetime. */
async function kept(
  url: string,
  fields: Record<string, string>,
  status = 200,
  init: RequestInit = {},
): Promise<boolean> {
  const cache = cached(() => new Response("x", { status, headers: fields }), civitaiPolicy());
  await cache.get({ url, ...init });
  return (await cache.store.stats()).entries === 1;
}

Deno.test("civitaiPolicy() keeps JSON of the API and pictures", async () => {
  const fresh = { "cache-control": "public, max-age=300" };
  assertEquals(await kept(`${api}/models/1`, { ...json, ...fresh }), true);
  assertEquals(await kept("https://image.civitai.com/x/y.jpeg", { "content-type": "image/jpeg", ...fresh }), true);
});

Deno.test("civitaiPolicy() keeps no errors, HTML, downloads, parts, and nothing with a secret in its URL", async () => {
  const fresh = { "cache-control": "public, max-age=300" };
  assertEquals(await kept(`${api}/model-versions/by-hash/abc`, { ...json, ...fresh }, 404), false);
  assertEquals(await kept(`${api}/models/1`, { "content-type": "text/html", ...fresh }), false);
  assertEquals(await kept("https://civitai.com/api/download/models/1", { ...json, ...fresh }), false);
  assertEquals(await kept("https://b2.test/x.bin", { "content-type": "application/octet-stream", ...fresh }), false);
  assertEquals(
    await kept("https://b2.test/x.json", { ...json, ...fresh, "content-disposition": "attachment; filename=x" }),
    false,
  );
  assertEquals(await kept(`${api}/models?token=k`, { ...json, ...fresh }), false);
  assertEquals(await kept("https://a.test/x.png?hm=1", { "content-type": "image/png", ...fresh }), false);
  assertEquals(await kept(`${api}/models?keyword=k&author=me`, { ...json, ...fresh }), true);
  assertEquals(await kept("https://b2.test/x.png?X-Amz-Signature=1", { "content-type": "image/png", ...fresh }), false);
  const part = { "content-type": "image/png", "content-range": "bytes 0-0/9", ...fresh };
  assertEquals(await kept("https://image.civitai.com/x.png", part, 206, { headers: { range: "bytes=0-0" } }), false);
});

Deno.test("civitaiPolicy() knows the routes whose answers are everyone's", () => {
  const { isPublic } = civitaiPolicy({ hosts: ["civitai.com", "127.0.0.1"] });
  const asks = (url: string) => isPublic(new Request(url), new Response());
  for (const path of ["models/1", "enums", "images?limit=3", "tags", "creators", "model-versions/by-hash/0aF"]) {
    assertEquals(asks(`${api}/${path}`), true, path);
  }
  for (const path of ["me", "vault/get", "models", "model-versions/1", "enumsx"]) {
    assertEquals(asks(`${api}/${path}`), false, path);
  }
  assertEquals([asks("http://127.0.0.1:99/api/v1/enums"), asks("https://evil.test/api/v1/enums")], [true, false]);
});

Deno.test("civitai's s-maxage serves as the lifetime where a private cache has none, its stale-while-revalidate holds", async () => {
  const fields = { ...json, "cache-control": "public, s-maxage=300, stale-while-revalidate=150" };
  const cache = cached(() => new Response("x", { headers: fields }), civitaiPolicy());
  const url = `${api}/models/1`;
  await cache.get({ url });
  await cache.clock.advance(299_000);
  assertEquals((await cache.get({ url })).info?.result, "hit");
  await cache.clock.advance(100_000);
  assertEquals((await cache.get({ url })).info?.result, "stale");
});

Deno.test("answers to a key are kept apart by its fingerprint, which says nothing about the key", async () => {
  const store = memoryStore();
  let key: string | undefined = "civitai-key-1";
  const cache = cached(
    (_, n) => new Response(`answer ${n}`, { headers: { ...json, "cache-control": "public, max-age=300" } }),
    {
      store,
      partition: () => key && partitionOf(store, key),
      ...civitaiPolicy(),
    },
  );
  const url = `${api}/models/1`;
  assertEquals((await cache.get({ url })).text, "answer 1");
  key = "civitai-key-2";
  assertEquals((await cache.get({ url })).text, "answer 2");
  key = undefined;
  assertEquals((await cache.get({ url })).text, "answer 3");
  key = "civitai-key-1";
  assertEquals((await cache.get({ url })).text, "answer 1");
  assert(!JSON.stringify(await store.list()).includes("civitai-key"));
});
