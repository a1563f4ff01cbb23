import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { fetchTransport } from "@civikit/civikit/transport";
import { generationOfTexts, imageTexts, saveImages } from "@civikit/civikit/api";
import { parametersOf, png, pngChunk, pngOf, pngText } from "../../_civitai/gallery.ts";

const mebi = 1024 * 1024;
const parameters = parametersOf(7);
const sizeOf = (texts: Record<string, string>) => Object.values(texts).reduce((sum, { length }) => sum + length, 0);

/** An EXIF block of folders, each of which leads to the next; `texts` says what the folder of that number names. */
function exifFolders(count: number, texts: (folder: number) => readonly [number, string][]): Uint8Array {
  const most = 3;
  const folderBytes = 2 + (most + 1) * 12;
  const places: [number, Uint8Array][] = [];
  let end = 8 + count * folderBytes;
  const bytes = new Uint8Array(end + mebi);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x49492a00);
  view.setUint32(4, 8, true);
  for (let folder = 0; folder < count; folder++) {
    const start = 8 + folder * folderBytes;
    const named = texts(folder);
    view.setUint16(start, named.length + 1, true);
    const entry = (index: number, tag: number, size: number, value: number) => {
      const at = start + 2 + index * 12;
      view.setUint16(at, tag, true);
      view.setUint16(at + 2, 2, true);
      view.setUint32(at + 4, size, true);
      view.setUint32(at + 8, value, true);
    };
    for (const [index, [tag, text]] of named.entries()) {
      const content = new TextEncoder().encode(text);
      places.push([end, content]);
      entry(index, tag, content.length, end);
      end += content.length;
    }
    entry(named.length, 0x8769, 4, 8 + Math.min(folder + 1, count - 1) * folderBytes);
  }
  for (const [at, content] of places) bytes.set(content, at);
  return bytes.subarray(0, end);
}

for (const how of ["zTXt", "iTXt", "tEXt"] as const) {
  Deno.test(`imageTexts() takes at most 16 MiB out of one picture, however many ${how} chunks it is spread over`, () => {
    const large = "a".repeat(mebi);
    const chunks = Array.from({ length: 40 }, (_, index) => pngText(`text ${index}`, large, how));
    const texts = imageTexts(pngOf([pngText("parameters", parameters, how), ...chunks]));
    assertEquals([Object.keys(texts).length, sizeOf(texts) < 16 * mebi], [16, true]);
    assertEquals(generationOfTexts(texts)?.seed, "7");
  });
}

Deno.test("imageTexts() takes 64 texts of a picture, and the first of those with one name", () => {
  const many = Array.from({ length: 1000 }, (_, index) => pngText(`text ${index >> 1}`, `${index}`, "tEXt"));
  const texts = imageTexts(pngOf(many));
  assertEquals([Object.keys(texts).length, texts["text 0"], texts["text 63"]], [64, "0", "126"]);
});

Deno.test("imageTexts() counts texts that are empty like any other", () => {
  const empty = Array.from({ length: 1000 }, (_, index) => pngText(`text ${index}`, "", "tEXt"));
  assertEquals(Object.keys(imageTexts(pngOf(empty))).length, 64);
  const twice = [pngText("parameters", parameters, "tEXt"), pngText("parameters", "", "zTXt")];
  assertEquals(imageTexts(pngOf([...twice, pngText("parameters", "", "tEXt")])), { parameters });
});

Deno.test("imageTexts() unpacks 64 MiB in vain and no more, and still reads what is not packed", () => {
  const bomb = pngText("bomb", "a".repeat(17 * mebi), "zTXt");
  const small = pngText("small", "packed", "zTXt");
  const plain = pngText("parameters", parameters, "tEXt");
  assertEquals(imageTexts(pngOf([bomb, small, plain])), { small: "packed", parameters });
  assertEquals(imageTexts(pngOf([bomb, bomb, bomb, bomb, bomb, small, plain])), { parameters });
});

Deno.test("imageTexts() reads on behind a chunk that is broken", () => {
  const broken = pngChunk("zTXt", new TextEncoder().encode("broken\0\0not deflated at all"));
  assertEquals(imageTexts(pngOf([broken, pngText("parameters", parameters, "zTXt")])), { parameters });
});

Deno.test("imageTexts() takes each name of an EXIF block once, the first, however often folders repeat it", () => {
  const block = exifFolders(
    20,
    (folder) => [[0x010e, `description ${folder}`], [0x010e, "again"], [0x010f, "maker\0\0"]],
  );
  assertEquals(imageTexts(pngOf([pngChunk("eXIf", block)])), { ImageDescription: "description 0", Make: "maker" });
});

Deno.test("imageTexts() looks into 32 folders of a picture's EXIF blocks and no more", () => {
  const deep = (last: number) => exifFolders(last + 1, (folder) => folder === last ? [[0x010e, "found"]] : []);
  assertEquals(imageTexts(pngOf([pngChunk("eXIf", deep(31))])), { ImageDescription: "found" });
  assertEquals(imageTexts(pngOf([pngChunk("eXIf", deep(32))])), {});
  const empty = pngChunk("eXIf", exifFolders(1, () => []));
  assertEquals(imageTexts(pngOf([...Array(40).fill(empty), pngChunk("eXIf", deep(1))])), {});
});

Deno.test("imageTexts() gives texts of any name, also of one that every object has", () => {
  const names = ["__proto__", "constructor", "toString"];
  assertEquals(Object.keys(imageTexts(pngOf(names.map((name) => pngText(name, "x", "tEXt"))))), names);
});

Deno.test("saveImages() can be given up between any two pictures, however quickly they come", async () => {
  const folder = await Deno.makeTempDir();
  const body = png({ parameters });
  const stop = new AbortController();
  const transport = {
    fetch: () => Promise.resolve(new Response(body, { headers: { "content-length": `${body.length}` } })),
  };
  function* endless() {
    for (let id = 1;; id++) yield { id, url: `https://image.civitai.com/b/u/original=true/${id}.jpeg` };
  }
  try {
    setTimeout(() => stop.abort(new Error("enough")), 0);
    let saved = 0;
    await assertRejects(
      async () => {
        for await (const _ of saveImages(transport, endless(), folder, { sidecar: true, signal: stop.signal })) {
          if (++saved > 500) throw new Error("nobody listened");
        }
      },
      Error,
      "enough",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("saveImages() gives up a coded picture that becomes more than 4 MiB, whatever its Content-Length says", async () => {
  const packed = new Uint8Array(gzipSync(pngOf([pngChunk("tEXt", new Uint8Array(100 * mebi))])));
  let sent = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    sent++;
    return new Response(packed, {
      headers: { "content-encoding": "gzip", "content-length": `${packed.length}`, "content-type": "image/png" },
    });
  });
  const folder = await Deno.makeTempDir();
  const url = `http://127.0.0.1:${server.addr.port}/b/u/original=true/7.png`;
  try {
    using transport = fetchTransport();
    const [outcome] = await Array.fromAsync(saveImages(transport, [{ id: 7, url }], folder));
    assertEquals([outcome?.state, (outcome?.error as { code?: string }).code], ["failed", "unexpected_content"]);
    assertEquals([[...Deno.readDirSync(folder)].length, sent], [0, 1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
