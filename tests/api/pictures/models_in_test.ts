import { assertEquals, assertThrows } from "@std/assert";
import { modelsIn } from "@civikit/civikit/api";
import { InputError } from "@civikit/civikit/transport";
import { avif, bytesOf, jpeg, png, pngOf, pngText, webp } from "../../../testing/files/pictures.ts";

const infotext =
  'a lantern\nSteps: 20, Sampler: Euler, Model hash: 1a2b3c4d5e, Model: dream, Lora hashes: "b: 0011223344"';
const graph = {
  nodes: [{
    type: "VAELoader",
    properties: { models: [{ name: "ae.safetensors", url: "https://huggingface.co/a/b/resolve/main/ae.safetensors" }] },
  }],
  extra: { note: "urn:air:sdxl:lora:civitai:1001@2002", made: { modelVersionId: 2001 } },
};
const api = { 4: { class_type: "LoraLoader", inputs: { lora_name: "paper.safetensors" } } };
const utf8 = (text: string) => new TextEncoder().encode(text);
const names = (bytes: Uint8Array) => modelsIn(bytes, "x").used.map(({ name }) => name);

Deno.test("modelsIn() reads every kind of file by its bytes: pictures, graphs, infotexts", () => {
  const pictures = [
    png({ parameters: infotext }),
    png({ parameters: infotext }, "zTXt"),
    jpeg(infotext),
    webp(infotext),
  ];
  for (const bytes of [...pictures, avif(infotext), utf8(infotext), utf8(`\ufeff${infotext}`)]) {
    assertEquals(names(bytes), ["dream", "b"]);
  }
  assertEquals(names(png({ prompt: JSON.stringify(api), workflow: JSON.stringify(graph) })), [
    "paper.safetensors",
    "ae.safetensors",
  ]);
  const { used, references } = modelsIn(utf8(JSON.stringify(graph)), "workflow.json");
  assertEquals([used.length, references], [1, ["urn:air:sdxl:lora:civitai:1001@2002", "version:2001"]]);
  assertEquals(names(utf8(JSON.stringify(api))), ["paper.safetensors"]);
  const image = { id: 9, meta: { hashes: { model: "1a2b3c4d5e" } }, modelVersionIds: [7] };
  assertEquals(names(utf8(JSON.stringify(image))), ["model", "7"]);
});

Deno.test("modelsIn() says of every other file why there is nothing in it", () => {
  const cases: [Uint8Array, string][] = [
    [png({}), "no model it was made with"],
    [png({ parameters: "a lantern" }), "no model it was made with"],
    [bytesOf("ID3\x04\0\0\0\0\0\0"), "no picture"],
    [new Uint8Array([0xff, 0xfe, 0]), "not UTF-8"],
    [utf8("{"), "no JSON"],
    [utf8("[".repeat(100_000)), "no JSON"],
    [utf8(`{"a": "${"x".repeat(17 * 1024 ** 2)}"}`), "larger or deeper"],
    [utf8("{}"), "names no model"],
    [utf8("2002\n2003\n"), "no infotext"],
    [utf8(""), "no infotext"],
  ];
  for (const [bytes, why] of cases) {
    const error = assertThrows(() => modelsIn(bytes, "x.png"), InputError, 'reading "x.png"');
    assertEquals([error.code, error.message.includes(why)], ["invalid_file", true], error.message);
  }
});

Deno.test("modelsIn() decodes no more of a picture than any honest one holds", () => {
  // 200 chunks that become 16 MiB each, and one that says what is used
  const bomb = pngText("x", "\0".repeat(16 * 1024 ** 2), "zTXt");
  const chunks = [pngText("parameters", infotext, "tEXt"), ...Array.from({ length: 200 }, () => bomb)];
  assertEquals(names(pngOf(chunks)), ["dream", "b"]);
  assertThrows(() => modelsIn(pngOf(chunks.slice(1)), "bomb.png"), InputError, "names no model");
  const nodes = Array.from({ length: 10_000 }, (_, id) => ({
    ...{ id, type: "LoraLoader", widgets_values: [`../../${id}/lora.safetensors`] },
  }));
  assertEquals(names(utf8(JSON.stringify({ nodes }))).length, 1);
});
