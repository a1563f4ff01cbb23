import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { InvalidResponseError } from "@civikit/civikit/api";
import { hasSamples, sample, sampleNames } from "../_samples.ts";
import { withApi } from "../_server.ts";

Deno.test({
  name: "models.get() reads every saved model of 2022 to 2026 and keeps it whole",
  ignore: !hasSamples,
  async fn() {
    const names = sampleNames("models.").filter((name) => !name.includes("list"));
    const models = [...names.map(sample), ...sample("models.list-excerpt.json").items];
    assertEquals(models.length >= 10, true);
    const routes = Object.fromEntries(models.map((model) => [`/api/v1/models/${model.id}`, model]));
    await withApi(routes, async ({ api }) => {
      for (const model of models) {
        const read = await api.models.get(model.id);
        assertEquals(JSON.stringify(read), JSON.stringify(model), model.name);
      }
    });
  },
});

Deno.test({
  name: "versions.get() and byHash() read a saved version and keep it whole",
  ignore: !hasSamples,
  async fn() {
    const version = sample("model-versions.1387174.json");
    const hash = version.files[0].hashes.SHA256;
    const routes = { "/api/v1/model-versions/1387174": version, [`/api/v1/model-versions/by-hash/${hash}`]: version };
    await withApi(routes, async ({ api }) => {
      assertEquals(JSON.stringify(await api.versions.get(1387174)), JSON.stringify(version));
      assertEquals(JSON.stringify(await api.versions.byHash(hash)), JSON.stringify(version));
    });
  },
});

Deno.test({
  name: "models.list() reads a saved page and goes on by its cursor, never by nextPage",
  ignore: !hasSamples,
  async fn() {
    const page = sample("models.list-excerpt.json");
    const next = { items: [page.items[0], { id: 7, name: "x", type: "Other", modelVersions: [] }], metadata: {} };
    const routes = {
      "/api/v1/models?limit=10": page,
      "/api/v1/models?limit=10&cursor=37169%7C338034%7C122359": next,
    };
    await withApi(routes, async ({ api, asked }) => {
      const ids: number[] = [];
      for await (const model of api.models.list({ limit: 10 })) ids.push(model.id);
      assertEquals(ids, [...page.items.map(({ id }: { id: number }) => id), 7]);
      assertEquals(asked.length, 2);
    });
  },
});

const file = { id: 9, name: "a.safetensors", sizeKB: 1.5, type: "Model" };
const version = { id: 7, modelId: 5, name: "v1", model: { name: "A", type: "LORA" }, files: [file] };

Deno.test("versions.get() takes what api versions leave out or set to null", async () => {
  const answers = [
    version,
    { ...version, files: null, images: null, stats: null, air: null, trainedWords: null, publishedAt: null },
    { id: 7, modelId: 5, name: "v1", model: { name: "A", type: "Brand New Kind" } },
    { ...version, files: [{ ...file, metadata: null, hashes: null, primary: null, scannedAt: null }] },
    { ...version, files: [{ ...file, hashes: { SHA256_12: "AB", X: null }, metadata: { fp: null, later: [1] } }] },
    { ...version, stats: { downloadCount: null, thumbsUpCount: 0 }, unknown: { deep: [null] }, usageControl: "Later" },
    { ...version, images: [{ url: "https://image.civitai.com/x.jpeg", nsfw: "None", meta: { a: 1 }, hash: null }] },
    { ...version, images: [{ url: "", nsfw: false, nsfwLevel: "Soft", type: "audio" }] },
  ];
  for (const answer of answers) {
    await withApi({ "/api/v1/model-versions/7": answer }, async ({ api }) => {
      assertEquals(await api.versions.get(7) as unknown, answer);
    });
  }
});

const unreadable: [unknown, string, string][] = [
  [null, "", "null"],
  [[], "id", ""],
  ["text", "", "text"],
  [{}, "id", ""],
  [{ ...version, id: "7" }, "id", "7"],
  [{ ...version, id: 7.5 }, "id", "7.5"],
  [{ ...version, files: {} }, "files", "{}"],
  [{ ...version, files: [file, { ...file, id: "9" }] }, "files.1.id", "9"],
  [{ ...version, files: [{ ...file, id: -1 }] }, "files.0.id", "-1"],
  [{ ...version, files: [{ ...file, hashes: "abc" }] }, "files.0.hashes", "abc"],
  [{ ...version, files: [{ ...file, hashes: { SHA256: 5 } }] }, "files.0.hashes.SHA256", "5"],
  [{ ...version, files: [{ ...file, name: { a: "x".repeat(5000) } }] }, "files.0.name", "xxx"],
];

Deno.test("versions.get() names the place, the endpoint and an excerpt of what it cannot read", async () => {
  for (const [answer, path, excerpt] of unreadable) {
    await withApi({ "/api/v1/model-versions/7": () => Response.json(answer) }, async ({ api }) => {
      const error = await assertRejects(() => api.versions.get(7));
      assertInstanceOf(error, InvalidResponseError);
      assertEquals(error.code, "invalid_response");
      assertEquals(error.path, path);
      assertEquals(error.endpoint, "GET /model-versions/:id");
      assertStringIncludes(error.message, "GET /model-versions/:id");
      assertStringIncludes(error.excerpt, excerpt);
      assertEquals(error.excerpt.length <= 201, true);
    });
  }
});
