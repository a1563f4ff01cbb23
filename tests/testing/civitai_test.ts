import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { blake3, crc32 } from "hash-wasm";
import { type Civitai, startCivitai } from "../_civitai/mod.ts";

const small = { bigBytes: 3 * 1024 ** 2, loraBytes: 2 * 1024 ** 2 };

// deno-lint-ignore no-explicit-any -- the shapes are what is being tested
type Json = any;

async function get(civitai: Civitai, path: string, init?: RequestInit): Promise<{ response: Response; json: Json }> {
  const response = await fetch(civitai.url + path, { redirect: "manual", ...init });
  const text = await response.text();
  return { response, json: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text };
}

function asked(civitai: Civitai, path: string, init?: RequestInit): Promise<[number, Json]> {
  return get(civitai, path, init).then(({ response, json }) => [response.status, json]);
}

const keyed = { headers: { Authorization: "Bearer demo-key" } };

async function sample(name: string): Promise<Json | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(new URL(`../../shared/civitai/samples/${name}`, import.meta.url)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("civitai serves valid safetensors whose hashes are right", async () => {
  await using civitai = await startCivitai(small);
  const { json: version } = await get(civitai, "/api/v1/model-versions/2002");
  const [file] = version.files;
  const bytes = await (await fetch(file.downloadUrl)).bytes();
  assertEquals([bytes.length, version.files.length], [file.sizeKB * 1024, 1]);

  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const { __metadata__, ...tensors } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  assertEquals(__metadata__.format, "pt");
  let end = 0;
  for (const { dtype, shape, data_offsets: [from, to] } of Object.values<Json>(tensors)) {
    assertEquals([from, to - from], [end, shape.reduce((a: number, b: number) => a * b) * (dtype === "F16" ? 2 : 4)]);
    end = to;
  }
  assertEquals(8 + headerLength + end, bytes.length);

  const sha256 = (part: Uint8Array) => createHash("sha256").update(part).digest("hex").toUpperCase();
  const crc = await crc32(bytes);
  assertEquals(file.hashes, {
    SHA256: sha256(bytes),
    AutoV1: sha256(bytes.subarray(0x100000, 0x110000)).slice(0, 8),
    AutoV2: sha256(bytes).slice(0, 10),
    AutoV3: sha256(bytes.subarray(8 + headerLength)).slice(0, 12),
    BLAKE3: (await blake3(bytes)).toUpperCase(),
    CRC32: crc.match(/../g)!.reverse().join("").toUpperCase(),
  });
  assertEquals(await civitai.sha256(3002), file.hashes.SHA256);
});

Deno.test("civitai answers 307 to storage, which signs, ranges and refuses a key", async () => {
  await using civitai = await startCivitai(small);
  const { response } = await get(civitai, "/api/download/models/2002");
  assertEquals([response.status, response.headers.get("cache-control")], [307, "no-store, max-age=0"]);
  const location = response.headers.get("location")!;
  assert(location.startsWith(civitai.storage.url));
  assertEquals(new URL(location).searchParams.get("X-Amz-Expires"), "86400");

  const part = await fetch(location, { headers: { Range: "bytes=0-9" } });
  assertEquals([part.status, (await part.bytes()).length, part.headers.get("accept-ranges")], [206, 10, "bytes"]);
  assertEquals(
    part.headers.get("content-disposition"),
    `attachment; filename="paper_lantern_v2.safetensors"; filename*=UTF-8''paper_lantern_v2.safetensors`,
  );
  const etag = part.headers.get("etag")!;
  const status = async (url: string, headers: HeadersInit, method = "GET") => {
    const answer = await fetch(url, { headers, method });
    await answer.body?.cancel();
    return answer.status;
  };
  assertEquals(await status(location, { Range: "bytes=5-9", "If-Range": etag }), 206);
  assertEquals(await status(location, { Range: "bytes=5-9", "If-Range": '"else"' }), 200);
  assertEquals(await status(location, { Range: "bytes=999999999-" }), 416);
  assertEquals(await status(location, { Authorization: "Bearer demo-key" }), 400);
  assertEquals(await status(location, {}, "HEAD"), 403);
  assertEquals(await status(location.replace("86400", "99999"), {}), 403);
  assertEquals(await status(location.replace(/\/file\d+\.\d+/, "/file3001.3001"), {}), 404);
});

Deno.test("civitai picks files by id, by what is given, by taste, or the primary one", async () => {
  await using civitai = await startCivitai(small);
  const picked = async (query: string, init?: RequestInit) => {
    const { response } = await get(civitai, `/api/download/models/2010${query}`, init);
    const location = response.headers.get("location");
    return location === null ? response.status : Number(/(\d+)\?/.exec(location)![1]);
  };
  assertEquals(await picked(""), 3010);
  assertEquals(await picked("", keyed), 3011);
  assertEquals(await picked("?fileId=3012"), 3012);
  assertEquals(await picked("?type=VAE"), 3012);
  assertEquals(await picked("?type=Model&format=SafeTensor&size=full&fp=fp16"), 3010);
  assertEquals(await picked("?type=Model&fp=fp32"), 404);
  assertEquals(await picked("?fileId=3002"), 404);
});

Deno.test("civitai refuses downloads as the real one does", async () => {
  await using civitai = await startCivitai(small);
  const loginRequired = "The creator of this asset requires you to be logged in to download it";
  assertEquals(await asked(civitai, "/api/download/models/2080"), [401, {
    error: "Unauthorized",
    message: loginRequired,
  }]);
  const login = await fetch(civitai.url + "/api/download/models/2080");
  assertEquals((await login.bytes()).length, 106);
  assertEquals((await asked(civitai, "/api/download/models/2080", keyed))[0], 307);
  assertEquals((await asked(civitai, "/api/download/models/2080?token=demo-key"))[0], 307);
  assertEquals((await asked(civitai, "/api/download/models/2080?token=wrong"))[0], 401);
  const [status, early] = await asked(civitai, "/api/download/models/2070", keyed);
  assertEquals([status, early.error, early.deadline], [403, "Early Access", "2099-01-01T00:00:00.000Z"]);
  assertEquals((await asked(civitai, "/api/download/models/2070?token=member-key"))[0], 307);
  assertEquals((await asked(civitai, "/api/download/models/2090"))[0], 410);
  assertEquals((await asked(civitai, "/api/download/models/2110", keyed))[0], 401);
  assertEquals(await asked(civitai, "/api/download/models/9"), [404, { error: "File not found" }]);
  assertEquals((await asked(civitai, "/api/download/models/x"))[0], 400);

  const browser = { headers: { "User-Agent": "Mozilla/5.0" } };
  const page = await fetch(civitai.url + "/api/download/models/2080", browser);
  assertEquals([page.status, page.headers.get("content-type")], [200, "text/html; charset=UTF-8"]);
  await page.body?.cancel();
  assertEquals(await asked(civitai, "/api/download/models/9", browser), [404, "File not found"]);
});

Deno.test("civitai shows models, versions and hashes in the shapes of the real one", async () => {
  await using civitai = await startCivitai(small);
  const keys = (value: Json) => Object.keys(value).sort();
  const { json: model } = await get(civitai, "/api/v1/models/1001");
  const { json: version, response } = await get(civitai, "/api/v1/model-versions/2001");
  assert(model.modelVersions[0].index === 0);
  assertEquals(model.modelVersions[0].files[0].primary, true);
  assertEquals("description" in model.modelVersions[0], false);
  assert(!version.files[0].scannedAt.endsWith("Z"));
  assertEquals(version.air, "urn:air:sdxl:lora:civitai:1001@2001");
  assertEquals(response.headers.get("access-control-allow-origin"), "*");

  // every key of ours must be known there; what later servers dropped may be missing here
  const [realModel, realVersion] = [await sample("models.1231067.json"), await sample("model-versions.1387174.json")];
  if (!realModel || !realVersion) return;
  const isSubset = (ours: Json, real: Json, added: string[] = []) =>
    assertEquals(keys(ours).filter((key) => !(key in real) && !added.includes(key)), []);
  isSubset(model, realModel);
  isSubset(model.modelVersions[0], realModel.modelVersions[0]);
  isSubset(model.modelVersions[0].files[0], realModel.modelVersions[0].files[0]);
  isSubset(model.modelVersions[0].images[0], realModel.modelVersions[0].images[0]);
  isSubset(version, realVersion, ["nsfwLevel", "licensingFee", "paidAccess"]);
  isSubset(version.files[0], realVersion.files[0]);
  assertEquals(keys(version.files[0]), keys(realVersion.files[0]));
  assertEquals(keys(version.model), keys(realVersion.model));
  assertEquals(typeof version.files[0].sizeKB, "number");
});

Deno.test("civitai has the awkward cases on its shelves", async () => {
  await using civitai = await startCivitai(small);
  const files = async (id: number) => (await get(civitai, `/api/v1/model-versions/${id}`)).json.files;
  assertEquals((await files(2030)).map((file: Json) => file.name), ["twin.safetensors", "twin.safetensors"]);
  assertEquals((await files(2040))[0].name, "../../../etc/cron.d/evil.safetensors");
  const evil = await fetch(civitai.url + "/api/download/models/2040");
  await evil.body?.cancel();
  assert(/filename="harmless.safetensors"; filename\*=UTF-8''\.\.%2F/.test(evil.headers.get("content-disposition")!));
  for (const id of [2041, 2042, 2043]) {
    const answer = await fetch((await files(id))[0].downloadUrl);
    assertEquals(answer.status, 200);
    await answer.body?.cancel();
  }
  assertEquals("SHA256" in (await files(2050))[0].hashes, false);
  assertEquals((await files(2051))[0].hashes, {});
  const [wrong] = await files(2060);
  assertNotEquals(wrong.hashes.SHA256, await civitai.sha256(3060));
  assertEquals("AutoV1" in (await files(2020))[0].hashes, false);
  const { json: archived } = await get(civitai, "/api/v1/models/1010");
  assertEquals([archived.mode, "files" in archived.modelVersions[0]], ["Archived", false]);
  const { json: disabled } = await get(civitai, "/api/v1/model-versions/2110");
  assertEquals([disabled.usageControl, typeof disabled.downloadUrl], ["Generation", "string"]);
});

Deno.test("civitai finds versions by any hash", async () => {
  await using civitai = await startCivitai(small);
  const { json: version } = await get(civitai, "/api/v1/model-versions/2001");
  for (const hash of Object.values<string>(version.files[0].hashes)) {
    const { json } = await get(civitai, `/api/v1/model-versions/by-hash/${hash.toLowerCase()}`);
    assertEquals([json.id, json.files[0].scannedAt.endsWith("Z")], [2001, true]);
  }
  const body = JSON.stringify([version.files[0].hashes.SHA256]);
  const [, many] = await (await fetch(`${civitai.url}/api/v1/model-versions/by-hash`, { method: "POST", body })).json();
  // as the real one: the downloads' origin is broken, the pictures' is not
  assertEquals(many.files[0].downloadUrl.startsWith("https://undefined/"), true);
  assertEquals(many.images, version.images);
  const { response, json } = await get(civitai, "/api/v1/model-versions/by-hash/00");
  assertEquals([response.status, json], [404, { error: "Model not found" }]);
  assertEquals(response.headers.get("cache-control"), "public, s-maxage=3600, stale-while-revalidate=1800");
});

Deno.test("civitai pages models by cursor and answers bad input in its many shapes", async () => {
  await using civitai = await startCivitai(small);
  const ids: number[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const { json }: Json = await get(
      civitai,
      `/api/v1/models?limit=4${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    ids.push(...json.items.map((item: Json) => item.id));
    cursor = json.metadata.nextCursor;
  }
  assertEquals(ids, [1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1011, 1012]);
  const shown = async (query: string) => {
    const { json } = await get(civitai, `/api/v1/models?${query}`);
    return json.items.map((item: Json) => item.id);
  };
  assertEquals(await shown("nsfw=true&query=campfire"), [1013]);
  assertEquals(await shown("types=Checkpoint"), [1002, 1011]);
  assertEquals(await shown("types=Checkpoint&types=TextualInversion&username=penumbra"), [1003]);
  assertEquals((await shown("tag=nobody-uses-this")).length, 11);
  assertEquals(await shown("baseModels=SD 1.5,SDXL 1.0"), []);
  const { json } = await get(civitai, "/api/v1/models?limit=1&token=demo-key");
  assert(json.metadata.nextPage.includes("token=demo-key"));

  assertEquals((await asked(civitai, "/api/v1/models?types=LORA,LoCon"))[1].error.name, "ZodError");
  assertEquals(await asked(civitai, "/api/v1/models?username=nobody"), [404, { message: "User not found" }]);
  assertEquals((await asked(civitai, "/api/v1/models?page=11&limit=100"))[0], 429);
  assertEquals((await asked(civitai, "/api/v1/models?cursor=x"))[1], { message: "Invalid cursor: x" });
  assertEquals(await asked(civitai, "/api/v1/models/5"), [404, { error: "No model with id 5" }]);
  assertEquals((await asked(civitai, "/api/v1/models/x"))[0], 400);
  assertEquals((await asked(civitai, "/api/v1/model-versions/2147483648"))[0], 500);
  assertEquals((await asked(civitai, "/api/v1/model-versions/2001", { method: "POST" }))[0], 405);
});

Deno.test("civitai knows keys, takes wrong ones for none, and answers 304", async () => {
  await using civitai = await startCivitai(small);
  assertEquals(await asked(civitai, "/api/v1/me"), [401, { error: "Unauthorized" }]);
  assertEquals((await asked(civitai, "/api/v1/me?token=wrong"))[0], 401);
  assertEquals((await asked(civitai, "/api/v1/me", keyed))[1].username, "demo");
  const { response } = await get(civitai, "/api/v1/models/1003");
  const etag = response.headers.get("etag")!;
  assertEquals((await asked(civitai, "/api/v1/models/1003", { headers: { "If-None-Match": etag } }))[0], 304);
});

Deno.test("civitai makes trouble when told to, and stops when told to", async () => {
  await using civitai = await startCivitai(small);
  const { faults } = civitai;
  faults.rateLimitNext(1, 3);
  const { response } = await get(civitai, "/api/v1/models/1003");
  assertEquals([response.status, response.headers.get("retry-after")], [429, "3"]);
  faults.refuseDownloads(1);
  assertEquals((await asked(civitai, "/api/download/models/2020"))[0], 429);
  faults.maintenance(true);
  const [status, html] = await asked(civitai, "/api/v1/models/1003");
  assertEquals([status, html.startsWith("<!doctype html>")], [503, true]);
  faults.maintenance(false);

  const link = async () => (await get(civitai, "/api/download/models/2020")).response.headers.get("location")!;
  const bytes = async (url: string) => (await (await fetch(url)).bytes()).length;
  faults.expireLinksAfterBytes(1000, 1);
  const [limited, free] = [await link(), await link()];
  await assertRejects(() => bytes(limited), TypeError);
  const expired = await fetch(limited);
  assertEquals([expired.status, (await expired.text()).includes("ExpiredRequest")], [403, true]);
  assert(await bytes(free) > 24 * 1024);
  faults.expireLinksNow();
  const dead = await fetch(free);
  await dead.body?.cancel();
  assertEquals(dead.status, 403);

  faults.heal();
  faults.killConnectionsEvery(1, 5000, 1);
  await assertRejects(async () => bytes(await link()), TypeError);
  assert(await bytes(await link()) > 24 * 1024);
  assertEquals(civitai.storage.log.at(-2)!.bytes, 5000);
  assert(civitai.log.every((entry) => entry.status > 0));
});
