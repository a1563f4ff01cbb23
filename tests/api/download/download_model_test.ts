import { downloadModel, type DownloadModelOptions, HttpError, InputError } from "@civikit/civikit";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { relative } from "node:path";
import { type OnSite, withSite } from "../_site.ts";

/** Runs `work` with a folder of its own, and a call that asks the embedded Civitai. */
async function withFolder(
  work: (
    on: OnSite & { get: (reference: string, options?: DownloadModelOptions) => Promise<string[]> },
  ) => Promise<void>,
): Promise<void> {
  await withSite(async (on) => {
    const directory = await Deno.makeTempDir();
    try {
      const get = async (reference: string, options: DownloadModelOptions = {}) => {
        const files = await downloadModel(on.transport, reference, { directory, baseUrl: on.site.url, ...options });
        return files.map(({ path, verified, file }) => `${relative(directory, path)} ${verified} ${file?.fileId}`);
      };
      await work({ ...on, get });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("downloadModel() brings the same verified file from whatever names it", () =>
  withFolder(async ({ site, get }) => {
    const sha256 = await site.sha256(3002);
    const references = [
      "2002",
      "version:2002",
      "model:1001",
      "urn:air:sdxl:lora:civitai:1001@2002",
      `${site.url}/models/1001/paper-lantern?modelVersionId=2002`,
      `${site.url}/api/download/models/2002`,
      sha256,
      sha256.slice(0, 10).toLowerCase(),
    ];
    for (const reference of references) {
      assertEquals(await get(reference), ["paper_lantern_v2.safetensors true 3002"], reference);
    }
  }));

Deno.test("downloadModel() fetches a file once, however often it is called", () =>
  withFolder(async ({ site, get }) => {
    await get("2002");
    const before = site.storage.log.length;
    await get("2002");
    assertEquals(site.storage.log.length, before);
  }));

Deno.test("downloadModel() takes the file that has the hash, not the main one", () =>
  withFolder(async ({ site, get }) => {
    assertEquals((await get(await site.sha256(3012))).map((line) => line.split(" ").at(-1)), ["3012"]);
  }));

Deno.test("downloadModel() gives every file that is chosen its place in the layout, and tells of each", () =>
  withFolder(async ({ get }) => {
    const seen = new Map<string, number | undefined>();
    const all = await get("2010", {
      all: true,
      layout: "comfyui",
      onProgress: ({ name, downloadedBytes, totalBytes }) =>
        downloadedBytes === totalBytes && seen.set(name, totalBytes),
    });
    assert(all.length > 2);
    assertEquals(all.map((line) => line.split(" ")[0]!).toSorted(), [...seen.keys()].toSorted());
    assert(all.some((line) => line.startsWith("models/checkpoints/")), all.join());
    assert(all.some((line) => line.startsWith("models/vae/")), all.join());
    assertEquals(
      await get("2010", { type: "VAE" }),
      all.filter((line) => line.endsWith("3012")).map((line) => line.slice("models/vae/".length)),
    );
  }));

Deno.test("downloadModel() asks who made the model where the layout wants to know", () =>
  withFolder(async ({ site, get }) => {
    const { creator } = site.file(3002).model;
    assertEquals(await get("2002", { layout: "{creator}/{file}" }), [
      `${creator}/paper_lantern_v2.safetensors true 3002`,
    ]);
  }));

Deno.test("downloadModel() takes a file from elsewhere, named as its server says", () =>
  withFolder(async ({ get }) => {
    const headers = { "content-disposition": `attachment; filename="told.bin"` };
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () =>
      new Response("bytes", { headers }));
    assertEquals(await get(`http://127.0.0.1:${server.addr.port}/asked.bin`), ["told.bin false undefined"]);
  }));

Deno.test("downloadModel() throws what stands in the way", () =>
  withFolder(async ({ get }) => {
    await assertRejects(() => get("no such thing"), InputError, "none of the forms that are understood");
    await assertRejects(() => get("2002", { layout: "nonsense" }), InputError);
    await assertRejects(() => get("999999"), HttpError);
    await assertRejects(() => get("f".repeat(64)), HttpError);
    const reason = new Error("enough");
    await assertRejects(() => get("2002", { signal: AbortSignal.abort(reason) }), Error, "enough");
  }));

Deno.test("downloadModel() brings the other files where one fails, then throws", () =>
  withFolder(async ({ site, get }) => {
    site.faults.refuseDownloads(1, { status: 401, body: `{"error":"disabled downloads"}` });
    await assertRejects(() => get("2010", { all: true, concurrency: 1 }), HttpError);
    const before = site.storage.log.length;
    assertEquals((await get("2010", { all: true })).length > 2, true);
    assertEquals(site.storage.log.length, before + 1);
  }));
