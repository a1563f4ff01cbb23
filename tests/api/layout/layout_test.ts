import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { layout, type LayoutFacts, layoutNames } from "@civikit/civikit/api";
import { resolveInside } from "../../../transport/internal.ts";
import { InputError } from "@civikit/civikit/transport";

const facts = (modelType: string, more: Partial<LayoutFacts> = {}): LayoutFacts => {
  return { modelType, baseModel: "SDXL 1.0", fileName: "x.safetensors", ...more };
};

Deno.test("layout() knows where each program looks for each kind of model", () => {
  const table: [string, string, string, string, string][] = [
    ["Checkpoint", "models/Stable-diffusion", "models/checkpoints", "models/Stable-diffusion", "models/sdxl/main"],
    ["LORA", "models/Lora", "models/loras", "models/Lora", "models/sdxl/lora"],
    ["LoCon", "models/Lora", "models/loras", "models/Lora", "models/sdxl/lora"],
    ["DoRA", "models/Lora", "models/loras", "models/Lora", "models/sdxl/lora"],
    ["TextualInversion", "embeddings", "models/embeddings", "models/embeddings", "models/sdxl/embedding"],
    ["VAE", "models/VAE", "models/vae", "models/VAE", "models/sdxl/vae"],
    ["Controlnet", "models/ControlNet", "models/controlnet", "models/control/controlnet", "models/sdxl/controlnet"],
    ["Upscaler", "models/ESRGAN", "models/upscale_models", "models/ESRGAN", "models/any/spandrel_image_to_image"],
    [
      "Hypernetwork",
      "models/hypernetworks",
      "models/hypernetworks",
      "models/hypernetworks",
      "models/sdxl/hypernetwork",
    ],
    ["TextEncoder", "models/text_encoder", "models/text_encoders", "models/Text-encoder", "models/any/t5_encoder"],
    ["UNet", "models/Stable-diffusion", "models/diffusion_models", "models/UNET", "models/sdxl/main"],
  ];
  for (const [type, ...folders] of table) {
    (["a1111", "comfyui", "sdnext", "invokeai"] as const).forEach((name, index) => {
      assertEquals(layout(name).place(facts(type)), `${folders[index]}/x.safetensors`, `${name} ${type}`);
    });
    assertEquals(layout("forge").place(facts(type)), layout("a1111").place(facts(type)));
    assertEquals(layout("flat").place(facts(type)), "x.safetensors");
  }
});

Deno.test("layout() puts files that are something of their own where they belong, and unknown types somewhere", () => {
  const { place } = layout("comfyui");
  assertEquals(place(facts("Checkpoint", { fileType: "VAE" })), "models/vae/x.safetensors");
  assertEquals(place(facts("Checkpoint", { fileType: "Text Encoder" })), "models/text_encoders/x.safetensors");
  assertEquals(place(facts("LORA", { fileType: "Training Data", fileName: "x.zip" })), "models/training_data/x.zip");
  assertEquals(place(facts("Checkpoint", { fileType: "Config", fileName: "x.yaml" })), "models/checkpoints/x.yaml");
  assertEquals(place(facts("Checkpoint", { format: "GGUF", fileName: "x.gguf" })), "models/diffusion_models/x.gguf");
  assertEquals(place(facts("Hologram")), "models/other/x.safetensors");
});

Deno.test("layout() for InvokeAI sorts by family of base models", () => {
  const { place } = layout("invokeai");
  const families = {
    "SD 1.5": "sd-1",
    "SD 2.1": "sd-2",
    "SD 3.5": "sd-3",
    Pony: "sdxl",
    "Flux.1 D": "flux",
    Wan: "any",
  };
  for (const [baseModel, family] of Object.entries(families)) {
    assertEquals(place(facts("LORA", { baseModel })), `models/${family}/lora/x.safetensors`);
  }
});

