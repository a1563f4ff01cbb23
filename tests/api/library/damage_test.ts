import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import {
  hashCache,
  type Identity,
  recordedFiles,
  scan,
  type ScanOptions,
  type ScanReport,
  verify,
} from "@civikit/civikit/api";
import { inFolder } from "./_folder.ts";
import { gguf, joined, safetensors, zip } from "./_formats.ts";

/** What scan() says is wrong with a file of these bytes; undefined for nothing. */
async function problemOf(name: string, bytes: Uint8Array): Promise<string | undefined> {
  let problem: string | undefined;
  await inFolder(async (folder) => {
    const path = join(folder, name);
    Deno.writeFileSync(path, bytes);
    const { files, damaged, skipped } = await scan(null, [folder]);
    assertEquals([files.length, skipped.length, damaged.length], [1, 0, files[0]!.problem === null ? 0 : 1]);
    if (damaged[0]) assert(damaged[0].path === path && damaged[0].error.message.includes(files[0]!.problem!));
    problem = files[0]!.problem ?? undefined;
  });
  return problem;
}

const text = new TextEncoder().encode("<!doctype html><title>Log in</title>".repeat(20));

for (
  const [what, name, bytes] of [
    ["a .safetensors file", "a.safetensors", safetensors()],
    ["a GGUF file", "a.gguf", gguf()],
    ["a GGUF file with an alignment of its own", "a.gguf", gguf({ alignment: 64 })],
    ["a GGUF file padded to its alignment", "a.gguf", joined(gguf(), new Uint8Array(14))],
    ["a GGUF file of version 2", "a.gguf", gguf({ version: 2 })],
    ["a GGUF file without tensors", "a.gguf", gguf({ tensors: [] })],
    ["a GGUF file of a version nobody knows yet", "a.gguf", gguf({ version: 9 }).slice(0, 40)],
    ["a GGUF file with a number format nobody knows yet", "a.gguf", gguf({ tensors: [[200, 64, 64]] })],
    ["a zip archive", "a.pt", zip()],
    ["a zip archive with a comment", "a.ckpt", zip({ comment: "made at home" })],
    ["a large zip archive", "a.bin", zip({ large: true })],
    ["a pickle", "a.ckpt", new Uint8Array([0x80, 2, 0x7d, 0x2e])],
    ["weights of a format without a header", "a.onnx", new Uint8Array([8, 7])],
  ] as const
) {
  Deno.test(`scan() finds nothing wrong with ${what}`, async () => {
    assertEquals(await problemOf(name, bytes), undefined);
  });
}

for (
  const [what, name, whole] of [
    ["a .safetensors file", "a.safetensors", safetensors()],
    ["a GGUF file", "a.gguf", gguf()],
    ["a zip archive", "a.pt", zip()],
    ["a large zip archive", "a.ckpt", zip({ large: true })],
  ] as const
) {
  Deno.test(`scan() sees at every length that ${what} was cut off`, async () => {
    await inFolder(async (folder) => {
      const ending = name.slice(1);
      // a name or a mark that is cut itself says nothing about what it was
      for (let length = ending === ".safetensors" || ending === ".gguf" ? 0 : 4; length < whole.length; length += 7) {
        Deno.writeFileSync(join(folder, `${length}${ending}`), whole.subarray(0, length));
      }
      const { files, damaged } = await scan(null, [folder]);
      assertEquals(files.filter(({ problem }) => problem === null).map((file) => file.name), []);
      assertEquals(damaged.length, files.length);
    });
  });
}

Deno.test("scan() says what is wrong: how much is missing, a web page in place of a model, bytes lost in the middle", async () => {
  const [model, archive] = [gguf(), zip()];
  assertStringIncludes(
    (await problemOf("a.safetensors", safetensors().slice(0, -100)))!,
    "100 of 400 bytes of data are missing",
  );
  assertStringIncludes((await problemOf("a.sft", text))!, "not a .safetensors file");
  assertStringIncludes((await problemOf("a.gguf", model.slice(0, -100)))!, `100 of ${model.length} bytes are missing`);
  assertStringIncludes((await problemOf("a.gguf", model.slice(0, 300)))!, "cut off inside the header, after 300 bytes");
  assertStringIncludes((await problemOf("a.gguf", text))!, "not a GGUF file");
  assertStringIncludes((await problemOf("a.pt", archive.slice(0, 300)))!, "list of contents at its end is missing");
  const torn = joined(archive.slice(0, 200), archive.slice(300));
  assertStringIncludes((await problemOf("a.pt", torn))!, "100 bytes are missing");
  assertStringIncludes((await problemOf("a.bin", joined(archive.slice(0, 40), text, archive.slice(40))))!, "too many");
  for (const ending of ["safetensors", "gguf", "pt", "onnx"]) {
    assert(await problemOf(`a.${ending}`, new Uint8Array()), ending);
  }
});

