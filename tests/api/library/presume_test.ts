import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { civitai, hashCache, presume, scan } from "@civikit/civikit/api";
import { fetchTransport } from "@civikit/civikit/transport";
import type { CatalogueFile, CatalogueModel } from "../../../testing/civitai/catalogue.ts";
import { type Content, fixed, joined, seeded } from "../../../testing/origin/content.ts";
import { gguf } from "../../../testing/files/gguf.ts";
import { safetensors } from "../../../testing/files/safetensors.ts";
import { type Civitai as Embedded, startCivitai } from "../../_civitai/mod.ts";
import { inFolder } from "./_folder.ts";

const MiB = 1024 ** 2;

function fileOf(id: number, content: Content, more: Partial<CatalogueFile> = {}): CatalogueFile {
  return { id, name: `file${id}.safetensors`, type: "Model", metadata: {}, primary: true, content, ...more };
}

/** A model with one version for each file. */
function modelOf(id: number, ...files: CatalogueFile[]): CatalogueModel {
  return {
    ...{ id, name: `Model ${id}`, type: "LORA", description: null, creator: "lamplighter", tags: [], nsfwLevel: 1 },
    versions: files.map((file, at) => ({
      ...{ id: id * 10 + at, name: `v${at}`, baseModel: "SDXL 1.0", publishedAt: "2025-01-01T00:00:00.000Z" },
      ...{ trainedWords: [], usageControl: "Download", files: [file] },
    })),
  };
}

interface Parts {
  readonly folder: string;
  readonly site: Embedded;
  readonly api: ReturnType<typeof civitai>;
  put(name: string, content: Content, change?: (bytes: Uint8Array) => void): string;
}

/** A folder, and a site with these models. */
async function withSite(models: readonly CatalogueModel[], work: (parts: Parts) => Promise<void>): Promise<void> {
  await using site = await startCivitai({ models });
  const transport = fetchTransport();
  await inFolder(async (folder) => {
    function put(name: string, content: Content, change: (bytes: Uint8Array) => void = () => {}): string {
      const bytes = new Uint8Array(content.read(0, content.size));
      change(bytes);
      Deno.writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    }
    try {
      await work({ folder, site, api: civitai(transport, { baseUrl: site.url }), put });
    } finally {
      transport.close();
    }
  });
}

const lantern = seeded(1, 3 * MiB + 7);
const asked = ({ log }: Embedded, method: string) => log.filter((entry) => entry.method === method).length;

Deno.test("presume() names a file by size and sample, hashes nothing, and scan() proves it", () =>
  withSite([modelOf(1, fileOf(11, lantern))], async ({ folder, site, api, put }) => {
    put("a.ckpt", lantern);
    using cache = hashCache(":memory:");
    const { files, presumed: [one], hashedFiles } = await presume(api, [folder], { cache });
    assertEquals([files.length, hashedFiles, one?.identity?.fileId, one?.by], [0, 0, 11, "AutoV1"]);
    assertEquals(one?.sha256, await site.sha256(11));
    assertEquals(cache.find(one!), undefined, "what is presumed is no hash");
    const before = site.log.length;
    assertEquals((await presume(api, [folder], { cache })).presumed[0]?.identity?.fileId, 11);
    assertEquals(site.log.length, before, "nobody is asked twice");
    assertEquals((await presume(null, [folder], { cache })).presumed[0]?.identity?.fileId, 11);
    const proved = await scan(api, [folder], { cache });
    assertEquals([proved.files[0]?.identity?.fileId, proved.disproved], [11, []]);
    const after = await presume(api, [folder], { cache });
    assertEquals([after.presumed.length, after.files[0]?.identity?.fileId], [0, 11]);
  }));

Deno.test("scan() tells once what presume() took for something it is not, and says what it is", () =>
  withSite([modelOf(1, fileOf(11, lantern))], async ({ folder, site, api, put }) => {
    // the damage is where no sample reaches
    const path = put("a.ckpt", lantern, (bytes) => bytes[bytes.length - 1]! ^= 1);
    using cache = hashCache(":memory:");
    assertEquals((await presume(api, [folder], { cache })).presumed[0]?.identity?.fileId, 11);
    const { files, disproved } = await scan(api, [folder], { cache });
    const presumedSha256 = await site.sha256(11);
    assertEquals(disproved.map(({ presumed, ...one }) => [one, presumed.fileId]), [
      [{ path, sha256: files[0]!.sha256, presumedSha256 }, 11],
    ]);
    assertEquals(files[0]?.identity, null);
    assertEquals((await scan(api, [folder], { cache })).disproved, []);
  }));

Deno.test("presume() does not choose between two versions that share size and sample", async () => {
  const head = seeded(2, 2 * MiB);
  const [first, second] = [joined(head, seeded(3, 64)), joined(head, seeded(4, 64))];
  await withSite([modelOf(1, fileOf(11, first), fileOf(12, second))], async ({ folder, api, put }) => {
    put("a.ckpt", second);
    using cache = hashCache(":memory:");
    const { presumed: [one] } = await presume(api, [folder], { cache });
    assertEquals([one?.identity, one?.sha256, one?.isAsked], [null, null, true]);
    assertEquals(one?.candidates.map(({ versionId }) => versionId).sort(), [10, 11]);
    const { files, disproved } = await scan(api, [folder], { cache });
    assertEquals([files[0]?.identity?.versionId, disproved], [11, []]);
  });
});

