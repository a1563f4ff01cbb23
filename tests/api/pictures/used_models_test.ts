import { assertEquals } from "@std/assert";
import { type UsedModel, usedModels, usedModelsOfGraph, usedModelsOfImage } from "../../../api/mod.ts";
import { hasSamples, sample } from "../_samples.ts";

/** In a few words: role, name, hash, version, folder. */
const short = ({ role, name, hash, versionId, url, directory }: UsedModel) =>
  [
    role ?? "?",
    name,
    hash ?? "-",
    versionId ?? "-",
    ...url === undefined ? [] : [url],
    ...directory === undefined ? [] : [directory],
  ].join(" ");

Deno.test("usedModels() finds what A1111 and Forge write of checkpoint, VAE, LoRAs and embeddings", () => {
  const text = [
    "a lantern, <lora:paper_lantern_v2:0.8> <lora:unhashed:1>",
    "Negative prompt: bad-hands",
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, Model hash: 1a2b3c4d5e, Model: dream_v8, VAE hash: 63aeecb90f,",
    ' VAE: vae-ft.safetensors, Lora hashes: "paper_lantern_v2: 0011223344ff, other: aabbccddeeff",',
    ' TI hashes: "bad-hands: ffeeddccbb00", Version: v1.9',
  ].join("\n").replace(",\n ", ", ").replace(",\n ", ", ");
  assertEquals(usedModels(text).map(short), [
    "checkpoint dream_v8 1a2b3c4d5e -",
    "vae vae-ft.safetensors 63aeecb90f -",
    "lora paper_lantern_v2 0011223344ff -",
    "lora other aabbccddeeff -",
    "embedding bad-hands ffeeddccbb00 -",
    "lora unhashed - -",
  ]);
});

Deno.test("usedModels() puts Civitai's own list and sums of hashes together with the rest", () => {
  const resources = [
    { type: "checkpoint", modelVersionId: 2514310, modelName: "Dream", modelVersionName: "v8" },
    { type: "lora", weight: 0.8, modelVersionId: 2002, modelName: "Paper Lantern" },
    { type: "lora", weight: 1 },
  ];
  const text =
    `a lantern\nSteps: 20, Sampler: Euler, Model hash: 1a2b3c4d5e, Model: dream_v8, Hashes: {"model": "1a2b3c4d5e", ` +
    `"lora:b": "0011223344"}, Civitai resources: ${JSON.stringify(resources)}`;
  assertEquals(usedModels(text).map(short), [
    "checkpoint dream_v8 1a2b3c4d5e -",
    "lora b 0011223344 -",
    "checkpoint Dream · v8 - 2514310",
    "lora Paper Lantern - 2002",
  ]);
});

Deno.test("usedModels() finds nothing in a text of another kind, and no wrong hash", () => {
  for (
    const text of ["", "a lantern", "{}", "Steps: 20", 'x\nSteps: 2, Sampler: a, Lora hashes: "no: xyz, : 00112233"']
  ) {
    assertEquals(usedModels(text), [], text);
  }
});

Deno.test("usedModelsOfGraph() reads what nodes say, in subgraphs too, and files that inputs name", () => {
  const url = "https://huggingface.co/Comfy-Org/z/resolve/main/ae.safetensors";
  const graph = {
    nodes: [
      {
        type: "VAELoader",
        widgets_values: ["ae.safetensors"],
        properties: {
          models: [{
            name: "ae.safetensors",
            url,
            directory: "vae",
            hash: "0x".concat("ab".repeat(32)),
            hash_type: "SHA256",
          }],
        },
      },
      { type: "CheckpointLoaderSimple", widgets_values: ["sub/dream.safetensors", "not a model.png"] },
    ],
    definitions: {
      subgraphs: [{
        nodes: [{ properties: { models: [{ name: "t5.safetensors", url: `${url}?x`, directory: "text_encoders" }] } }],
      }],
    },
  };
  assertEquals(usedModelsOfGraph(graph).map(short), [
    `vae ae.safetensors ${"ab".repeat(32)} - ${url} vae`,
    `textEncoder t5.safetensors - - ${url}?x text_encoders`,
    "checkpoint sub/dream.safetensors - -",
  ]);
  const api = { "4": { class_type: "LoraLoader", inputs: { lora_name: "paper.safetensors", model: ["1", 0] } } };
  assertEquals(usedModelsOfGraph(api).map(short), ["lora paper.safetensors - -"]);
});

Deno.test("usedModelsOfGraph() stands what is no graph, and one that leads very deep", () => {
  let deep: unknown = "a.safetensors";
  for (let n = 0; n < 10_000; n++) deep = { deep };
  for (
    const graph of [null, 3, "a", [], { nodes: 3 }, { nodes: [{ properties: { models: [3, { name: 3 }] } }] }, deep]
  ) {
    assertEquals(usedModelsOfGraph(graph), graph === "a" ? [] : []);
  }
});

