import { assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { parseReference, type ResolvedFile, resolveDownloads, type ResolveOptions } from "@civikit/civikit/api";
import { CivikitError, HttpError, InputError } from "@civikit/civikit/transport";
import { hasSamples, sample } from "../_samples.ts";
import { type Routes, withApi } from "../_server.ts";

const sha = "9753338AB693CA82BF89ED77A5D1912879E40051463EC6E330FB9866CE798668";

function file(id: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  const downloadUrl = `https://civitai.com/api/download/models/7?type=Model&format=SafeTensor&size=pruned&fp=fp${id}`;
  const metadata = { format: "SafeTensor", size: "pruned", fp: `fp${id}` };
  return {
    id,
    name: `f${id}.safetensors`,
    sizeKB: 1.5,
    type: "Model",
    metadata,
    hashes: { SHA256: sha },
    downloadUrl,
    ...more,
  };
}

function version(files: unknown[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 7,
    modelId: 5,
    name: "v1",
    baseModel: "SDXL 1.0",
    usageControl: "Download",
    air: "urn:air:sdxl:lora:civitai:5@7",
    model: { name: "A", type: "LORA" },
    files,
    ...more,
  };
}

/** Resolves `text` against `routes`, or against the one version 7. */
async function resolve(
  text: string,
  routes: Routes | { version: unknown },
  options: ResolveOptions = {},
): Promise<{ files: ResolvedFile[]; baseUrl: string; asked: string[] }> {
  let result: { files: ResolvedFile[]; baseUrl: string; asked: string[] } | undefined;
  const known = "version" in routes ? { "/api/v1/model-versions/7": routes.version } : routes;
  await withApi(known, async ({ api, asked }) => {
    const reference = parseReference(text, api);
    if (reference.kind === "url") throw new Error("a plain URL");
    result = { files: await resolveDownloads(api, reference, options), baseUrl: api.baseUrl, asked };
  });
  return result!;
}

async function ids(text: string, version: unknown, options: ResolveOptions = {}): Promise<number[]> {
  return (await resolve(text, { version }, options)).files.map(({ fileId }) => fileId);
}

async function failure(text: string, routes: Routes, options: ResolveOptions = {}): Promise<CivikitError> {
  const error = await assertRejects(() => resolve(text, routes, options));
  assertInstanceOf(error, CivikitError);
  return error;
}

Deno.test({
  name: "resolveDownloads() gives all a download needs, from a saved version",
  ignore: !hasSamples,
  async fn() {
    const saved = sample("model-versions.1387174.json");
    const model = sample("models.1231067.json");
    const routes = { "/api/v1/model-versions/1387174": saved, "/api/v1/models/1231067": model };
    for (const text of ["1387174", "model:1231067", saved.air, "https://civitai.com/models/1231067/x"]) {
      const { files, baseUrl } = await resolve(text, routes);
      const [{ file, version, ...rest } = {} as ResolvedFile, ...others] = files;
      assertEquals(others, []);
      assertEquals([file, version] as unknown, [saved.files[0], saved]);
      assertEquals(rest as unknown, {
        versionId: 1387174,
        modelId: 1231067,
        modelName: "Vivid Impressions Storybook Style",
        versionName: "v1.0",
        modelType: "LORA",
        baseModel: "Flux.1 D",
        fileId: 1289799,
        fileName: "pp-storybook_rank2_bf16.safetensors",
        sizeBytes: 19281048,
        isSizeExact: true,
        hashes: saved.files[0].hashes,
        url: `${baseUrl}/api/download/models/1387174?fileId=1289799`,
        fallbackUrls: [
          `${baseUrl}/api/download/models/1387174`,
          `${baseUrl}/api/download/models/1387174?type=Model`,
        ],
        air: "urn:air:flux1:lora:civitai:1231067@1387174",
        primary: true,
        usageControl: "Download",
        earlyAccess: null,
        warnings: [],
      });
    }
  },
});

Deno.test("resolveDownloads() takes the primary file, else the first SafeTensor, else the only one", async () => {
  const pickle = { metadata: { format: "PickleTensor" } };
  assertEquals(await ids("7", version([file(1), file(2, { primary: true })])), [2]);
  assertEquals(await ids("7", version([file(1, pickle), file(2), file(3)])), [2]);
  assertEquals(await ids("7", version([file(1, pickle)])), [1]);
  const error = await failure("7", { "/api/v1/model-versions/7": version([file(1, pickle), file(2, pickle)]) });
  assertEquals(error.code, "no_such_file");
  assertStringIncludes(error.message, "choose one by its id");
});

Deno.test("resolveDownloads() takes the file asked for, in the reference or in the options", async () => {
  const vae = file(4, { type: "VAE", name: "Vae.safetensors", metadata: {} });
  const training = file(5, { type: "Training Data", name: "t.zip", metadata: { format: "Other" } });
  const all = version([file(1, { primary: true }), file(2), file(3, { metadata: { fp: "fp16" } }), vae, training]);
  const page = "https://civitai.com/api/download/models/7";
  const cases: [string, ResolveOptions, number[]][] = [
    [`${page}?fileId=2`, {}, [2]],
    ["civitai:5@7+3", {}, [3]],
    ["civitai:5@7+3", { file: 2 }, [2]],
    ["civitai:5@7+3", { all: true }, [1, 2, 3, 4]],
    ["7", { file: "4" }, [4]],
    ["7", { file: "f2.safetensors" }, [2]],
    ["7", { file: "VAE.SAFETENSORS" }, [4]],
    ["7", { all: true }, [1, 2, 3, 4]],
    ["7", { all: true, format: "safetensors" }, [1, 2]],
    ["7", { type: "vae" }, [4]],
    ["7", { type: "Training Data" }, [5]],
    ["7", { fp: "FP16" }, [3]],
    [`${page}?type=Model&format=SafeTensor&size=pruned&fp=fp2`, {}, [2]],
    ["civitai:5@7.safetensor", {}, [1]],
  ];
  for (const [text, options, expected] of cases) {
    assertEquals(await ids(text, all, options), expected, `${text} ${JSON.stringify(options)}`);
  }
  for (const options of [{ file: 99 }, { file: "nope" }, { file: "" }, { format: "GGUF" }, { file: 1, type: "VAE" }]) {
    const error = await failure("7", { "/api/v1/model-versions/7": all }, options);
    assertInstanceOf(error, InputError);
    assertEquals(error.code, "no_such_file");
    assertStringIncludes(error.message, '1 "f1.safetensors" (Model)');
  }
});

Deno.test("resolveDownloads() asks for an id where two files have the name", async () => {
  const twins = version([file(1, { name: "twin.safetensors", primary: true }), file(2, { name: "twin.safetensors" })]);
  const error = await failure("7", { "/api/v1/model-versions/7": twins }, { file: "twin.safetensors" });
  assertEquals(error.code, "no_such_file");
  assertStringIncludes(error.message, "choose one by its id");
});

Deno.test("resolveDownloads() takes a model's newest published version that has files", async () => {
  const listed = (id: number, index: number, more = {}) => ({ id, index, name: `v${id}`, files: [file(1)], ...more });
  const modelVersions = [
    listed(8, 2),
    listed(7, 1),
    listed(9, 0, { status: "Draft" }),
    { id: 10, index: -1, name: "no files" },
  ];
  const routes = {
    "/api/v1/models/5": { id: 5, name: "A", type: "LORA", modelVersions },
    "/api/v1/model-versions/7": version([file(1, { primary: true })]),
  };
  const { files, asked } = await resolve("model:5", routes);
  assertEquals(files.map(({ versionId }) => versionId), [7]);
  assertEquals(asked, ["/api/v1/models/5", "/api/v1/model-versions/7"]);
});

Deno.test("resolveDownloads() stops before the download where nothing can be had", async () => {
  const of = (answer: unknown) => ({ "/api/v1/model-versions/7": answer });
  const archived = { name: "A", type: "LORA", mode: "Archived" };
  for (const usageControl of ["Generation", "InternalGeneration", "ExternalGeneration", "SomethingNew"]) {
    assertEquals((await failure("7", of(version([file(1)], { usageControl })))).code, "downloads_disabled");
  }
  assertEquals((await failure("7", of(version([file(1)], { model: archived })))).code, "gone");
  assertEquals((await failure("7", of(version([])))).code, "gone");
  assertEquals((await failure("7", of(version([], { files: null })))).code, "gone");
  const model = { id: 5, name: "A", type: "LORA", modelVersions: [] };
  assertEquals((await failure("model:5", { "/api/v1/models/5": model })).code, "gone");
  assertEquals((await failure("model:5", { "/api/v1/models/5": { ...model, mode: "Archived" } })).code, "gone");
});

Deno.test({
  name: "resolveDownloads() calls the saved archived model gone",
  ignore: !hasSamples,
  async fn() {
    const error = await failure("model:99832", { "/api/v1/models/99832": sample("models.item-99832.json") });
    assertEquals(error.code, "gone");
  },
});

Deno.test("resolveDownloads() tells that a plain number is a version's, not a model's", async () => {
  const error = await failure("12", {});
  assertInstanceOf(error, HttpError);
  assertEquals([error.code, error.status], ["not_found", 404]);
  assertStringIncludes(error.message, 'write "model:12"');
  assertEquals((await failure("version:12", {})).message.includes("model:12"), false);
});

Deno.test("resolveDownloads() refuses a version that is not the model's", async () => {
  for (const text of ["civitai:6@7", "https://civitai.com/models/6?modelVersionId=7"]) {
    const error = await failure(text, { "/api/v1/model-versions/7": version([file(1)]) });
    assertEquals(error.code, "invalid_argument");
    assertStringIncludes(error.message, 'belongs to model "5", not "6"');
  }
});

Deno.test("resolveDownloads() builds every URL from ids on its own base, whatever the API sends", async () => {
  const sent = [
    "https://undefined/api/download/models/7?type=Model&format=SafeTensor",
    "https://evil.example/api/download/models/7?type=Model&format=SafeTensor&token=secret",
    "http://civitai.com/api/download/models/7?type=Model&format=SafeTensor&redirect=https://evil.example/",
  ];
  for (const downloadUrl of sent) {
    const { files: [found], baseUrl } = await resolve("7", {
      version: version([file(1, { downloadUrl, primary: true }), file(2)]),
    });
    assertEquals(found?.url, `${baseUrl}/api/download/models/7?fileId=1`);
    assertEquals(found?.fallbackUrls, [`${baseUrl}/api/download/models/7?type=Model&format=SafeTensor`]);
  }
  for (const downloadUrl of [null, "", "nonsense", "https://evil.example/other", "javascript:alert(1)"]) {
    const { files: [found], baseUrl } = await resolve("7", {
      version: version([file(1, { downloadUrl, primary: true }), file(2)]),
    });
    assertEquals([found?.url, found?.fallbackUrls], [`${baseUrl}/api/download/models/7?fileId=1`, []]);
  }
});

Deno.test("resolveDownloads() offers a linked VAE by its type, and never falls back to what the account prefers", async () => {
  const linked = file(8, { type: "VAE", downloadUrl: "https://civitai.com/api/download/models/7?fileId=8" });
  const bare = file(1, { primary: true, downloadUrl: "https://civitai.com/api/download/models/7" });
  const answer = { version: version([bare, file(2), linked]) };
  const { files: [main] } = await resolve("7", answer);
  const { files: [vae] } = await resolve("7", answer, { file: 8 });
  assertEquals(main?.fallbackUrls, []);
  assertEquals(vae?.fallbackUrls.map((url) => new URL(url).search), ["?type=VAE"]);
});

Deno.test("resolveDownloads() gives every file of a version its own safe name", async () => {
  const long = "長".repeat(200);
  const names = [
    "same.safetensors",
    "Same.SAFETENSORS",
    "same.safetensors",
    "../../etc/passwd",
    "passwd",
    "..",
    `${long}.safetensors`,
    `${long}.safetensors`,
    "立绘拆分lion优化器 tachie separation.safetensors",
  ];
  const files = names.map((name, at) => file(at + 1, { name, primary: at === 2 }));
  const { files: all } = await resolve("7", { version: version(files) }, { all: true });
  const given = all.map(({ fileName }) => fileName);
  assertEquals(given.slice(0, 6), [
    "same-1.safetensors",
    "Same-2.SAFETENSORS",
    "same.safetensors",
    "passwd",
    "passwd-5",
    "7-6",
  ]);
  assertEquals(given[8], names[8]);
  assertMatch(given[7]!, /^長+-8\.safetensors$/);
  assertEquals(new Set(given.map((name) => name.toLowerCase())).size, names.length);
  for (const name of given) assertEquals(new TextEncoder().encode(name).length <= 229, true, name);
  const { files: [one] } = await resolve("7", { version: version(files) }, { file: 2 });
  assertEquals(one?.fileName, "Same-2.SAFETENSORS");
});

Deno.test("resolveDownloads() tells exact sizes from rounded ones", async () => {
  const cases: [number, number, boolean][] = [
    [0.0654296875, 67, true],
    [4165133.963867188, 4265097179, true],
    [18829.1484375, 19281048, true],
    [2048, 2097152, false],
    [1.23, 1260, false],
    [0, 0, false],
  ];
  for (const [sizeKB, bytes, isExact] of cases) {
    const { files: [found] } = await resolve("7", { version: version([file(1, { sizeKB })]) });
    assertEquals([found?.sizeBytes, found?.isSizeExact], [bytes, isExact]);
  }
});

Deno.test("resolveDownloads() warns of scans, missing hashes and sold access, and refuses none of them", async () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const warned = async (more: Record<string, unknown>, versionMore: Record<string, unknown> = {}) => {
    const { files: [found] } = await resolve("7", { version: version([file(1, more)], versionMore) }, { now });
    return [found?.warnings.map(({ code }) => code), found?.earlyAccess] as unknown;
  };
  assertEquals(await warned({}), [[], null]);
  assertEquals(await warned({ hashes: {} }), [["unverified"], null]);
  assertEquals(await warned({ hashes: null }), [["unverified"], null]);
  assertEquals(await warned({ pickleScanResult: "Danger", virusScanResult: "Danger" }), [
    ["pickle_danger", "virus_danger"],
    null,
  ]);
  assertEquals(await warned({ pickleScanResult: "Error", virusScanResult: "Pending" }), [[], null]);
  const later = "2026-02-01T00:00:00.000Z";
  const before = "2025-12-01T00:00:00.000Z";
  const sold = (endsAt: string | null) => [["early_access"], { endsAt }];
  assertEquals(await warned({}, { earlyAccessEndsAt: later }), sold(later));
  assertEquals(await warned({}, { earlyAccessEndsAt: before, availability: "EarlyAccess" }), [[], null]);
  assertEquals(await warned({}, { paidAccess: { permanent: false, endsAt: later } }), sold(later));
  assertEquals(await warned({}, { paidAccess: { permanent: true, endsAt: null } }), sold(null));
  assertEquals(await warned({}, { availability: "EarlyAccess" }), sold(null));
  const takenDown = { model: { name: "A", type: "LORA", mode: "TakenDown" } };
  assertEquals(await warned({}, takenDown), [["taken_down"], null]);
});

Deno.test("resolveDownloads() names a file that is not the main one in its AIR", async () => {
  const answer = version([file(1, { primary: true }), file(2)]);
  const { files } = await resolve("7", { version: answer }, { all: true });
  assertEquals(files.map(({ air }) => air), ["urn:air:sdxl:lora:civitai:5@7", "urn:air:sdxl:lora:civitai:5@7+2"]);
  const { files: [old] } = await resolve("7", { version: { ...answer, air: null } });
  assertEquals(old?.air, "urn:air:civitai:5@7");
});

Deno.test("resolveDownloads() is given up with the caller's reason", async () => {
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    resolve("7", { version: version([file(1)]) }, { signal: AbortSignal.abort(reason) })
  );
  assertEquals(error, reason);
});
