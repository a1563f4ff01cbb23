import { assertEquals } from "@std/assert";
import { generationOfTexts, imageTexts, sniffMedia } from "@civikit/civikit/api";
import { avif } from "../../../testing/files/pictures.ts";
import { exif, galleryPrompt, imageBytes, jpeg, parametersOf, png, webp } from "../../_civitai/gallery.ts";

Deno.test("sniffMedia() knows every type by its bytes, and nothing else", () => {
  for (const kind of ["png", "jpeg", "webp", "gif", "avif", "mp4", "webm", "mp3"] as const) {
    const bytes = imageBytes({ id: 7, kind });
    assertEquals(sniffMedia(bytes)?.extension, kind);
    assertEquals(sniffMedia(bytes.subarray(0, 3))?.extension, kind === "jpeg" || kind === "mp3" ? kind : undefined);
  }
  assertEquals(sniffMedia(new Uint8Array([0xff, 0xfb, 0x90]))?.extension, "mp3");
  for (const text of ["", "<!doctype html>", '{"error":"Unauthorized"}', "RIFF0000WAVE", "\x00\x00\x00\x18"]) {
    assertEquals(sniffMedia(new TextEncoder().encode(text)), undefined);
  }
});

Deno.test("imageTexts() reads parameters from PNG, JPEG, WebP and AVIF, and stops where a file breaks off", () => {
  const text = parametersOf(7);
  const files = [
    ...(["tEXt", "iTXt", "zTXt"] as const).map((how) => png({ parameters: text }, how)),
    jpeg(text),
    webp(text),
    avif(text),
  ];
  for (const file of files) {
    assertEquals(Object.values(imageTexts(file)), [text]);
    for (let length = 0; length < file.length; length++) {
      const made = generationOfTexts(imageTexts(file.subarray(0, length)));
      assertEquals(made === null || made.prompt === galleryPrompt, true, `${length} of ${file.length}`);
    }
  }
  assertEquals(imageTexts(imageBytes({ id: 7, kind: "gif" })), {});
});

Deno.test("imageTexts() survives blocks that point everywhere", () => {
  const block = exif("x".repeat(50));
  for (let at = 0; at < block.length; at++) {
    for (const value of [0, 1, 127, 255]) {
      const bent = block.slice();
      bent[at] = value;
      const size = bent.length + 8;
      const file = new Uint8Array([
        0xff,
        0xd8,
        0xff,
        0xe1,
        size >> 8,
        size & 255,
        0x45,
        0x78,
        0x69,
        0x66,
        0,
        0,
        ...bent,
      ]);
      imageTexts(file);
    }
  }
});

Deno.test("imageTexts() takes no bomb for a text", () => {
  const bomb = png({ parameters: "a".repeat(17 * 1024 * 1024) }, "zTXt");
  assertEquals(imageTexts(bomb), {});
});

Deno.test("generationOfTexts() reads A1111's parameters to their last field", () => {
  const made = generationOfTexts({
    parameters:
      'a lantern, (Steps: no)\nsecond line\nNegative prompt: blurry,\nugly\nSteps: 20, Sampler: "DPM++ 2M, Karras", ' +
      "CFG scale: 7.5, Seed: 18446744073709551615, Size: 512x768, Model hash: 0123456789, Model: mix, Clip skip: 2, " +
      'Lora hashes: "a: 1, b: 2", Civitai resources: [{"type":"lora","weight":1,"modelVersionId":2001},{"modelVersionId":2010}]',
  })!;
  const { raw, ...known } = made;
  assertEquals(known, {
    prompt: "a lantern, (Steps: no)\nsecond line",
    negativePrompt: "blurry,\nugly",
    seed: "18446744073709551615",
    steps: 20,
    sampler: "DPM++ 2M, Karras",
    cfgScale: 7.5,
    clipSkip: 2,
    width: 512,
    height: 768,
    model: "mix",
    modelHash: "0123456789",
    modelVersionIds: [2001, 2010],
  });
  assertEquals(raw["Lora hashes"], "a: 1, b: 2");
});

Deno.test("generationOfTexts() reads ComfyUI's graphs, also from the EXIF of WebP", () => {
  const prompt = {
    3: {
      class_type: "KSampler",
      inputs: { seed: 42, steps: 8, cfg: 1, sampler_name: "euler", positive: ["6", 0], negative: ["7", 0] },
    },
    6: { class_type: "CLIPTextEncode", inputs: { text: ["8", 0] } },
    7: { class_type: "ConditioningZeroOut", inputs: { conditioning: ["6", 0] } },
    8: { class_type: "PrimitiveString", inputs: { string: "a lantern" } },
  };
  const texts = [
    { prompt: JSON.stringify(prompt), workflow: "{}" },
    { Model: `prompt:${JSON.stringify(prompt)}`, Make: "workflow:{}" },
    { UserComment: JSON.stringify({ prompt, workflow: {} }) },
  ];
  for (const each of texts) {
    const made = generationOfTexts(each)!;
    assertEquals([made.prompt, made.seed, made.steps, made.cfgScale, made.sampler], ["a lantern", "42", 8, 1, "euler"]);
    assertEquals(made.comfy, { prompt, workflow: {} });
  }
  const circle = { 1: { inputs: { steps: 1, positive: ["1", 0] } } };
  assertEquals(generationOfTexts({ prompt: JSON.stringify(circle) })?.prompt, undefined);
  assertEquals(generationOfTexts({ prompt: '{"workflow": undefined}' })?.comfy?.text, '{"workflow": undefined}');
  assertEquals([generationOfTexts({}), generationOfTexts({ Software: "GIMP" })], [null, null]);
});
