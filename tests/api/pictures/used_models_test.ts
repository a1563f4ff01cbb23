import { assertEquals } from "@std/assert";
import { type UsedModel, usedModels, usedModelsOfGraph } from "../../../api/mod.ts";

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
    "? sub/dream.safetensors - -",
  ]);
  const api = { "4": { class_type: "LoraLoader", inputs: { lora_name: "paper.safetensors", model: ["1", 0] } } };
  assertEquals(usedModelsOfGraph(api).map(short), ["? paper.safetensors - -"]);
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
