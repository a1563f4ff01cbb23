import { isRecord } from "../../transport/internal.ts";
import type { Role } from "../layout/role.ts";
import { fileForm, hashOf, merged, mostModels, textOf, type UsedModel } from "./model_list.ts";

const deepest = 12;
/** Nodes and values that are looked at: a hundred times what large graphs have. */
const mostValues = 1_000_000;
const longestName = 400;

/** Folders as ComfyUI names them (folder_paths.py), the names of earlier releases among them. */
const ofDirectory: Readonly<Record<string, Role>> = {
  ...{ checkpoints: "checkpoint", diffusion_models: "diffusion", unet: "diffusion", loras: "lora", vae: "vae" },
  ...{ text_encoders: "textEncoder", clip: "textEncoder", clip_vision: "clipVision", controlnet: "controlnet" },
  ...{ embeddings: "embedding", hypernetworks: "hypernetwork", upscale_models: "upscaler", vae_approx: "vae" },
  ...{ animatediff_models: "motion", ultralytics: "detection", LLM: "llm", unet_gguf: "diffusion" },
  ...{ clip_gguf: "textEncoder", latent_upscale_models: "upscaler" },
};

/**
 * What a node's input is for, by its name: the loaders of ComfyUI and of the packs that name theirs after them (Efficiency,
 * rgthree, Impact, Comfyroll, ComfyUI-GGUF, Lora-Manager, AnimateDiff).
 */
const byInput: readonly (readonly [RegExp, Role])[] = [
  [/^(?:ckpt|base_ckpt|refiner_ckpt|checkpoint)(?:_name)?(?:_?\d+)?$/i, "checkpoint"],
  [/^(?:unet|diffusion|gguf)(?:_model)?_name$/i, "diffusion"],
  [/^(?:lora|lycoris)(?:_name)?(?:_?\d+)?$/i, "lora"],
  [/^vae(?:_name)?(?:_?\d+)?$/i, "vae"],
  [/^(?:clip|t5|text_encoder)(?:_name|_name_?\d+|_?\d+)?$/i, "textEncoder"],
  [/^(?:control_net|controlnet)(?:_name|_stack|_path)?(?:_?\d+)?$/i, "controlnet"],
  [/^upscale_model(?:_name)?$/i, "upscaler"],
  [/^hypernetwork_name$/i, "hypernetwork"],
];

/** What a node loads, by its type; where its inputs have no names, or such as say nothing. */
const byNode: readonly (readonly [RegExp, Role])[] = [
  [/clip_?vision/i, "clipVision"],
  [/hypernetwork/i, "hypernetwork"],
  [/control_?net|t2i/i, "controlnet"],
  [/upscale/i, "upscaler"],
  [/animatediff|motion/i, "motion"],
  [/ultralytics|detector/i, "detection"],
  [/lora|lycoris/i, "lora"],
  [/vae/i, "vae"],
  [/unet|diffusion_?model/i, "diffusion"],
  [/clip|text_?encoder|t5/i, "textEncoder"],
  [/checkpoint|ckpt/i, "checkpoint"],
];

const roleBy = (rows: readonly (readonly [RegExp, Role])[], text: string) =>
  rows.find(([form]) => form.test(text))?.[1];

/** What a node says of its models (docs.comfy.org, properties.models), and a workflow of all of them. */
function saidModels(value: unknown): UsedModel[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).flatMap(({ name, url, directory, hash }) => {
    const file = textOf(name);
    if (file === undefined || file.length > longestName) return [];
    const folder = textOf(directory);
    // `text_encoders/qwen` is a folder below the one
    const role = folder === undefined ? undefined : ofDirectory[folder] ?? ofDirectory[folder.split(/[\\/]/)[0]!];
    return [{ name: file, role, ...{ hash: hashOf(hash), url: textOf(url), directory: folder } }];
  });
}

/** LoRAs and embeddings a prompt calls by name: of the core, and of loaders that read LoRAs out of texts. */
function calledIn(text: string): UsedModel[] {
  const embeddings = text.matchAll(/\bembedding:([\w./\\-]+)/g);
  const loras = text.matchAll(/<(?:lora|lyco):([^:<>\n]+)(?::[^<>\n]*)?>/g);
  return [
    ...[...embeddings].map(([, name]) => ({ name: name!.replace(/\.+$/, ""), role: "embedding" as const })),
    ...[...loras].map(([, name]) => ({ name: name!, role: "lora" as const })),
  ].filter(({ name }) => name !== "" && name.length <= longestName);
}

/** Where a value was found. */
interface Place {
  /** The type of the node around it. */
  readonly node: string;
  /** The name of the input around it. */
  readonly input: string;
}

const isOff = ({ on, active, enabled }: Record<string, unknown>) =>
  on === false || active === false || enabled === false;

/**
 * The models of ComfyUI's graph, in either of its forms: what its nodes say of their models, also within subgraphs, and the
 * model files their inputs name, with what they are by the loader that names them. What a loader has switched off is left
 * out.
 *
 * @example
 * ```ts
 * import { usedModelsOfGraph } from "@civikit/civikit/api";
 *
 * const models = [{ name: "paper.safetensors", url: "https://civitai.com/api/download/models/2002", directory: "loras" }];
 * console.log(usedModelsOfGraph({ nodes: [{ properties: { models } }] })[0]?.role); // lora
 * ```
 */
export function usedModelsOfGraph(graph: unknown): UsedModel[] {
  const said: UsedModel[] = isRecord(graph) ? saidModels(graph["models"]) : [];
  const named: UsedModel[] = [];
  let left = mostValues;

  function take(text: string, { node, input }: Place): void {
    if (text.length < longestName && !text.includes("\n") && fileForm.test(text)) {
      // a node of its own kind says more than an input that is called `model_name` everywhere
      const role = /clip_?vision/i.test(node) ? "clipVision" : roleBy(byInput, input) ?? roleBy(byNode, node);
      named.push({ name: text, role });
    } else named.push(...calledIn(text));
  }

  function walk(value: unknown, place: Place, depth: number): void {
    if (depth > deepest || left-- <= 0 || said.length + named.length > 4 * mostModels) return;
    if (typeof value === "string") take(value, place);
    else if (Array.isArray(value)) { for (const one of value) walk(one, place, depth + 1); }
    else if (isRecord(value)) {
      const { properties, ...rest } = value;
      if (depth === 0) delete rest["models"];
      if (isRecord(properties)) said.push(...saidModels(properties["models"]));
      if (isOff(value)) return;
      const node = textOf(value["class_type"]) ?? (isNode(value) ? textOf(value["type"]) : undefined) ?? place.node;
      // lists of LoRAs of Lora-Manager: names without ending
      const own = textOf(value["name"]);
      if (own !== undefined && "strength" in value && /lora/i.test(node) && !fileForm.test(own)) {
        named.push({ name: own, role: "lora" });
      }
      for (const [input, one] of Object.entries(rest)) walk(one, { node, input }, depth + 1);
    }
  }
  walk(graph, { node: "", input: "" }, 0);
  return merged([...said, ...named]);
}

/** A node of the form the editor keeps; lists of inputs have types, too. */
const isNode = (value: Record<string, unknown>) => "widgets_values" in value || Array.isArray(value["outputs"]);