Deno.test("presume() takes two versions with the very same file for one, and no other size for it", () =>
  withSite([modelOf(1, fileOf(11, lantern), fileOf(12, lantern))], async ({ folder, api, put }) => {
    put("a.ckpt", lantern);
    put("longer.ckpt", joined(lantern, fixed(new Uint8Array(1))));
    const { presumed: [one, longer] } = await presume(api, [folder]);
    assertEquals([one?.identity?.modelId, one?.candidates], [1, []]);
    assertEquals([longer?.identity, longer?.candidates, longer?.isAsked], [null, [], true]);
  }));

Deno.test("presume() names a file by the tensors' hash in its head, and tells what the head says", async () => {
  const plain = safetensors({ seed: 5, dataBytes: 2 * MiB });
  const tensors = createHash("sha256").update(plain.read(plain.headerBytes, 2 * MiB)).digest("hex");
  const metadata = {
    "sshs_model_hash": tensors,
    "modelspec.title": "Lantern 燈",
    "ss_base_model_version": "sdxl_base_v1-0",
  };
  const file = safetensors({ seed: 5, dataBytes: 2 * MiB, metadata });
  const shown = ({ AutoV1: _, ...hashes }: Record<string, string>) => hashes;
  const known = fileOf(11, file, { headerBytes: file.headerBytes, shown });
  await withSite([modelOf(1, known)], async ({ folder, api, put }) => {
    put("a.safetensors", file);
    put("b.gguf", gguf({ seed: 1, dataBytes: 2 * MiB, metadata: { "general.name": "Flux 燈籠" } }));
    const { presumed: [one, other] } = await presume(api, [folder]);
    assertEquals([one?.identity?.fileId, one?.by], [11, "AutoV3"]);
    assertEquals(one?.told, { title: "Lantern 燈", base: "sdxl_base_v1-0" });
    assertEquals([other?.identity, other?.told], [null, { title: "Flux 燈籠", base: "flux" }]);
  });
});

Deno.test("presume() asks about what lies beside files in one question, and believes none that does not fit", () =>
  withSite([modelOf(1, fileOf(11, lantern))], async ({ folder, site, api, put }) => {
    const sha256 = await site.sha256(11);
    const info = JSON.stringify({ id: 10, files: [{ hashes: { SHA256: sha256 } }] });
    for (const name of ["a", "liar"]) Deno.writeTextFileSync(join(folder, `${name}.civitai.info`), info);
    Deno.writeTextFileSync(join(folder, "managed.metadata.json"), JSON.stringify({ sha256: sha256.toLowerCase() }));
    Deno.writeTextFileSync(join(folder, "zz.metadata.json"), "not JSON");
    for (const name of ["a.ckpt", "managed.ckpt"]) put(name, lantern);
    put("liar.ckpt", seeded(9, lantern.size));
    const { presumed: [one, liar, managed] } = await presume(api, [folder]);
    assertEquals([one?.identity?.fileId, one?.by, liar?.identity], [11, "sidecar", null]);
    assertEquals([managed?.identity?.fileId, managed?.by], [11, "sidecar"]);
    assertEquals(asked(site, "POST"), 1);
    assertEquals(
      site.log.filter(({ path }) => path.includes("/by-hash/")).length,
      1,
      "only about the one that did not fit",
    );
  }));

Deno.test("presume() hashes what is too small for a sample, and lists what is damaged", () =>
  withSite([modelOf(1, fileOf(11, seeded(1, 1000)))], async ({ folder, api, put }) => {
    put("small.ckpt", seeded(1, 1000));
    const whole = safetensors({ seed: 5, dataBytes: 3 * MiB });
    put("cut.safetensors", { ...whole, size: whole.size - 9 });
    const { files, presumed, damaged } = await presume(api, [folder]);
    assertEquals([files[0]?.identity?.fileId, presumed.length], [11, 1]);
    assertEquals(damaged.map(({ path }) => path), [join(folder, "cut.safetensors")]);
  }));

Deno.test("presume() keeps what it found when it ends early, and asks again where the site failed", () =>
  withSite([modelOf(1, fileOf(11, lantern))], async ({ folder, site, api, put }) => {
    put("a.ckpt", lantern);
    using cache = hashCache(":memory:");
    site.faults.maintenance(true);
    const down = await presume(api, [folder], { cache });
    assertEquals([down.presumed[0]?.isAsked, down.failures.length > 0], [false, true]);
    site.faults.heal();
    assertEquals((await presume(api, [folder], { cache })).presumed[0]?.identity?.fileId, 11);
    const controller = new AbortController();
    const reason = new Error("enough");
    controller.abort(reason);
    put("b.ckpt", seeded(8, 3 * MiB));
    assertEquals(await assertRejects(() => presume(api, [folder], { cache, signal: controller.signal })), reason);
    const again = await presume(api, [folder], { cache });
    assert(again.presumed.every(({ isAsked }) => isAsked));
  }));