Deno.test("usedModels() reads AIRs of the site in Civitai's lists, and passes over those of others", () => {
  const resources = [
    { type: "lora", air: "urn:air:sdxl:lora:civitai:1001@2002", weight: 1 },
    { air: "urn:air:sdxl:embedding:civitai:1003@2030" },
    { air: "urn:air:flux1:lora:huggingface:someone/thing@main" },
  ];
  const metadata = { additionalResources: [{ name: "urn:air:sdxl:lora:civitai:5@77", type: "lora", strength: 1 }] };
  const text = `a\nSteps: 20, Sampler: Euler, Civitai resources: ${JSON.stringify(resources)}, Civitai metadata: ${
    JSON.stringify(metadata)
  }`;
  assertEquals(usedModels(text).map(short), ["lora 2002 - 2002", "embedding 2030 - 2030", "lora 77 - 77"]);
});

Deno.test("usedModelsOfImage() reads what the site sends of a picture: names, hashes, versions, graphs", () => {
  const meta = {
    Model: "dream",
    "Model hash": "1a2b3c4d5e",
    hashes: { model: "1a2b3c4d5e", "lora:paper": "0011223344ff" },
    "TI hashes": { "bad-hands": "ffeeddccbb00" },
    resources: [{ type: "lora", name: "paper", hash: "0011223344ff", weight: 1 }],
    civitaiResources: [{ type: "lora", modelVersionId: 2002 }],
    vaes: ["ae.sft"],
    additionalResources: [{ name: "soft.safetensors", type: "lora", strength: 1 }],
    // as it was seen: JSON but for its last word
    comfy: `{"prompt": {"1": {"class_type": "VAELoader", "inputs": {"vae_name": "ae.sft"}}}, "workflow": undefined}`,
  };
  assertEquals(usedModelsOfImage({ meta, modelVersionIds: [2002, 2001] }).map(short), [
    "checkpoint dream 1a2b3c4d5e -",
    "embedding bad-hands ffeeddccbb00 -",
    "lora paper 0011223344ff -",
    "lora 2002 - 2002",
    "vae ae.sft - -",
    "lora soft.safetensors - -",
    "? 2001 - 2001",
  ]);
  assertEquals(usedModelsOfImage({ meta: { id: 1, meta } }).length, 6);
  assertEquals(usedModelsOfImage({ meta: null }), []);
});

Deno.test("usedModelsOfGraph() knows loaders of the core and of packs, and leaves out what is switched off", () => {
  const api = {
    1: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "a.safetensors" } },
    2: { class_type: "UnetLoaderGGUF", inputs: { unet_name: "b.gguf" } },
    3: { class_type: "DualCLIPLoader", inputs: { clip_name1: "c.safetensors", clip_name2: "d.safetensors" } },
    4: { class_type: "CLIPVisionLoader", inputs: { clip_name: "e.safetensors" } },
    5: { class_type: "UpscaleModelLoader", inputs: { model_name: "f.pth" } },
    6: { class_type: "ControlNetLoader", inputs: { control_net_name: "g.pth" } },
    7: {
      class_type: "Power Lora Loader (rgthree)",
      inputs: { lora_1: { on: true, lora: "h.safetensors" }, lora_2: { on: false, lora: "off.safetensors" } },
    },
    8: { class_type: "Efficient Loader", inputs: { ckpt_name: "i.safetensors", vae_name: "j.pt", lora_name: "None" } },
    9: {
      class_type: "Lora Loader (LoraManager)",
      inputs: {
        loras: { __value__: [{ name: "k", strength: 1, active: true }, { name: "l", strength: 1, active: false }] },
      },
    },
    10: { class_type: "CLIPTextEncode", inputs: { text: "a (embedding:easy_neg:1.2), <lora:m:0.5>" } },
    11: { class_type: "UltralyticsDetectorProvider", inputs: { model_name: "bbox/n.pt" } },
  };
  assertEquals(usedModelsOfGraph(api).map((one) => `${one.role} ${one.name}`), [
    ...["checkpoint a.safetensors", "diffusion b.gguf", "textEncoder c.safetensors", "textEncoder d.safetensors"],
    ...["clipVision e.safetensors", "upscaler f.pth", "controlnet g.pth", "lora h.safetensors"],
    ...["checkpoint i.safetensors", "vae j.pt", "lora k", "embedding easy_neg", "lora m", "detection bbox/n.pt"],
  ]);
});

Deno.test("usedModelsOfGraph() reads a graph of 10,000 nodes, and no more models than any picture names", () => {
  const nodes = Array.from({ length: 10_000 }, (_, id) => ({
    ...{ id, type: "LoraLoader", widgets_values: [`lora_${id}.safetensors`, 1, 1], inputs: [], outputs: [] },
  }));
  assertEquals(usedModelsOfGraph({ nodes }).length, 500);
  const same = nodes.map((node) => ({ ...node, widgets_values: ["one.safetensors"] }));
  assertEquals(usedModelsOfGraph({ nodes: same }).map(short), ["lora one.safetensors - -"]);
});

Deno.test({
  name: "usedModelsOfImage() reads an image as the site really sent it",
  ignore: !hasSamples,
  fn() {
    assertEquals(usedModelsOfImage(sample("images.item-98780806.json")).map(short), [
      "diffusion EMS-1085410-EMS.gguf - -",
      "textEncoder t5xxl_fp8_e4m3fn.safetensors - -",
      "vae ae.sft - -",
      "embedding bad-artist - -",
    ]);
  },
});