Deno.test("scan() does not hang or run out of memory on a GGUF header with endless counts", async () => {
  const bytes = gguf();
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, 2n ** 63n, true);
  assert(await problemOf("a.gguf", bytes));
  view.setBigUint64(16, 2n ** 63n, true);
  assert(await problemOf("b.gguf", bytes));
  const lists = joined(bytes.slice(0, 24), new Uint8Array(8), new Uint8Array([9, 0, 0, 0, 9, 0, 0, 0]), text);
  assert(await problemOf("c.gguf", lists));
});

const identity: Identity = {
  ...{ modelId: 1, versionId: 2, fileId: 3, modelName: "Lantern", versionName: "v1", modelType: "LORA" },
  ...{ baseModel: null, fileName: "lantern.safetensors" },
};

async function states(folder: string, cache: Parameters<typeof recordedFiles>[1]): Promise<string[]> {
  const { files } = recordedFiles(folder, cache);
  return await Array.fromAsync(verify(files), ({ state, error }) => `${state} ${error?.code ?? ""}`.trim());
}

Deno.test("a file that was cut off before it was ever scanned is damaged for scan() and verify(), each time", () =>
  inFolder(async (folder) => {
    using cache = hashCache(join(folder, "state", "hashes.sqlite"));
    const root = join(folder, "models");
    const options: ScanOptions = { cache };
    Deno.mkdirSync(root);
    for (const [name, whole] of [["a.safetensors", safetensors()], ["b.gguf", gguf()], ["c.pt", zip()]] as const) {
      Deno.writeFileSync(join(root, name), whole.subarray(0, whole.length - 30));
    }
    const damagedOf = ({ damaged }: ScanReport) =>
      damaged.map(({ path, error }) => [path.slice(root.length + 1), error.code]);
    const due = [["a.safetensors", "invalid_file"], ["b.gguf", "invalid_file"], ["c.pt", "invalid_file"]];
    const first = await scan(null, [root], options);
    const second = await scan(null, [root], options);
    assertEquals([damagedOf(first), damagedOf(second)], [due, due]);
    assertEquals([first.hashedFiles, second.hashedFiles], [3, 0]);
    assertEquals(await states(root, cache), ["damaged invalid_file", "damaged invalid_file", "damaged invalid_file"]);
  }));

Deno.test("a file whose hash was written down before files were looked into is looked into once", () =>
  inFolder(async (folder) => {
    using cache = hashCache(":memory:");
    const path = join(folder, "a.safetensors");
    Deno.writeFileSync(path, safetensors().subarray(0, 300));
    const { files: [file] } = await scan(null, [folder]);
    cache.keep({ path, bytes: file!.bytes, mtimeMs: file!.mtimeMs, sha256: file!.sha256 });
    const { hashedFiles, files: [again] } = await scan(null, [folder], { cache });
    assert(again!.problem?.startsWith("cut off"), `${again!.problem}`);
    assertEquals([hashedFiles, cache.recorded(path)?.problem], [0, again!.problem]);
  }));

Deno.test("a file that the site knows is as it was published, whatever its header says", () =>
  inFolder(async (folder) => {
    using cache = hashCache(":memory:");
    Deno.writeFileSync(join(folder, "a.safetensors"), safetensors().subarray(0, 300));
    const { files: [file] } = await scan(null, [folder]);
    cache.keepAsked(file!.sha256, { identity, askedAt: Date.now() });
    const { damaged, files } = await scan(null, [folder], { cache });
    assertEquals([damaged, files[0]!.problem === null], [[], false]);
    assertEquals(await states(folder, cache), ["ok"]);
  }));
