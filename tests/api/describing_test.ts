import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Civitai, civitai, InvalidResponseError, parseReference, resolveDownloads } from "@civikit/civikit/api";
import { hasSamples, sample, sampleNames } from "./_samples.ts";

/** The API, to which every question has `answer` for an answer. */
const answering = (answer: unknown): Civitai => civitai({ fetch: () => Promise.resolve(Response.json(answer)) });
const page = (row: unknown) => ({ items: [row], metadata: {} });
const odd = [null, undefined, "text", 7, -0.5, true, [], {}, [7], [{}], { name: 7 }];

type Path = readonly (string | number)[];

/** Paths of everything within `value`. */
function* paths(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    yield* paths(part, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

/** A copy of `value` with `other` at `path`. */
function withOther(value: unknown, [key, ...rest]: Path, other: unknown): unknown {
  const copy = (Array.isArray(value) ? [...value] : { ...value as object }) as Record<string | number, unknown>;
  copy[key!] = rest.length === 0 ? other : withOther(copy[key!], rest, other);
  return copy;
}

interface Case {
  readonly what: string;
  readonly value: unknown;
  readonly ask: (api: Civitai) => Promise<unknown>;
  /** The answer as it is sent. */
  readonly wrap?: (value: unknown) => unknown;
  /** Paths, joined with dots and numbers as `#`, that are needed. */
  readonly needed: RegExp;
}

async function first<T>(list: AsyncIterable<T>): Promise<T | undefined> {
  for await (const row of list) return row;
}

const version = {
  ...{ id: 7, modelId: 5, name: "v1", model: { name: "Lantern", type: "LORA", nsfw: false, mode: null }, nsfwLevel: 1 },
  ...{ trainedWords: ["lantern"], baseModel: "SDXL 1.0", stats: { downloadCount: 5 }, usageControl: "Download" },
  paidAccess: { permanent: false, endsAt: "2026-01-01" },
  images: [{ url: "https://image.civitai.com/a/b/original=true/1.jpeg", nsfwLevel: 1, width: 5, type: "image" }],
  files: [{
    ...{ id: 9, name: "lantern.safetensors", sizeKB: 1.5, type: "Model", primary: true },
    ...{ metadata: { format: "SafeTensor", fp: "fp16" }, hashes: { SHA256: "AB".repeat(32) }, scannedAt: "2026-01-01" },
  }],
};
const { modelId: _, model: __, ...listed } = version;
const model = {
  ...{ id: 5, name: "Lantern", type: "LORA", tags: ["a"], creator: { username: "x", image: null } },
  ...{ allowCommercialUse: ["Image"], stats: { downloadCount: 5 }, modelVersions: [listed] },
};
const image = {
  ...{ id: 7, url: "https://image.civitai.com/a/b/original=true/7.jpeg", width: 5, nsfwLevel: "None", meta: { a: 1 } },
  ...{ stats: { likeCount: 1 }, username: "x", modelVersionIds: [7], tags: [{ id: 1, name: "a" }] },
};
const user = { id: 3, username: "x" };
const neededOfVersion = /^id$|^files$|^files\.#$|^files\.#\.(?:id|name|hashes|hashes\..*)$/;
const neededOfModel =
  /^id$|^modelVersions$|^modelVersions\.#$|^modelVersions\.#\.(?:id|files(?:\.#(?:\.(?:id|name|hashes|hashes\..*))?)?)$/;
const isId = /^id$/;

const cases: Case[] = [
  { what: "version", value: version, ask: (api) => api.versions.get(7), needed: neededOfVersion },
  {
    what: "version by hash",
    value: version,
    ask: (api) => api.versions.byHash("AB".repeat(32)),
    needed: neededOfVersion,
  },
  { what: "model", value: model, ask: (api) => api.models.get(5), needed: neededOfModel },
  { what: "models", value: model, wrap: page, ask: (api) => first(api.models.list()), needed: neededOfModel },
  { what: "images", value: image, wrap: page, ask: (api) => first(api.images.list()), needed: /^(?:id|url)$/ },
  {
    ...{ what: "creators", value: { username: "x", modelCount: 3, link: "y", image: "z" }, wrap: page, needed: /^$/ },
    ask: (api) => first(api.creators.list()),
  },
  {
    ...{ what: "tags", value: { name: "x", modelCount: 3, link: "y" }, wrap: page, needed: /^name$/ },
    ask: (api) => first(api.tags.list()),
  },
  {
    ...{ what: "users", value: { ...user, avatarNsfw: 1, avatarUrl: "y", meta: {} }, needed: isId },
    ...{ wrap: (row) => ({ items: [row] }), ask: async (api) => (await api.users.search("x"))[0] },
  },
  {
    ...{ what: "post", needed: isId, ask: (api) => api.posts.get(8) },
    value: { id: 8, title: "x", nsfwLevel: 1, user, tags: [{ id: 1, name: "a" }], images: [image] },
  },
  {
    ...{ what: "article", needed: isId, ask: (api) => api.articles.get(8) },
    value: { id: 8, title: "x", user, tags: [{ id: 1, name: "a" }], stats: {}, attachments: [{}], coverImage: "x" },
  },
  {
    ...{ what: "collection", needed: isId, ask: (api) => api.collections.get(8) },
    value: { id: 8, name: "x", description: "y", type: "Model", isPublic: true, itemCount: 1, user, tags: [] },
  },
  {
    ...{ what: "vault", wrap: (vault) => ({ vault }), needed: /^$/, ask: (api) => api.vault.get() },
    value: { userId: 3, storageKb: 5, usedStorageKb: 2, meta: {}, updatedAt: "x" },
  },
  {
    ...{ what: "vault items", wrap: (row) => ({ items: [row], totalPages: 1 }), needed: /^$/ },
    ask: (api) => first(api.vault.list()),
    value: { id: 1, modelVersionId: 7, modelName: "x", status: "Stored" },
  },
  {
    ...{ what: "mini version", needed: /^hashes/, ask: (api) => api.versions.mini(7) },
    value: { air: "x", versionName: "v1", size: 5, hashes: { SHA256: "AB" }, downloadUrls: ["x"], canGenerate: true },
  },
  {
    ...{ what: "enums", value: { ModelType: ["LORA"], BaseModel: ["x"] }, needed: /^$/, ask: (api) => api.enums() },
  },
  {
    ...{ what: "me", value: { ...user, tier: "x", isMember: true, subscriptions: ["y"], subject: {} }, needed: isId },
    ask: (api) => api.me(),
  },
];

for (const { what, value, ask, wrap = (whole: unknown) => whole, needed } of cases) {
  Deno.test(`${what}: what only describes may be missing or of any type, and the rest is read`, async () => {
    assertEquals(await ask(answering(wrap(value))), value);
    let mended = 0;
    for (const path of paths(value)) {
      const place = path.map((step) => typeof step === "number" ? "#" : step).join(".");
      if (needed.test(place)) continue;
      for (const other of odd) {
        const read = await ask(answering(wrap(withOther(value, path, other)))) as Record<string, unknown>;
        for (const [key, part] of Object.entries(value as object)) {
          if (key !== path[0]) assertEquals(read[key], part, `${place}: ${JSON.stringify(other)}`);
        }
        mended++;
      }
    }
    assert(mended > 20);
  });
}

Deno.test("an id, a file's name and its hashes are needed, and the place is told", async () => {
  for (const place of ["id", "files", "files.0.id", "files.0.name", "files.0.hashes", "files.0.hashes.SHA256"]) {
    const path = place.split(".").map((step) => /^\d+$/.test(step) ? Number(step) : step);
    for (const other of ["text", true, -1, 0.5].filter((one) => typeof one !== "string" || !/name|SHA/.test(place))) {
      const api = answering(withOther(version, path, other));
      const error = await assertRejects(() => api.versions.get(7), InvalidResponseError);
      assertEquals(error.path, place);
    }
  }
});

Deno.test("what is of another type becomes what was meant, where that is clear", async () => {
  const answer = {
    ...version,
    name: 1,
    nsfwLevel: "3",
    trainedWords: "lantern",
    baseModel: 5,
    images: [{}, version.images[0]],
  };
  const read = await answering({ ...answer, later: { kept: [1] } }).versions.get(7);
  assertEquals(
    [read.name, read.nsfwLevel, read.trainedWords, read.baseModel, read.images, (read as { later?: unknown }).later],
    ["1", 3, ["lantern"], "5", version.images, { kept: [1] }],
  );
});

Deno.test("resolveDownloads() finds a file whatever is missing that only describes it", async () => {
  const { modelId: _, name: _name, model: _model, trainedWords: _words, ...bare } = version;
  const { sizeKB: _size, type: _type, metadata: _metadata, ...file } = version.files[0]!;
  const find = async (answer: unknown, text = "7") => {
    const api = answering(answer);
    const reference = parseReference(text, api);
    assert(reference.kind !== "url");
    return (await resolveDownloads(api, reference))[0]!;
  };
  const found = await find({ ...bare, files: [file] });
  assertEquals([found.modelId, found.air, found.sizeBytes, found.isSizeExact], [null, null, undefined, false]);
  assertEquals([found.fileName, found.hashes.SHA256?.length, found.warnings], ["lantern.safetensors", 64, []]);
  const air = "urn:air:sdxl:lora:civitai:5@7";
  assertEquals([(await find({ ...bare, air })).modelId, (await find({ ...bare, air })).air], [5, air]);
  assertEquals((await find(bare, "civitai:5@7")).versionId, 7);
  const { hashes: _hashes, ...unproven } = file;
  assertEquals((await find({ ...bare, files: [unproven] })).warnings.map(({ message }) => message), [
    'the site names no hash of "9" yet: nothing of it can be checked',
  ]);
});

Deno.test("resolveDownloads() takes a size that no disk holds for none", async () => {
  for (const sizeKB of [1e308, Number.MAX_SAFE_INTEGER, -1, "1.5", null]) {
    const api = answering({ ...version, files: [{ ...version.files[0], sizeKB }] });
    const [file] = await resolveDownloads(api, { kind: "version", versionId: 7, select: {}, text: "7" });
    assertEquals([file?.sizeBytes, file?.isSizeExact], [undefined, false], String(sizeKB));
  }
});

Deno.test({
  name: "every saved answer is still read as it is, to the last key and its place",
  ignore: !hasSamples,
  async fn() {
    const asks: [RegExp, (api: Civitai, whole: { id: number }) => Promise<unknown>, ((whole: unknown) => unknown)?][] =
      [
        [/^models\.(?!list)/, (api, { id }) => api.models.get(id)],
        [/^model-versions/, (api, { id }) => api.versions.get(id)],
        [/^images/, (api) => first(api.images.list()), page],
        [/^enums/, (api) => api.enums()],
      ];
    let read = 0;
    for (const name of sampleNames("")) {
      const [, ask, wrap = (whole: unknown) => whole] = asks.find(([pattern]) => pattern.test(name)) ?? [];
      if (ask === undefined) continue;
      const whole = sample(name);
      assertEquals(JSON.stringify(await ask(answering(wrap(whole)), whole)), JSON.stringify(whole), name);
      read++;
    }
    for (const [name, list] of [["creators.limit-3.json", "creators"], ["tags.limit-3.json", "tags"]] as const) {
      const { items } = sample(name);
      const rows: unknown[] = [];
      for await (const row of answering({ ...sample(name), metadata: {} })[list].list({}, { max: 3 })) rows.push(row);
      assertEquals(JSON.stringify(rows), JSON.stringify(items));
    }
    assert(read >= 9);
  },
});
