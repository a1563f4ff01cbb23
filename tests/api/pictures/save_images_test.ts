import { assert, assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { type ImageOutcome, type ImageSource, saveImages, type SaveImagesOptions } from "@civikit/civikit/api";
import { fetchTransport, resumeTransport, type Transport } from "@civikit/civikit/transport";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { galleryPrompt, imageBytes } from "../../_civitai/gallery.ts";
import { codeOf, withSite } from "../_site.ts";
import { withFolder } from "../../_support/folder.ts";

const save = (transport: Transport, images: Iterable<ImageSource>, folder: string, options?: SaveImagesOptions) =>
  Array.fromAsync(saveImages(transport, images, folder, options));
const stateOf = ({ state }: ImageOutcome) => state;
const png = (id = 0) => imageBytes({ id, kind: "png" });
const answer = (bytes: Uint8Array<ArrayBuffer>) => () =>
  Promise.resolve(new Response(bytes, { headers: { "content-length": String(bytes.length) } }));

Deno.test("saveImages() saves a whole gallery, each image once and named by what it is", async () => {
  await withSite(async ({ api, transport, asked }) => {
    await withFolder(async (folder) => {
      const list = () => api.images.list({ nsfw: true, limit: 7 });
      const outcomes = await Array.fromAsync(saveImages(transport, list(), folder));
      assertEquals(new Set(outcomes.map(stateOf)), new Set(["saved"]));
      const names = (await readdir(folder)).sort();
      assertEquals(names.length, 40);
      assertEquals(names.slice(0, 10).map((name) => name.split(".")[1]), [
        ...["png", "jpeg", "webp", "gif", "avif", "png", "jpeg", "mp4", "webm", "mp3"],
      ]);
      for (const { path, bytes } of outcomes) assertEquals((await Deno.stat(path!)).size, bytes);

      asked();
      const again = await Array.fromAsync(saveImages(transport, list(), folder));
      assertEquals(new Set(again.map(stateOf)), new Set(["exists"]));
      assertEquals(asked().filter((path) => !path.startsWith("/images")), []);
    });
  }, { galleryImages: 40 });
});

Deno.test("saveImages() writes a sidecar on request, with what the file or the site says, and leaves one that is there", async () => {
  await withSite(async ({ api, transport }) => {
    await withFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "7000001.json"), "mine");
      const list = api.images.list({ nsfw: true, withMeta: true }, { max: 4 });
      const outcomes = await Array.fromAsync(saveImages(transport, list, folder, { sidecar: true }));
      const seeds = new Map(outcomes.map(({ image, generation }) => [image.id, generation?.seed]));
      // a GIF carries no text: then the site's own word counts
      assertEquals([seeds.get(7_000_000), seeds.get(7_000_003)], ["7000000", String(2 ** 40 + 7_000_003)]);
      const { file, generation, image } = JSON.parse(await Deno.readTextFile(join(folder, "7000000.json")));
      assertEquals([file, generation.prompt, image.id], ["7000000.png", galleryPrompt, 7_000_000]);
      assertEquals(await Deno.readTextFile(join(folder, "7000001.json")), "mine");
    });
  });
});

Deno.test("saveImages() saves, skips or stills videos", async () => {
  await withSite(async ({ api, transport }) => {
    const videos = () => api.images.list({ nsfw: true, type: "video" });
    const extensions: Record<string, unknown> = {};
    for (const choice of ["save", "still", "skip"] as const) {
      await withFolder(async (folder) => {
        await Array.fromAsync(saveImages(transport, videos(), folder, { videos: choice }));
        extensions[choice] = (await readdir(folder)).map((name) => name.split(".")[1]).sort();
      });
    }
    assertEquals(extensions, { save: ["mp4", "webm"], still: ["jpeg", "jpeg"], skip: [] });
  }, { galleryImages: 10 });
});

Deno.test("saveImages() takes what is too large for memory in parts, and finishes one that only lacked its ending", async () => {
  await withFolder(async (folder) => {
    const large = new Uint8Array(5 * 1024 * 1024);
    large.set(png());
    const images = [{ id: 7, url: "https://image.civitai.com/7.jpeg" }];
    const [saved] = await save({ fetch: answer(large) }, images, folder);
    assertEquals([saved?.state, saved?.bytes, await readdir(folder)], ["saved", large.length, ["7.png"]]);

    await Deno.rename(join(folder, "7.png"), join(folder, "7.download"));
    const [again] = await save({ fetch: answer(large) }, images, folder);
    assertEquals([again?.state, again?.bytes, await readdir(folder)], ["saved", large.length, ["7.png"]]);
  });
});

Deno.test("saveImages() reads a body of unstated length, up to what memory is for", async () => {
  await withFolder(async (folder) => {
    const large = new Uint8Array(5 * 1024 * 1024);
    large.set(png());
    const unstated = (bytes: Uint8Array<ArrayBuffer>) => ({
      fetch: () => Promise.resolve(new Response(new Blob([bytes]).stream())),
    });
    const images = [{ id: 7, url: "https://image.civitai.com/7.jpeg" }];
    assertEquals((await save(unstated(png()), images, folder)).map(stateOf), ["saved"]);
    const others = [{ id: 8, url: "https://image.civitai.com/8.jpeg" }];
    assertEquals((await save(unstated(large), others, folder))[0]?.bytes, large.length);
  });
});