Deno.test("layout() fills an own template, one segment for each value whatever is in it", () => {
  const { place } = layout("{type}/{baseModel}/{creator}/{model}/{version}/{file}");
  const hostile = facts("LORA", {
    creator: "../../root",
    model: "a/b\\c",
    version: "..",
    fileName: "../../e.safetensors",
  });
  const path = place(hostile);
  assertEquals(path.split("/").length, 6);
  assertEquals(path.split("/").at(-1), "e.safetensors");
  assertStringIncludes(resolveInside("/models", path), "/models/LORA/SDXL 1.0/");
  assertEquals(layout("{creator}/{modelId}-{file}").place(facts("LORA", { modelId: 5 })), "unknown/5-x.safetensors");
  assertEquals(layout("lo ras/{file}").place(facts("LORA", { fileName: "{model}.pt" })), "lo ras/{model}.pt");
});

Deno.test("layout() refuses templates that lead up, name nothing known, or do not end with the file", () => {
  for (
    const name of [
      "comfy",
      "../{file}",
      "/{file}",
      "a//{file}",
      "{nope}/{file}",
      "{type}",
      "{file}/x",
      "{fi",
      "a\\{file}",
      "",
    ]
  ) {
    const error = assertThrows(() => layout(name), InputError);
    assertEquals(error.code, "invalid_config", name);
  }
  assertEquals(layoutNames.length, 6);
});

Deno.test("layout() puts types of models into folders of their own, before those of the layout", () => {
  const folders = { lora: "loras/new", VAE: "models\\vae-xl/", Other: "rest" };
  for (const name of ["comfyui", "{type}/{file}"]) {
    const { place } = layout(name, { folders });
    assertEquals(place(facts("LORA")), "loras/new/x.safetensors");
    assertEquals(place(facts("LoCon")), "loras/new/x.safetensors");
    assertEquals(place(facts("Checkpoint", { fileType: "VAE" })), "models/vae-xl/x.safetensors");
    assertEquals(place(facts("SomethingNew")), "rest/x.safetensors");
    assertEquals(place(facts("Checkpoint")), layout(name).place(facts("Checkpoint")));
  }
  const both = layout("comfyui", { folders: { LORA: "a", LoCon: "b" } });
  assertEquals([both.place(facts("LoCon")), both.place(facts("DoRA"))], ["b/x.safetensors", "a/x.safetensors"]);
});

Deno.test("layout() refuses a folder that is none below the root, and names it", () => {
  for (const folder of ["", "/mnt/vae", "../vae", "a/../../b", "C:\\vae", "a\0b", "con"]) {
    const error = assertThrows(() => layout("comfyui", { folders: { VAE: folder } }), InputError);
    assertEquals(error.code, "invalid_config");
    assertStringIncludes(error.message, JSON.stringify(folder));
  }
});

Deno.test("layout() for ComfyUI knows which base models are diffusion models without text encoder and VAE", () => {
  const { place } = layout("comfyui");
  const alone = ["Flux.1 D", "Flux.1 Kontext", "Flux.2 Klein 9B-base", "Wan Video 2.2 I2V-A14B", "Wan Video", "Qwen"];
  const alsoAlone = [
    "ZImageTurbo",
    "ZImageBase",
    "Hunyuan Video",
    "LTXV",
    "LTXV 2.3",
    "Mochi",
    "CogVideoX",
    "HiDream-O1",
  ];
  for (const baseModel of [...alone, ...alsoAlone, "Chroma", "Anima"]) {
    assertEquals(place(facts("Checkpoint", { baseModel })), "models/diffusion_models/x.safetensors", baseModel);
    assertEquals(place(facts("LORA", { baseModel })), "models/loras/x.safetensors", baseModel);
    assertEquals(place(facts("Checkpoint", { baseModel, fileType: "VAE" })), "models/vae/x.safetensors", baseModel);
    const encoder = facts("Checkpoint", { baseModel, fileType: "Text Encoder" });
    assertEquals(place(encoder), "models/text_encoders/x.safetensors", baseModel);
  }
  for (
    const baseModel of ["SDXL 1.0", "SD 3.5 Large", "Pony V7", "Illustrious", "SVD XT", "Hunyuan 1", "Wander", null]
  ) {
    assertEquals(place(facts("Checkpoint", { baseModel })), "models/checkpoints/x.safetensors", String(baseModel));
  }
  assertEquals(
    layout("forge").place(facts("Checkpoint", { baseModel: "Flux.1 D" })),
    "models/Stable-diffusion/x.safetensors",
  );
});
