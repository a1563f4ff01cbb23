import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { writeSidecars } from "@civikit/civikit/api";
import { fetchTransport } from "@civikit/civikit/transport";
import { imageBytes } from "../../_civitai/gallery.ts";

type Kind = "png" | "jpeg" | "mp4" | "mp3";

/** What `writeSidecars()` saves of pictures named `KIND` or by a status, of the types given; and the paths asked for. */
async function preview(...images: readonly (readonly [name: string, type?: string | null])[]): Promise<string[]> {
  const asked: string[] = [];
  const folder = await Deno.makeTempDir();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url, headers }) => {
    const name = new URL(url).pathname.slice(1);
    // a range that is refused is asked for once more, plainly
    if (headers.has("range")) asked.push(name);
    if (/^\d+$/.test(name)) return new Response("no", { status: Number(name) });
    if (name === "page") return new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
    return new Response(imageBytes({ id: 7, kind: name as Kind }));
  });
  const version = {
    ...{ id: 7, modelId: 5, name: "v1", model: { name: "A", type: "Checkpoint" } },
    images: images.map(([name, type]) => ({
      url: `http://127.0.0.1:${server.addr.port}/${name}`,
      ...(type !== undefined && { type }),
    })),
  };
  using transport = fetchTransport();
  try {
    const outcomes = await writeSidecars(join(folder, "a.safetensors"), version, { transport });
    const saved = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.includes("preview"));
    return [outcomes.at(-1)!.state, saved.join(" "), ...asked];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeSidecars() passes over what is no picture or cannot be had, for the next one", async () => {
  const png = ["png", "image"] as const;
  const due = ["written", "a.preview.png"];
  assertEquals(await preview(["mp4"], png), [...due, "mp4", "png"]);
  assertEquals(await preview(["mp4", "image"], png), [...due, "mp4", "png"]);
  assertEquals(await preview(["mp3", null], png), [...due, "mp3", "png"]);
  assertEquals(await preview(["404", "image"], png), [...due, "404", "png"]);
  assertEquals(await preview(["403"], ["410"], ["page"], png), [...due, "403", "410", "page", "png"]);
  assertEquals(await preview(["mp4", "video"], ["mp3", "audio"], ["png"]), [...due, "png"]);
});

Deno.test("writeSidecars() takes a video where there is no picture, and says what failed first where there is nothing", async () => {
  assertEquals(await preview(["mp4", "video"]), ["written", "a.preview.mp4", "mp4"]);
  assertEquals(await preview(["404"], ["jpeg", "video"]), ["written", "a.preview.jpeg", "404", "jpeg"]);
  assertEquals(await preview(["mp4"]), ["written", "a.preview.mp4", "mp4", "mp4"]);
  assertEquals(await preview(["404"], ["mp3"]), ["failed", "", "404", "mp3"]);
  assertEquals(await preview(["mp3", "audio"]), ["kept", ""]);
  const many = Array.from({ length: 9 }, () => ["404"] as const);
  assertEquals((await preview(...many)).length, 2 + 5);
});