Deno.test("saveImages() reports what fails and goes on; nothing of it stays", async () => {
  const page = new TextEncoder().encode("<!doctype html><title>Sign in</title>");
  const transport = {
    fetch({ url }: Request) {
      if (url.endsWith("1.jpeg")) return Promise.resolve(new Response("no", { status: 404 }));
      return answer(url.endsWith("2.jpeg") ? page : png())();
    },
  };
  await withFolder(async (folder) => {
    const images = [1, 2, 3, 3].map((id) => ({ id, url: `https://image.civitai.com/${id}.jpeg` }));
    const outcomes = await save(transport, images, folder);
    const codes = new Map(outcomes.map(({ image, state, error }) => [image.id, error ? codeOf(error) : state]));
    assertEquals(codes, new Map([[1, "not_found"], [2, "unexpected_content"], [3, "saved"]]));
    assertEquals(outcomes.length, 3);
    assertEquals(await readdir(folder), ["3.png"]);
  });
});

Deno.test("saveImages() makes names safe and keeps them inside the folder", async () => {
  await withFolder(async (folder) => {
    const inside = join(folder, "inside");
    const transport = { fetch: answer(png()) };
    const images = ["../../evil", "con", "..", "a/b", "明かり"].map((name, id) => ({
      id,
      name,
      url: "https://x.test/",
    }));
    const outcomes = await Array.fromAsync(
      saveImages(transport, images, inside, { name: (image) => (image as typeof images[number]).name }),
    );
    assertEquals(outcomes.map(stateOf), images.map(() => "saved"));
    assertEquals((await readdir(inside)).sort(), ["2.png", "_con.png", "b.png", "evil.png", "明かり.png"]);
    assertEquals(await readdir(folder), ["inside"]);
  });
});

Deno.test("saveImages() works on so many images at once and no more", async () => {
  await withFolder(async (folder) => {
    let running = 0;
    let most = 0;
    const transport = {
      async fetch() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve));
        running--;
        return await answer(png())();
      },
    };
    const images = Array.from({ length: 30 }, (_, id) => ({ id, url: `https://image.civitai.com/${id}.jpeg` }));
    await save(transport, images, folder);
    assertEquals(most, 5);
    most = 0;
    await save(transport, images.map(({ id, url }) => ({ id: id + 100, url })), folder, { concurrency: 1 });
    assertEquals(most, 1);
    for (const concurrency of [0, 33, 1.5]) {
      await assertRejects(() => save(transport, [], folder, { concurrency }), RangeError, "concurrency");
    }
  });
});

Deno.test("saveImages() ends with the caller's own reason, and with what its source throws", async () => {
  await withFolder(async (folder) => {
    const reason = { mine: true };
    const stop = new AbortController();
    const transport = {
      fetch(request: Request) {
        stop.abort(reason);
        return new Promise<Response>((_, reject) => {
          if (request.signal.aborted) reject(request.signal.reason);
          request.signal.addEventListener("abort", () => reject(request.signal.reason));
        });
      },
    };
    const images = [1, 2].map((id) => ({ id, url: `https://image.civitai.com/${id}.jpeg` }));
    const thrown = await save(transport, images, folder, { signal: stop.signal }).then(() => "no", (error) => error);
    assertStrictEquals(thrown, reason);
    async function* broken() {
      yield { id: 5, url: "https://image.civitai.com/5.jpeg" };
      await Promise.reject(new Error("no more pages"));
    }
    const outcomes: ImageOutcome[] = [];
    const error = await assertRejects(async () => {
      for await (const outcome of saveImages({ fetch: answer(png()) }, broken(), folder)) outcomes.push(outcome);
    });
    assertStringIncludes((error as Error).message, "no more pages");
    assert(!(await readdir(folder)).some((name) => name.endsWith(".saving")));
  });
});

Deno.test("saveImages() heals a body that breaks off, when the transport does", async () => {
  const bytes = imageBytes({ id: 0, kind: "png" }, 200_000);
  let broken = 0;
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const head = `content-type: image/png\r\netag: "a"\r\naccept-ranges: bytes\r\nconnection: close\r\n`;
  async function serve() {
    for await (const connection of listener) {
      const buffer = new Uint8Array(8192);
      const length = await connection.read(buffer) ?? 0;
      const range = /range: bytes=(\d+)-/i.exec(new TextDecoder().decode(buffer.subarray(0, length)))?.[1];
      const start = Number(range ?? 0);
      const end = broken++ < 2 ? start + 60_000 : bytes.length;
      const status = range === undefined
        ? `HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n`
        : `HTTP/1.1 206 Partial Content\r\ncontent-length: ${bytes.length - start}\r\n` +
          `content-range: bytes ${start}-${bytes.length - 1}/${bytes.length}\r\n`;
      await connection.write(new TextEncoder().encode(`${status}${head}\r\n`));
      for (let at = start; at < end;) at += await connection.write(bytes.subarray(at, end));
      connection.close();
    }
  }
  const serving = serve().catch(() => {});
  using socket = fetchTransport();
  await withFolder(async (folder) => {
    const url = `http://127.0.0.1:${listener.addr.port}/7.jpeg`;
    const [outcome] = await save(resumeTransport(socket, { delayMs: 1 }), [{ id: 7, url }], folder);
    assertEquals([outcome?.error, outcome?.state, broken], [undefined, "saved", 3]);
    assertEquals(await Deno.readFile(outcome!.path!), bytes);
  });
  listener.close();
  await serving;
});
